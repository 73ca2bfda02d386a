"""The panel's inputs, by what the user clicks and types: nothing is calculated here."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.choices import REGISTRATIONS, TAILS
from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.case.integrations import INTEGRATIONS
from LuDosimetryLib.case.option import options_of
from LuDosimetryLib.case.options import Options

MODULE = Path(__file__).parents[2] / "LuDosimetry" / "LuDosimetry.py"


def volume(name: str, fill: float = 1.0) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, np.full((4, 5, 6), fill, np.float32))
    return node


def parameters(panel: Any) -> Any:
    return panel.logic.getParameterNode()


def cell(panel: Any, row: int, column: int) -> Any:
    return panel.ui.timePointTable.cellWidget(row, column)


def fill_row(panel: Any, row: int, spect: Any, ct: Any, hours: float) -> None:
    cell(panel, row, 0).setCurrentNode(spect)
    cell(panel, row, 1).setCurrentNode(ct)
    cell(panel, row, 2).value = hours


@pytest.fixture
def two_rows(panel: Any) -> Any:
    early, late, ct = volume("early"), volume("late"), volume("CT", 40.0)
    panel.ui.addTimePointButton.click()
    panel.ui.addTimePointButton.click()
    fill_row(panel, 0, late, ct, 24.0)
    fill_row(panel, 1, early, None, 4.0)
    return early, late, ct


def test_an_empty_panel_says_what_is_missing(panel):
    assert not panel.ui.runButton.enabled
    assert panel.ui.runButton.text == "Run"
    assert panel.ui.runButton.toolTip == "To run: add at least one time point."
    assert not panel.ui.reportButton.enabled
    assert panel.ui.resultHint.text == "There is no result yet."


def test_run_tells_one_by_one_what_is_missing(panel):
    panel.ui.addTimePointButton.click()
    assert panel.ui.runButton.toolTip == (
        "To run: choose the SPECT of time point 1; enter the hours after administration of time point 1; "
        "choose a CT for at least one time point, or tick No CT."
    )
    cell(panel, 0, 0).setCurrentNode(volume("SPECT"))
    cell(panel, 0, 2).value = 4.0
    assert (
        panel.ui.runButton.toolTip
        == "To run: choose a CT for at least one time point, or tick No CT."
    )
    assert not panel.ui.runButton.enabled
    cell(panel, 0, 1).setCurrentNode(volume("CT"))
    assert panel.ui.runButton.enabled
    cell(panel, 0, 3).currentIndex = 2
    assert panel.ui.runButton.toolTip == "To run: enter the Bq per count of time point 1."
    cell(panel, 0, 4).value = 12.5
    assert panel.ui.runButton.enabled


def test_two_scans_at_one_time_or_of_one_volume(panel, two_rows):
    early, late, _ct = two_rows
    assert panel.ui.runButton.enabled
    cell(panel, 1, 2).value = 24.0
    assert panel.ui.runButton.toolTip == "To run: give every time point its own time."
    cell(panel, 1, 2).value = 48.0
    cell(panel, 1, 0).setCurrentNode(late)
    assert panel.ui.runButton.toolTip == "To run: choose a SPECT for one time point only."
    cell(panel, 1, 0).setCurrentNode(early)
    assert panel.ui.runButton.enabled


def test_what_is_typed_is_in_the_parameters(panel, two_rows):
    early, late, ct = two_rows
    points = parameters(panel).timePoints
    assert [point.spect for point in points] == [late, early]
    assert [point.ct for point in points] == [ct, None]
    assert [point.hours for point in points] == [24.0, 4.0]
    assert [point.unit for point in points] == ["Bq/mL", "Bq/mL"]


def test_what_is_in_the_parameters_is_shown(panel):
    import LuDosimetryModule.parameters as module

    spect, ct = volume("SPECT"), volume("CT")
    parameters(panel).timePoints = [module.TimePoint(spect, ct, 30.0, "counts", 2.5)]
    assert panel.ui.timePointTable.rowCount == 1
    assert cell(panel, 0, 0).currentNode() == spect
    assert cell(panel, 0, 1).currentNode() == ct
    assert cell(panel, 0, 2).value == 30.0
    assert cell(panel, 0, 3).currentText == "counts"
    assert cell(panel, 0, 4).value == 2.5
    assert not panel.ui.timePointTable.isColumnHidden(4)
    parameters(panel).timePoints[0].unit = "Bq"
    assert cell(panel, 0, 3).currentText == "Bq"
    assert panel.ui.timePointTable.isColumnHidden(4)


def test_sorting_keeps_the_reference_scan(panel, two_rows):
    early, late, _ct = two_rows
    assert panel.ui.referenceComboBox.currentText == "1: late"
    panel.ui.sortTimePointsButton.click()
    assert [point.spect for point in parameters(panel).timePoints] == [early, late]
    assert cell(panel, 0, 0).currentNode() == early
    assert panel.ui.referenceComboBox.currentText == "2: late"
    panel.ui.referenceComboBox.currentIndex = 0
    assert parameters(panel).referenceTimePoint == 0


def test_removing_rows(panel, two_rows):
    early, _late, _ct = two_rows
    panel.ui.timePointTable.selectRow(0)
    panel.ui.removeTimePointButton.click()
    assert [point.spect for point in parameters(panel).timePoints] == [early]
    assert cell(panel, 0, 0).currentNode() == early
    panel.ui.timePointTable.clearSelection()
    panel.ui.removeTimePointButton.click()
    assert len(parameters(panel).timePoints) == 0
    assert not panel.ui.removeTimePointButton.enabled
    assert not panel.ui.runButton.enabled


def test_a_removed_volume_shows_as_missing(panel, two_rows):
    early, _late, ct = two_rows
    slicer.mrmlScene.RemoveNode(early)
    assert parameters(panel).timePoints[1].spect is None
    assert cell(panel, 1, 0).currentNode() is None
    assert panel.ui.runButton.toolTip == "To run: choose the SPECT of time point 2."
    slicer.mrmlScene.RemoveNode(ct)
    assert "choose a CT" in panel.ui.runButton.toolTip


def test_a_new_row_takes_over_the_ct(panel, two_rows):
    _early, _late, ct = two_rows
    cell(panel, 1, 1).setCurrentNode(ct)
    panel.ui.addTimePointButton.click()
    assert cell(panel, 2, 1).currentNode() == ct
    assert cell(panel, 2, 0).currentNode() is None


def test_choices_are_those_of_the_library(panel):
    for box, names in (
        (panel.ui.methodComboBox, DOSE_METHODS),
        (panel.ui.registrationComboBox, REGISTRATIONS),
        (panel.ui.integrationComboBox, INTEGRATIONS),
        (panel.ui.tailComboBox, TAILS),
    ):
        assert box.count == len(names)
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("single-vsv")
    assert parameters(panel).doseMethod == "single-vsv"
    panel.ui.tailComboBox.currentIndex = [*TAILS].index("effective")
    assert parameters(panel).tail == "effective"
    parameters(panel).doseMethod = "local"
    assert panel.ui.methodComboBox.currentIndex == [*DOSE_METHODS].index("local")


def test_a_choice_without_a_label_shows_its_own_name(panel):
    from LuDosimetryModule.choices import label

    assert label("integration", "tri-exponential") == "Tri exponential"


def test_a_scene_of_a_newer_version_is_no_error(panel):
    parameters(panel).doseMethod = "quantum"
    assert panel.ui.methodComboBox.currentIndex == -1


def test_compared_methods(panel):
    from PySide6 import QtWidgets

    box = panel.ui.compareWidget.findChild(QtWidgets.QCheckBox, "compare_local")
    box.click()
    assert list(parameters(panel).compareWith) == ["local"]
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("local")
    assert not box.enabled
    parameters(panel).compareWith = ["single-vsv"]
    assert not box.checked


def test_uncertainty_is_for_monte_carlo_alone(panel):
    assert not panel.ui.uncertaintySpinBox.enabled
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("monte-carlo")
    assert panel.ui.uncertaintySpinBox.enabled
    panel.ui.uncertaintySpinBox.value = 2.5
    from LuDosimetryModule.request import Request

    assert Request.of(parameters(panel)).options["uncertainty_percent"] == 2.5
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("local")
    assert Request.of(parameters(panel)).options["uncertainty_percent"] is None


def row(panel: Any, option: str) -> Any:
    """The widget of an option whose row is made of its declaration."""
    from PySide6 import QtWidgets

    return panel.ui.moreOptionsWidget.findChild(QtWidgets.QWidget, f"option_{option}")


def typed(panel: Any, option: str, text: str) -> None:
    row(panel, option).text = text
    row(panel, option).editingFinished.emit()


def test_rows_of_options_without_a_parameter(panel):
    from LuDosimetryModule.request import Request

    assert row(panel, "spect_resolution_mm").placeholderText == "not corrected for"
    typed(panel, "spect_resolution_mm", "7.5")
    row(panel, "spill_in").click()
    typed(panel, "histories", "1e6")
    assert json.loads(parameters(panel).furtherOptions) == {
        "spect_resolution_mm": 7.5,
        "spill_in": False,
        "histories": 1_000_000,
    }
    options = Request.of(parameters(panel)).options
    assert (options["spect_resolution_mm"], options["spill_in"]) == (7.5, False)
    typed(panel, "spect_resolution_mm", "")
    row(panel, "spill_in").click()
    typed(panel, "histories", "")
    assert parameters(panel).furtherOptions == ""


def test_rows_follow_the_further_options(panel):
    parameters(panel).furtherOptions = '{"effective_half_life_h": 55, "uncertainty": {}}'
    assert row(panel, "effective_half_life_h").text == "55"
    typed(panel, "effective_half_life_h", "60")
    assert json.loads(parameters(panel).furtherOptions) == {
        "effective_half_life_h": 60.0,
        "uncertainty": {},
    }
    parameters(panel).furtherOptions = "{effective"
    assert not row(panel, "effective_half_life_h").enabled
    parameters(panel).furtherOptions = ""
    assert row(panel, "effective_half_life_h").enabled
    assert row(panel, "effective_half_life_h").text == ""


def test_what_is_typed_and_no_number_is_refused_with_its_name(panel, two_rows):
    from LuDosimetryModule.request import Request

    typed(panel, "spect_resolution_mm", "sharp")
    with pytest.raises(InvalidInput, match="spect_resolution_mm is 'sharp'; it must be a number"):
        Request.of(parameters(panel)).check()


def test_texts_of_options_are_those_of_the_library(panel):
    declared = {option.name: option for option in options_of(Options)}
    assert panel.ui.tailLabel.text == f"{declared['tail'].label}:"
    assert declared["media"].help in panel.ui.mediaSpinBox.toolTip
    assert "recovery_coefficients" in panel.ui.furtherLineEdit.toolTip
    fields = [n for n, o in declared.items() if o.panel]
    assert not [name for name in fields if f"<li>{name}:" in panel.ui.furtherLineEdit.toolTip]


def test_a_preset_passes_through(panel, case_folder):
    from LuDosimetryModule.request import Request

    case_folder.data["options"] = {}
    case_folder.change("preset", to="kim-2022")
    panel.logic.loadCase(case_folder.file)
    assert parameters(panel).preset == "kim-2022"
    asked = Request.of(parameters(panel))
    assert asked.preset == "kim-2022"
    assert asked.options["registration"] == "rigid"
    alone = replace(asked, options={"dose_method": "local"})
    assert alone.case_options() == Options(
        registration="rigid", integration="trapezoid", dose_method="local"
    )


def test_bound_widgets(panel):
    panel.ui.administeredActivitySpinBox.value = 7400.0
    panel.ui.patientIDLineEdit.text = "patient-07"
    panel.ui.mediaSpinBox.value = 10
    panel.ui.seedSpinBox.value = 5
    found = parameters(panel)
    assert (found.administeredActivity, found.patientID, found.media, found.seed) == (
        7400.0,
        "patient-07",
        10,
        5,
    )


def a_segmentation(*names: str) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    for n, name in enumerate(names):
        sphere = vtk.vtkSphereSource()
        sphere.SetCenter(20.0 * n, 0.0, 0.0)
        sphere.SetRadius(8.0)
        sphere.Update()
        node.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), name)
    return node


@pytest.mark.slow
def test_segments(panel):
    assert "Without a segmentation" in panel.ui.segmentsHint.text
    node = a_segmentation("liver", "spleen", "kidney")
    panel.ui.segmentationSelector.setCurrentNode(node)
    assert panel.ui.segmentsTableView.segmentationNode() == node
    assert panel.ui.segmentsHint.text == "3 of 3 segments are used."
    identities = [node.GetSegmentation().GetNthSegmentID(n) for n in range(3)]
    panel.ui.segmentsTableView.setSelectedSegmentIDs(identities[:2])
    assert list(parameters(panel).segmentIDs) == identities[:2]
    assert panel.ui.segmentsHint.text == "2 of 3 segments are used."
    parameters(panel).segmentIDs = []
    assert panel.ui.segmentsTableView.selectedSegmentIDs() == ()
    slicer.mrmlScene.RemoveNode(node)
    assert "Without a segmentation" in panel.ui.segmentsHint.text


def test_a_segmentation_without_segments_is_said_to_be_so(panel):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "empty")
    panel.ui.segmentationSelector.setCurrentNode(node)
    assert "has no segments" in panel.ui.segmentsHint.text


def test_missing_packages_are_said_and_offered(panel, monkeypatch):
    from LuDosimetryModule import packages

    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)
    monkeypatch.setattr(packages, "installed", lambda name: False)
    panel.ui.addTimePointButton.click()
    fill_row(panel, 0, volume("SPECT"), volume("CT"), 4.0)
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("monte-carlo")
    assert "Install the Monte Carlo engine" in panel.ui.methodHint.text
    assert panel.ui.installMonteCarloButton.isVisibleTo(panel.parent)
    assert not panel.ui.runButton.enabled
    assert panel.ui.runButton.toolTip == "To run: install the Monte Carlo engine (package ompmc)."
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("unet")
    assert not panel.ui.runButton.enabled
    assert panel.ui.runButton.toolTip == (
        "To run: install ONNX Runtime for the network by the button below, in seconds."
    )
    assert "Install ONNX Runtime for the network by the button below" in panel.ui.methodHint.text
    assert panel.ui.installNetworkButton.isVisibleTo(panel.parent)
    assert panel.ui.installTorchButton.isVisibleTo(panel.parent)


def test_the_network_s_package_is_installed_after_asking(panel, host, monkeypatch):
    """What it asks for is what an installation by pip has."""
    import tomllib

    import qt
    from LuDosimetryModule import packages

    found = set()
    monkeypatch.setattr(packages, "installed", lambda name: name in found)
    parameters(panel).Modified()
    assert panel.ui.installNetworkButton.text == "Install ONNX Runtime..."
    assert panel.ui.installNetworkButton.isVisibleTo(panel.parent)
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirements: False)
    found.add("onnxruntime")  # the host installs nothing
    host.dialogs.answer(qt.QMessageBox.Ok)
    panel.ui.installNetworkButton.click()
    pyproject = MODULE.parents[1] / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    ((asked,),) = slicer.packaging.asked
    assert asked in project["dependencies"]
    assert not panel.ui.installNetworkButton.isVisibleTo(panel.parent)
    assert "ONNX Runtime" not in panel.ui.methodHint.text


def test_a_case_file_is_loaded(panel, case_folder, host):
    host.dialogs.answer(str(case_folder.file))
    panel.ui.loadCaseButton.click()
    points = parameters(panel).timePoints
    assert [point.hours for point in points] == [4.0, 24.0, 96.0]
    assert panel.ui.timePointTable.rowCount == 3
    assert panel.ui.runButton.enabled
    assert parameters(panel).doseMethod == "local"
    assert np.array_equal(
        slicer.util.arrayFromVolume(points[0].spect), case_folder.values("spect_1.nrrd")
    )
    assert len({point.ct.GetID() for point in points}) == 1
    names = [
        parameters(panel).segmentation.GetSegmentation().GetNthSegment(n).GetName()
        for n in range(3)
    ]
    assert names == ["kidney", "tumour", "lung"]


def test_what_another_logic_loads_is_shown(panel, case_folder):
    """As from the Python console, or from the module Sample Data."""
    from LuDosimetry import LuDosimetryLogic

    assert panel.ui.timePointTable.rowCount == 0
    LuDosimetryLogic().loadCase(case_folder.file)
    assert panel.ui.timePointTable.rowCount == 3
    assert panel.ui.runButton.enabled, panel.ui.runButton.toolTip


def test_a_case_file_that_is_wrong_leaves_the_scene_alone(panel, case_folder, host, caplog):
    case_folder.change("time_points", 1, "spect", to="gone.nrrd")
    before = slicer.mrmlScene.GetNumberOfNodes()
    host.dialogs.answer(str(case_folder.file))
    panel.ui.loadCaseButton.click()
    assert "there is no file" in caplog.text
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    host.dialogs.answer("")
    panel.ui.loadCaseButton.click()


def test_dicom_that_is_not_there_is_said(panel, two_rows):
    panel.ui.fillFromDicomButton.click()
    assert "was not loaded from DICOM; enter its time by hand." in panel.ui.timePointHint.text
    assert [point.hours for point in parameters(panel).timePoints] == [24.0, 4.0]


def test_every_control_has_a_tooltip(panel):
    from PySide6 import QtWidgets

    kinds = (
        QtWidgets.QAbstractSpinBox,
        QtWidgets.QComboBox,
        QtWidgets.QPushButton,
        QtWidgets.QLineEdit,
    )
    missing = [
        name
        for name, widget in vars(panel.ui).items()
        if isinstance(widget, kinds) and not name.startswith("qt_") and not widget.toolTip
    ]
    assert missing == []


def test_save_and_load_of_a_scene_restores_the_panel(panel, case_folder, host, tmp_path):
    host.dialogs.answer(str(case_folder.file))
    panel.ui.loadCaseButton.click()
    panel.ui.administeredActivitySpinBox.value = 7000.0
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("single-vsv")
    parameters(panel).compareWith = ["local"]
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert panel.ui.timePointTable.rowCount == 0
    assert not panel.ui.runButton.enabled
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert panel.ui.timePointTable.rowCount == 3
    assert cell(panel, 1, 2).value == 24.0
    assert cell(panel, 1, 0).currentNode().GetName() == "SPECT 24 h"
    assert panel.ui.administeredActivitySpinBox.value == 7000.0
    assert panel.ui.methodComboBox.currentIndex == [*DOSE_METHODS].index("single-vsv")
    assert list(parameters(panel).compareWith) == ["local"]
    assert panel.ui.segmentationSelector.currentNode() is not None
    assert panel.ui.runButton.enabled


def test_what_is_chosen_in_a_batch_is_shown_at_its_end(panel, case_folder):
    """As while a scene is loaded, when the selectors do not list its volumes yet."""
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    panel.logic.loadCase(case_folder.file)
    scene.EndState(scene.BatchProcessState)
    assert cell(panel, 1, 0).currentNode().GetName() == "SPECT 24 h"
    cell(panel, 1, 2).value = 25.0
    assert [point.spect.GetName() for point in parameters(panel).timePoints] == [
        "SPECT 4 h",
        "SPECT 24 h",
        "SPECT 96 h",
    ]
    assert panel.ui.segmentationSelector.currentNode() is not None


def test_leaving_the_module_and_coming_back(panel, host, two_rows):
    shown = slicer.modules.ludosimetry.widgetRepresentation()
    shown.exit()
    parameters(panel).administeredActivity = 5000.0
    shown.enter()
    assert panel.ui.administeredActivitySpinBox.value == 5000.0


def test_metadata(host):
    module = host.load(MODULE).module
    assert module.title == "177Lu Dosimetry"
    assert module.categories == ("Nuclear Medicine",)
    assert module.contributors
    assert module.acknowledgementText
    assert "<a href=" in module.helpText


def test_a_reload_takes_its_packages_along(panel, host):
    import sys

    before = sys.modules["LuDosimetryModule.widget"], sys.modules["LuDosimetryLib.case.case"]
    kept = {name: module for name, module in sys.modules.items() if name.startswith("LuDosimetry")}
    try:
        again = host.load(MODULE)
        assert sys.modules["LuDosimetryModule.widget"] is not before[0]
        assert sys.modules["LuDosimetryLib.case.case"] is not before[1]
        assert again.python.LuDosimetryWidget is not type(panel)
    finally:
        sys.modules.update(kept)
