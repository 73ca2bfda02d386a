"""What the panel loads and keeps: cases, scenes, DICOM, the module itself."""

from pathlib import Path

import numpy as np
import slicer

from LuDosimetryLib.case.dose_methods import DOSE_METHODS

from .conftest import parameters
from .panel_table import cell

MODULE = Path(__file__).parents[2] / "LuDosimetry" / "LuDosimetry.py"


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


def test_missing_dicom_headers_are_reported(panel, two_rows):
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
