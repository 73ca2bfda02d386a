"""Calculations from the panel, by clicks, with the real worker in a process of its own."""

import gc
import json
import logging
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk

from LuDosimetryLib import Case, run_case

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def this_python(monkeypatch):
    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)


@pytest.fixture
def loaded(panel, case_folder):
    """The panel with a small case."""
    case_folder.data["options"] = {"dose_method": "single-vsv", "compare_with": ["local"]}
    case_folder.write()
    panel.logic.loadCase(case_folder.file)
    return panel


def parameters(panel: Any) -> Any:
    return panel.logic.getParameterNode()


def job_folders() -> list[Path]:
    return sorted(Path(slicer.app.temporaryPath).glob("LuDosimetry-*"))


def run_to_the_end(panel: Any, wait_until: Any, seconds: float = 300.0) -> None:
    assert panel.ui.runButton.text == "Run"
    assert panel.ui.runButton.enabled, panel.ui.runButton.toolTip
    panel.ui.runButton.click()
    wait_until(lambda: panel.job is None, seconds)


def until_it_calculates(panel: Any, wait_until: Any) -> int:
    """Wait until the worker has told something; its process."""
    wait_until(lambda: panel.job._run is not None and "reading" in panel.ui.stageLabel.text, 120.0)
    return panel.job._run._process.pid


def slow_case(panel: Any) -> None:
    """A Monte Carlo that would take an hour."""
    pytest.importorskip("ompmc")
    parameters(panel).doseMethod = "monte-carlo"
    parameters(panel).uncertaintyPercent = 0.0
    parameters(panel).furtherOptions = json.dumps({"histories": 2_000_000_000})


def errors(caplog: Any) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.ERROR]


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
    fill_volume, go_on = volumes.fill_volume, job._go_on
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
    monkeypatch.setattr(job, "_go_on", step)
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
    parameters(loaded).tail = "effective"
    run_to_the_end(loaded, wait_until)
    assert parameters(loaded).dose == dose
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert len(job_folders()) == 1
    assert not np.array_equal(slicer.util.arrayFromVolume(dose), before)


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


def test_cancel_is_quick_and_leaves_the_scene_alone(loaded, wait_until, group_lives):
    slow_case(loaded)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    loaded.ui.runButton.click()
    wait_until(lambda: "Monte Carlo: batch" in loaded.ui.stageLabel.text, 90.0)
    process = loaded.job._run._process.pid
    started = time.monotonic()
    loaded.ui.runButton.click()
    assert not loaded.ui.runButton.enabled
    wait_until(lambda: loaded.job is None, 5.0)
    assert time.monotonic() - started < 2.0
    assert loaded.ui.stageLabel.text == "Cancelled."
    assert loaded.ui.runButton.text == "Run"
    assert loaded.ui.runButton.enabled
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert job_folders() == []
    assert not group_lives(process)


def test_cancel_while_volumes_are_copied(loaded, wait_until):
    loaded.ui.runButton.click()
    assert loaded.job._run is None
    loaded.ui.runButton.click()
    wait_until(lambda: loaded.job is None, 5.0)
    assert loaded.ui.stageLabel.text == "Cancelled."
    assert job_folders() == []


def test_a_killed_worker(loaded, wait_until, caplog):
    slow_case(loaded)
    loaded.ui.runButton.click()
    os.kill(until_it_calculates(loaded, wait_until), signal.SIGKILL)
    wait_until(lambda: loaded.job is None, 5.0)
    assert "killed, possibly out of memory" in errors(caplog)[-1]
    assert loaded.ui.stageLabel.text.startswith(
        "The calculation was killed, possibly out of memory"
    )
    assert loaded.ui.runButton.enabled
    assert job_folders() == []
    assert parameters(loaded).dose is None


def test_a_crash_of_the_worker(loaded, wait_until, caplog):
    slow_case(loaded)
    loaded.ui.runButton.click()
    os.kill(until_it_calculates(loaded, wait_until), signal.SIGABRT)
    wait_until(lambda: loaded.job is None, 5.0)
    assert "The calculation crashed (SIGABRT)" in errors(caplog)[-1]


def test_a_worker_that_cannot_start(loaded, wait_until, caplog, monkeypatch):
    monkeypatch.setenv("LUDOSIMETRY_PYTHON", "/no/such/python")
    run_to_the_end(loaded, wait_until)
    assert "could not be started with /no/such/python" in errors(caplog)[-1]
    assert job_folders() == []


def test_input_that_only_the_library_can_refuse(loaded, wait_until, caplog):
    ct = parameters(loaded).timePoints[0].ct
    slicer.util.updateVolumeFromArray(ct, np.full((48, 48, 48), 40.0, np.float32) + 5000.0)
    slicer.util.arrayFromVolume(ct)[:] = -1000
    slicer.util.arrayFromVolumeModified(ct)
    run_to_the_end(loaded, wait_until)
    assert "the CT shows no patient" in errors(caplog)[-1].lower().replace("ct", "CT")
    assert parameters(loaded).dose is None


def test_the_scene_is_closed_while_it_runs(loaded, wait_until, group_lives):
    slow_case(loaded)
    loaded.ui.runButton.click()
    process = until_it_calculates(loaded, wait_until)
    started = time.monotonic()
    slicer.mrmlScene.Clear(0)
    assert time.monotonic() - started < 2.0
    assert loaded.job is None
    assert not group_lives(process)
    assert job_folders() == []
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0
    assert loaded.ui.runButton.text == "Run"
    assert not loaded.ui.runButton.enabled


def test_slicer_ends_while_it_runs(loaded, wait_until, host, group_lives):
    slow_case(loaded)
    loaded.ui.runButton.click()
    process = until_it_calculates(loaded, wait_until)
    started = time.monotonic()
    host.loaded[-1].unload()
    host.loaded.clear()
    assert time.monotonic() - started < 2.0
    assert not group_lives(process)
    assert job_folders() == []


def test_a_volume_is_deleted_while_it_runs(loaded, wait_until, caplog):
    loaded.ui.runButton.click()
    until_it_calculates(loaded, wait_until)
    slicer.mrmlScene.RemoveNode(parameters(loaded).timePoints[1].spect)
    wait_until(lambda: loaded.job is None, 300.0)
    assert errors(caplog)[-1] == (
        "SPECT 24 h was changed or removed while the calculation ran, so its result was not put into the scene; run again."
    )
    assert parameters(loaded).dose is None
    assert job_folders() == []


def test_a_volume_is_changed_while_it_runs(loaded, wait_until, caplog):
    loaded.ui.runButton.click()
    until_it_calculates(loaded, wait_until)
    spect = parameters(loaded).timePoints[0].spect
    slicer.util.arrayFromVolume(spect)[:] *= 2.0
    slicer.util.arrayFromVolumeModified(spect)
    wait_until(lambda: loaded.job is None, 300.0)
    assert "SPECT 4 h was changed or removed" in errors(caplog)[-1]


def test_the_user_leaves_the_module_meanwhile(loaded, wait_until):
    shown = slicer.modules.ludosimetry.widgetRepresentation()
    loaded.ui.runButton.click()
    until_it_calculates(loaded, wait_until)
    shown.exit()
    wait_until(lambda: loaded.job is None, 300.0)
    assert parameters(loaded).dose is not None
    shown.enter()
    assert loaded.ui.organTableView.mrmlTableNode() is not None
    assert loaded.ui.runButton.enabled


def test_a_temporary_folder_that_cannot_be_written(loaded, wait_until, caplog, tmp_path):
    read_only = tmp_path / "file"
    read_only.write_text("")
    slicer.app.temporaryPath = str(read_only)
    run_to_the_end(loaded, wait_until)
    assert f"The folder for temporary files {read_only} cannot be written" in errors(caplog)[-1]
    assert "choose another in Edit / Application Settings / Modules" in errors(caplog)[-1]
    assert loaded.ui.runButton.enabled


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_temporary_folder(loaded, wait_until, caplog, tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    slicer.app.temporaryPath = str(tmp_path)
    run_to_the_end(loaded, wait_until)
    assert "cannot be written (Permission denied)" in errors(caplog)[-1]


def test_a_segmentation_without_segments(loaded, caplog):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "empty")
    loaded.ui.segmentationSelector.setCurrentNode(node)
    loaded.ui.runButton.click()
    assert errors(caplog)[-1].startswith("the segmentation empty has no segments; add some")
    assert loaded.job is None


def test_a_segmentation_outside_the_volume(loaded, wait_until, caplog):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[0, 3] = 5000.0
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    parameters(loaded).segmentation.SetAndObserveTransformNodeID(transform.GetID())
    run_to_the_end(loaded, wait_until)
    assert "has no voxel on the SPECT grid" in errors(caplog)[-1]


def test_segments_that_are_chosen(loaded, wait_until):
    segmentation = parameters(loaded).segmentation.GetSegmentation()
    loaded.ui.segmentsTableView.setSelectedSegmentIDs([segmentation.GetNthSegmentID(1)])
    loaded.ui.differencesLineEdit.text = ""
    run_to_the_end(loaded, wait_until)
    table = loaded.ui.organTableView.mrmlTableNode()
    assert [table.GetCellText(row, 0) for row in range(table.GetNumberOfRows())] == ["tumour"]


def test_without_segmentation_there_are_maps_alone(loaded, wait_until):
    loaded.ui.segmentationSelector.setCurrentNode(None)
    run_to_the_end(loaded, wait_until)
    assert parameters(loaded).dose is not None
    assert loaded.ui.organTableView.mrmlTableNode().GetNumberOfRows() == 0


def test_differences(loaded, wait_until, caplog):
    loaded.ui.differencesLineEdit.text = "rest = liver - tumour"
    loaded.ui.runButton.click()
    assert 'differences: "rest = liver - tumour" is not of the form' in errors(caplog)[-1]
    loaded.ui.differencesLineEdit.text = "kidney alone = kidney - tumour"
    run_to_the_end(loaded, wait_until)
    table = loaded.ui.organTableView.mrmlTableNode()
    assert table.GetCellText(3, 0) == "kidney alone"


def moved(name: str, shift_mm: float) -> Any:
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
    matrix = np.eye(4)
    matrix[2, 3] = shift_mm
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return transform


def test_transforms_are_hardened_on_copies(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    still = slicer.util.arrayFromVolume(parameters(loaded).dose).copy()
    transform = moved("moved", 12.0)
    point = parameters(loaded).timePoints[0]
    nodes = [p.spect for p in parameters(loaded).timePoints]
    nodes += [point.ct, parameters(loaded).segmentation]
    before = [node.GetImageData().GetMTime() for node in nodes[:-1]]
    place = point.spect.GetOrigin()
    for node in nodes:
        node.SetAndObserveTransformNodeID(transform.GetID())
    run_to_the_end(loaded, wait_until)
    assert all(node.GetTransformNodeID() == transform.GetID() for node in nodes)
    assert [node.GetImageData().GetMTime() for node in nodes[:-1]] == before
    assert point.spect.GetOrigin() == place
    dose = parameters(loaded).dose
    assert dose.GetParentTransformNode() is None
    assert dose.GetOrigin()[2] == pytest.approx(place[2] + 12.0)
    assert np.allclose(slicer.util.arrayFromVolume(dose), still, rtol=1e-4, atol=1e-6)


def test_the_output_must_not_be_an_input(loaded, caplog):
    parameters(loaded).dose = parameters(loaded).timePoints[0].ct
    loaded.ui.runButton.click()
    assert "the volume CT is an input and cannot take the dose" in errors(caplog)[-1]
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "MR")
    slicer.util.updateVolumeFromArray(other, np.zeros((3, 3, 3)))
    parameters(loaded).dose = other
    loaded.ui.runButton.click()
    assert "the volume MR is no dose of this module and would be overwritten" in errors(caplog)[-1]
    assert loaded.job is None


def test_wrong_further_options(loaded, wait_until, caplog):
    loaded.ui.furtherLineEdit.text = "{histories"
    assert "this is no JSON" in loaded.ui.runButton.toolTip
    assert not loaded.ui.runButton.enabled
    loaded.ui.furtherLineEdit.text = '{"histries": 5}'
    loaded.ui.runButton.click()
    assert "did you mean 'histories'?" in errors(caplog)[-1]


def test_files_of_the_result(loaded, wait_until, host, tmp_path, caplog):
    run_to_the_end(loaded, wait_until)
    host.dialogs.answer(str(tmp_path / "doses.csv"), str(tmp_path / "dose.dcm"), str(tmp_path), "")
    loaded.ui.csvButton.click()
    loaded.ui.rtdoseButton.click()
    loaded.ui.saveResultButton.click()
    loaded.ui.csvButton.click()
    assert (tmp_path / "doses.csv").read_text().startswith("name,volume_mL,mass_g")
    import pydicom

    assert pydicom.dcmread(tmp_path / "dose.dcm").Modality == "RTDOSE"
    assert (tmp_path / "LuDosimetry-result" / "report.html").exists()
    host.dialogs.answer("/no/such/folder/doses.csv")
    loaded.ui.csvButton.click()
    assert "/no/such/folder/doses.csv cannot be written" in errors(caplog)[-1]


def test_the_report_opens_in_the_browser(loaded, wait_until, monkeypatch):
    import qt

    opened = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", opened.append)
    run_to_the_end(loaded, wait_until)
    loaded.ui.reportButton.click()
    assert opened[0].toLocalFile().endswith("report.html")


def test_a_result_survives_saving_and_loading(loaded, wait_until, tmp_path):
    run_to_the_end(loaded, wait_until)
    before = slicer.util.arrayFromVolume(parameters(loaded).dose).copy()
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert job_folders() == []
    assert loaded.ui.organTableView.mrmlTableNode() is None
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    dose = parameters(loaded).dose
    assert np.allclose(slicer.util.arrayFromVolume(dose), before)
    table = loaded.ui.organTableView.mrmlTableNode()
    assert table.GetCellText(0, 0) == "kidney"
    assert loaded.ui.chartComboBox.count == 4
    assert not loaded.ui.reportButton.enabled
    assert "calculated in this session" in loaded.ui.reportButton.toolTip
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    run_to_the_end(loaded, wait_until)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert loaded.ui.reportButton.enabled


def test_comparison_with_another_dose(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    assert not loaded.ui.compareButton.enabled
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "external Monte Carlo")
    dose = parameters(loaded).dose
    slicer.util.updateVolumeFromArray(other, 1.1 * slicer.util.arrayFromVolume(dose))
    other.CopyOrientation(dose)
    loaded.ui.comparedDoseSelector.setCurrentNode(other)
    assert loaded.ui.compareButton.enabled
    loaded.ui.compareButton.click()
    wait_until(lambda: loaded.job is None, 300.0)
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    relative = slicer.util.arrayFromVolume(outputs["compared.relative_error"])
    assert relative.max() == pytest.approx(10.0, abs=1e-3)
    table = outputs["table.comparison"]
    assert float(table.GetCellText(0, 4)) == pytest.approx(10.0, abs=0.01)
    assert "external Monte Carlo" in table.GetName()
    assert loaded.ui.chartComboBox.count == 6
    assert job_folders() != []
    loaded.ui.comparedDoseSelector.setCurrentNode(dose)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    loaded.ui.compareButton.click()
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_a_profile(loaded, wait_until, caplog):
    run_to_the_end(loaded, wait_until)
    line = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "L")
    loaded.ui.profileLineSelector.setCurrentNode(line)
    loaded.ui.profileButton.click()
    assert "the line L has no two points" in errors(caplog)[-1]
    # through the kidney at LPS x = -25 mm
    line.AddControlPoint(25.0, 0.0, -40.0)
    line.AddControlPoint(25.0, 0.0, 40.0)
    loaded.ui.profileButton.click()
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    chart = outputs["chart.profile"]
    assert chart.GetNumberOfPlotSeriesNodes() == 2
    series = chart.GetNthPlotSeriesNode(0)
    along = slicer.util.arrayFromTableColumn(series.GetTableNode(), series.GetYColumnName())
    at = slicer.util.arrayFromTableColumn(series.GetTableNode(), series.GetXColumnName())
    dose = slicer.util.arrayFromVolume(parameters(loaded).dose)
    assert along.max() == pytest.approx(dose[:, 12, 7:9].max(), rel=0.1)
    assert abs(at[np.argmax(along)] - 40.0) < 16.0
    assert loaded.ui.chartComboBox.currentText == "Dose profile along L"


def test_warnings_of_the_calculation_are_shown(loaded, wait_until):
    parameters(loaded).timePoints = [parameters(loaded).timePoints[0]]
    run_to_the_end(loaded, wait_until)
    assert "there is only one scan" in loaded.ui.resultHint.text
    assert "there is only one scan" in loaded.ui.logText.toPlainText()


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
    from LuDosimetryLib.dose import lack_of

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
    assert table.GetColumnName(2) == "Standard error"
    assert float(table.GetCellText(0, 2)) > 0.0


def test_a_defect_while_showing_is_told(loaded, wait_until, caplog, monkeypatch):
    def fail(*_arguments):
        raise ZeroDivisionError("so")

    monkeypatch.setattr(sys.modules["LuDosimetryModule.calculation"], "show_volumes", fail)
    run_to_the_end(loaded, wait_until)
    assert "A defect of the program" in errors(caplog)[-1]
    assert loaded.ui.runButton.enabled
