"""Calculations from the panel, by clicks, with the real worker in a process of its own."""

import gc
import json
import shutil
import sys
import time

import numpy as np
import pytest
import slicer
import vtk

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.case.presets import PRESETS, preset_values
from LuDosimetryLib.dose.residual.model import CARD

from .conftest import (
    job_folders,
    parameters,
    run_to_the_end,
    slow_case,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def only_own_garbage():
    """Garbage is not looked for among what the tests before left: that alone can take 0.15 s."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("only_own_garbage")
def test_a_run_from_click_to_scene(loaded, wait_until, responsiveness, case_folder):
    panel, ui = loaded, loaded.ui
    parameters(panel).patientID = "patient-07"
    ui.runButton.click()
    assert ui.runButton.text == "Cancel"
    assert not ui.timePointsSection.enabled
    seen = set()

    def follow_while(goes_on):
        while goes_on():
            slicer.app.processEvents()
            seen.add(ui.stageLabel.text)
            assert 0 <= ui.progressBar.value <= 1000
            time.sleep(0.005)

    with responsiveness() as running:
        follow_while(lambda: panel.job._run is None)
        follow_while(lambda: panel.job is not None and panel.job._run is not None)
    with responsiveness() as importing:
        follow_while(lambda: panel.job is not None)
    assert {"reading the scans", "dose: single-vsv"} & seen
    assert ui.stageLabel.text.startswith("Done in ")
    assert ui.progressBar.value == 1000
    assert ui.runButton.text == "Run"
    assert ui.runButton.enabled
    assert ui.timePointsSection.enabled
    assert "copying SPECT 4 h" in ui.logText.toPlainText()
    assert running.longest_cpu_s < 0.1
    assert importing.longest_cpu_s < 0.5

    dose = parameters(panel).dose
    expected = run_case(Case.read(case_folder.file))
    assert np.array_equal(slicer.util.arrayFromVolume(dose), expected.dose)
    assert dose.GetName() == "Dose, Single voxel S value"
    assert dose.GetAttribute("DicomRtImport.DoseVolume") == "1"
    assert dose.GetVoxelValueUnits().GetCodeValue() == "Gy"
    assert not dose.GetDisplayNode().GetAutoWindowLevel()
    outputs = panel.logic.resultOf(parameters(panel)).outputs
    roles = {role.removeprefix("volume.") for role in outputs.roles("volume.")}
    assert roles >= {"tia", "density", "dose_local", "error_local", "relative_error_local"}
    error = slicer.util.arrayFromVolume(outputs["volume.error_local"])
    assert np.allclose(error, expected.doses["local"] - expected.dose, atol=1e-6)
    assert outputs["volume.tia"].GetVoxelValueUnits().GetCodeValue() == "MBq.h/mL"
    assert outputs["volume.relative_error_local"].GetVoxelValueUnits().GetCodeValue() == "%"


def test_volumes_come_one_a_step_and_lie_where_the_spect_lies(loaded, wait_until, monkeypatch):
    """A result of many methods has a dozen of volumes, which together would hold up the event loop."""
    volumes = sys.modules["LuDosimetryModule.volumes"]
    job = sys.modules["LuDosimetryModule.background"].BackgroundJob
    fill_volume, go_on = volumes.fill_volume, job._advance
    filled: list[str] = []
    a_step: list[int] = []

    def fill(node, *more):
        filled.append(node.GetName())
        fill_volume(node, *more)

    def step(self):
        before = len(filled)
        waiting = go_on(self)
        a_step.append(len(filled) - before)
        return waiting

    monkeypatch.setattr(volumes, "fill_volume", fill)
    monkeypatch.setattr(job, "_advance", step)
    run_to_the_end(loaded, wait_until)
    assert sum(a_step) > 4
    assert max(a_step) == 1
    spect, dose = parameters(loaded).timePoints[0].spect, parameters(loaded).dose
    a, b = [0.0] * 6, [0.0] * 6
    spect.GetRASBounds(a)
    dose.GetRASBounds(b)
    assert np.allclose(a, b, atol=1e-3)


def check_activity(chart, asked) -> None:
    """The activity of each volume at the scans, and on its curve."""
    assert (chart.GetYAxisLogScale(), chart.GetYAxisTitle()) == (True, "Activity [MBq]")
    names = [chart.GetNthPlotSeriesNode(n).GetName() for n in range(4)]
    assert names == ["kidney", "tumour", "lung", "scans"]
    of = slicer.util.arrayFromTableColumn
    series = [chart.GetNthPlotSeriesNode(n) for n in range(4)]
    x, y = (
        [of(s.GetTableNode(), column) for s, column in zip(series, columns, strict=True)]
        for columns in ([s.GetXColumnName() for s in series], [s.GetYColumnName() for s in series])
    )
    hours = [row.hours for row in asked.timePoints]
    shown = np.isfinite(x[3])
    assert x[3][shown] == pytest.approx(hours * 3)
    for n in range(3):
        measured = y[3][shown][n * len(hours) : (n + 1) * len(hours)]
        assert np.interp(hours, x[n], y[n]) == pytest.approx(measured, rel=0.02)


def test_table_plots_views_and_hierarchy(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    table = outputs["table.organs"]
    assert loaded.ui.organTableView.mrmlTableNode() == table
    assert [table.GetCellText(row, 0) for row in range(3)] == ["kidney", "tumour", "lung"]
    assert table.GetColumnUnitLabel("Mean dose") == "Gy"
    assert table.GetColumnTitle("Mean dose") == "Mean dose"
    assert loaded.ui.chartComboBox.count == 4
    dvh = outputs["chart.dvh"]
    assert dvh.GetNumberOfPlotSeriesNodes() == 3
    series = dvh.GetNthPlotSeriesNode(0)
    percent = slicer.util.arrayFromTableColumn(series.GetTableNode(), series.GetYColumnName())
    assert percent[0] == 100.0
    assert percent[-1] == 0.0
    check_activity(outputs["chart.activity"], parameters(loaded))
    composite = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    if composite is not None:
        assert composite.GetForegroundVolumeID() == outputs.dose.GetID()
        assert composite.GetBackgroundVolumeID() == parameters(loaded).timePoints[0].ct.GetID()
        assert composite.GetForegroundOpacity() == pytest.approx(0.4)
    voxels = slicer.util.arrayFromVolume(outputs.dose)
    k, j, i = np.unravel_index(voxels.argmax(), voxels.shape)
    matrix = vtk.vtkMatrix4x4()
    outputs.dose.GetIJKToRASMatrix(matrix)
    place = matrix.MultiplyPoint((float(i), float(j), float(k), 1.0))
    through = {"Sagittal": 0, "Coronal": 1, "Axial": 2}
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        axis = through[node.GetOrientation()]
        assert node.GetSliceToRAS().GetElement(axis, 3) == pytest.approx(place[axis])
    outlines = parameters(loaded).segmentation.GetDisplayNode()
    assert not outlines.GetVisibility2DFill()
    assert outlines.GetVisibility2DOutline()
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveTableID() == table.GetID()
    assert selection.GetActivePlotChartID() == dvh.GetID()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(outputs.dose))
    assert hierarchy.GetItemLevel(study) == "Study"
    assert hierarchy.GetItemAttribute(study, "DicomRtImport.DoseUnitName") == "GY"
    assert hierarchy.GetItemAttribute(study, "DicomRtImport.DoseUnitValue") == "1.0"
    loaded.ui.mapComboBox.currentIndex = 1
    loaded.ui.chartComboBox.currentIndex = 1
    assert selection.GetActivePlotChartID() != dvh.GetID()


def test_running_again_updates_the_nodes(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    dose = parameters(loaded).dose
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    assert len(job_folders()) == 1
    before = slicer.util.arrayFromVolume(dose).copy()
    parameters(loaded).tail = "physical"
    run_to_the_end(loaded, wait_until)
    assert parameters(loaded).dose == dose
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert len(job_folders()) == 1
    assert not np.array_equal(slicer.util.arrayFromVolume(dose), before)


def test_a_preset_and_a_network_from_the_panel_stand_in_the_result(loaded, wait_until, tmp_path):
    from LuDosimetryModule.choices import parameter_of
    from PySide6 import QtWidgets

    own = shutil.copytree(resource(*CARD).parent, tmp_path / "own")
    card = json.loads((own / CARD[-1]).read_text(encoding="utf-8"))
    (own / CARD[-1]).write_text(json.dumps({**card, "name": "of one's own"}), encoding="utf-8")
    for option, value in preset_values(parameters(loaded).preset).items():
        setattr(parameters(loaded), parameter_of(option), value)
    loaded.ui.presetComboBox.currentIndex = [*PRESETS].index("kim-2022")
    line = loaded.ui.moreOptionsWidget.findChild(QtWidgets.QWidget, "option_model")
    line.comboBox().setEditText(str(own))
    run_to_the_end(loaded, wait_until)
    (job,) = job_folders()
    (file,) = job.rglob("result.json")
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["case"]["preset"] == "kim-2022"
    assert found["dose_method"] == "unet"
    options = found["case"]["options"]
    assert {o: options[o] for o in PRESETS["kim-2022"].options} == PRESETS["kim-2022"].options
    assert found["provenance"]["model"].startswith("of one's own")
    report = (file.parent / "report.html").read_text(encoding="utf-8")
    assert "Preset: As in Kim et al. 2022 (kim-2022), changed in: Network." in report


def test_a_new_volume_keeps_the_earlier_result(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    first = parameters(loaded).dose
    kept = slicer.util.arrayFromVolume(first).copy()
    loaded.ui.doseSelector.setCurrentNode(None)
    parameters(loaded).doseMethod = "multi-vsv"
    run_to_the_end(loaded, wait_until)
    assert parameters(loaded).dose != first
    assert np.array_equal(slicer.util.arrayFromVolume(first), kept)
    loaded.ui.doseSelector.setCurrentNode(first)
    assert loaded.ui.organTableView.mrmlTableNode().GetID() == (
        loaded.resultSection._outputs["table.organs"].GetID()
    )
    assert loaded.resultSection._outputs.dose == first


def test_fewer_methods_leave_no_stale_maps(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    parameters(loaded).compareWith = []
    run_to_the_end(loaded, wait_until)
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    assert sorted(outputs.roles("volume.")) == ["volume.density", "volume.tia"]
    assert sorted(outputs.roles("chart.")) == ["chart.activity", "chart.dvh"]
    assert slicer.mrmlScene.GetNodesByName("Error, Local deposition").GetNumberOfItems() == 0


def test_a_second_run_keeps_what_the_user_set(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceNode")
    display = parameters(loaded).segmentation.GetDisplayNode()
    view.SetSliceOffset(11.0)
    display.SetVisibility2DFill(True)
    run_to_the_end(loaded, wait_until)
    assert view.GetSliceOffset() == 11.0
    assert display.GetVisibility2DFill()


def test_the_residual_network(loaded, wait_until):
    from LuDosimetryLib.dose.registry import lack_of

    if lack := lack_of("unet"):
        pytest.skip(lack)
    parameters(loaded).doseMethod = "unet"
    parameters(loaded).compareWith = ["multi-vsv"]
    run_to_the_end(loaded, wait_until)
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    assert outputs.dose.GetName() == "Dose, Residual U-Net"
    assert np.abs(slicer.util.arrayFromVolume(outputs["volume.error_multi-vsv"])).max() > 0.0


def test_monte_carlo_has_a_standard_error(loaded, wait_until):
    slow_case(loaded)
    parameters(loaded).furtherOptions = json.dumps({"histories": 20000})
    parameters(loaded).compareWith = []
    run_to_the_end(loaded, wait_until, 180.0)
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    error = slicer.util.arrayFromVolume(outputs["volume.dose_standard_error"])
    assert error.max() > 0.0
    table = loaded.ui.organTableView.mrmlTableNode()
    names = [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())]
    assert names[1:3] == ["Mean dose", "Uncertainty"]
    assert float(table.GetCellText(0, names.index("Statistical"))) > 0.0
