"""The panel's table of time points."""

import slicer

from .conftest import parameters
from .panel_table import cell, volume


def test_an_empty_panel_names_what_is_missing(panel):
    assert not panel.ui.runButton.enabled
    assert panel.ui.runButton.text == "Run"
    assert panel.ui.runButton.toolTip == "To run: add at least one time point."
    assert not panel.ui.reportButton.enabled
    assert panel.ui.resultHint.text == "There is no result yet."


def test_the_run_button_names_what_is_missing(panel):
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
