"""The list of scans that Fill from DICOM shows, each scan's own CT, and registration, as an import has them."""

from itertools import pairwise

import pytest
import slicer
from PySide6 import QtWidgets
from slicer_host.event_loop import process_events
from slicer_host.plain import raw

from LuDosimetryLib.dicom.case_import import import_case
from LuDosimetryLib.dicom.scan_list import HEAD, read_scan_list
from LuDosimetryLib.dicom.supplement import Supplement

from ..dicom.study_writer import SECRETS
from ..dicom.tiny_study import TinyStudy
from .conftest import parameters
from .dicom_loading import LoadedStudy

LABELS = (
    *("File", "Series", "Started", "Time [h]", "Duration [min]", "In view [MBq]", "Frame"),
    *("CT", "CT's frame"),
)


def described(number, text):
    def change(ds, k=None):
        ds.SeriesNumber, ds.SeriesDescription = number, text

    return change


@pytest.fixture
def tiny(tmp_path):
    return TinyStudy(tmp_path / "dicom")


@pytest.fixture
def filled(panel, tiny, monkeypatch):
    """Load the study, choose its scans with a CT for each, by number, and click."""

    def fill(*cts):
        study = LoadedStudy(tiny.folder)
        monkeypatch.setattr(slicer, "dicomDatabase", study.database, raising=False)
        for row, (scan, ct) in enumerate(zip(study.scans, cts, strict=True)):
            panel.ui.addTimePointButton.click()
            panel.ui.timePointTable.cellWidget(row, 0).setCurrentNode(scan)
            node = None if ct is None else study.cts[ct]
            panel.ui.timePointTable.cellWidget(row, 1).setCurrentNode(node)
        panel.ui.fillFromDicomButton.click()
        return study

    return fill


def three_days(tiny):
    """SPECT and CT, SPECT alone, and again both, each day in a frame of reference of its own."""
    tiny.spect(4, "1/nm.dcm", change=described(5, "SPECT day 0"))
    tiny.tomogram(3.9, "1/ct", change=described(2, "low dose"))
    tiny.new_visit()
    tiny.spect(24, "2/nm.dcm", change=described(6, "SPECT day 1"))
    tiny.new_visit()
    tiny.pet(96, "3/pt")
    tiny.tomogram(95.8, "3/ct", change=described(3, "day 4"))


def shown(panel):
    """Rows of the table by their labels."""
    table = panel.ui.scanTable
    assert table.isVisibleTo(panel.ui.timePointsSection)
    rows, columns = range(table.rowCount), range(table.columnCount)
    return {
        table.verticalHeaderItem(row).text(): [table.item(row, c).text() for c in columns]
        for row in rows
    }


def test_it_is_the_list_of_an_import(panel, tiny, filled, tmp_path):
    three_days(tiny)
    filled(None, None, None)
    case = import_case(tiny.folder, tmp_path / "case", Supplement())
    rows = read_scan_list(case.parent / "import.json").rows()
    imported = {label: [row[n] for row in rows] for n, label in enumerate(LABELS)}
    found = shown(panel)
    assert len(LABELS) == len(HEAD)
    assert found.pop("File") == ["nm.dcm", "nm.dcm", "slice000.dcm (10)"]
    imported.pop("File")
    assumed = found.pop("Assumed")
    assert found == imported
    assert found["Frame"] == ["A", "B", "C"]
    assert found["CT's frame"] == ["A", "-", "C"]
    assert assumed == ["see 1", "see 1", "see 2"]
    lines = panel.ui.timePointHint.text.splitlines()
    assert lines[0] == "1. RadionuclideTotalDose (0018,1074) 7400 was taken as MBq."
    assert lines[1] == "2. RadionuclideTotalDose (0018,1074) 7.4e+09 was taken as Bq."
    assert lines[2] == "3. Time point 2 has no CT of its own; it is aligned by its SPECT."


@pytest.mark.parametrize("chosen", [(None, None, None), (0, 0, 0), (1, 1, 0)])
def test_each_scan_gets_its_own_ct(panel, tiny, filled, chosen):
    three_days(tiny)
    study = filled(*chosen)
    points = parameters(panel).timePoints
    assert [point.ct for point in points] == [study.cts[0], None, study.cts[1]]
    replaced = "Time point 3: its own CT CT ct takes the place of CT ct."
    assert (replaced in panel.ui.timePointHint.text) == (chosen[2] is not None)


def test_a_ct_that_belongs_to_no_scan_stays_if_it_was_chosen(panel, tiny, filled):
    tiny.spect(4, "1/nm.dcm")
    tiny.new_visit()
    tiny.tomogram(300, "2/ct")
    study = filled(0)
    assert parameters(panel).timePoints[0].ct == study.cts[0]
    assert "None of the CTs from DICOM belongs to a scan" in panel.ui.timePointHint.text


def test_a_map_of_attenuation_is_no_ct(panel, tiny, filled):
    def scaled(ds, _k):
        ds.RescaleSlope, ds.RescaleIntercept = "0.0001", 0
        del ds.RescaleType

    tiny.spect(4, "1/nm.dcm")
    tiny.tomogram(3.9, "1/ct")
    tiny.tomogram(4, "1/map", change=scaled)
    study = filled(1)
    assert parameters(panel).timePoints[0].ct == study.cts[0]
    assert "was left out: its values are not HU" in panel.ui.timePointHint.text


@pytest.mark.parametrize("chosen", ["none", "rigid", "affine"])
def test_registration_follows_the_frames_of_reference(panel, tiny, filled, chosen):
    tiny.spect(4, "1/nm.dcm")
    tiny.new_visit()
    tiny.spect(24, "2/nm.dcm")
    parameters(panel).registration = chosen
    filled(None, None)
    assert parameters(panel).registration == ("rigid" if chosen == "none" else chosen)
    assert ("they are to be registered" in panel.ui.timePointHint.text) == (chosen == "none")


def test_scans_in_one_frame_of_reference_are_not_registered(panel, tiny, filled):
    tiny.tomogram(3.9, "1/ct")
    tiny.spect(4, "1/nm.dcm")
    tiny.spect(24, "2/nm.dcm")
    filled(0, None)
    assert parameters(panel).registration == "none"
    assert "same frame of reference" in panel.ui.timePointHint.text
    assert shown(panel)["Frame"] == ["A", "A"]


def test_counts_without_calibration_have_no_activity(panel, tiny, filled):
    def in_counts(ds):
        ds.Units = "CNTS"

    tiny.spect(4, "1/nm.dcm", change=in_counts)
    filled(None)
    assert shown(panel)["In view [MBq]"] == ["-"]


def test_it_does_not_say_who_the_patient_is(panel, tiny, filled):
    tiny.spect(4, "1/nm.dcm", change=described(5, f"SPECT {SECRETS[0]} day 0"))
    filled(None)
    assert shown(panel)["Series"] == ["5 SPECT … day 0"]
    assert not any(secret in panel.ui.timePointHint.text for secret in SECRETS)


def test_the_list_goes_with_its_scans(panel, tiny, filled):
    three_days(tiny)
    filled(0, 0, 0)
    shown(panel)
    panel.ui.timePointTable.cellWidget(0, 2).value = 5.0
    shown(panel)
    panel.ui.removeTimePointButton.click()
    assert not panel.ui.scanTable.isVisibleTo(panel.ui.timePointsSection)
    assert panel.ui.timePointHint.text == ""


def test_nothing_lies_over_anything(panel, tiny, filled):
    """In a column of any width, which scrolls, though remarks of several lines come and go."""
    column = QtWidgets.QScrollArea()
    column.setWidgetResizable(True)
    parent = panel.parent
    raw(column, "setWidget")(parent)
    raw(column, "resize")(420, 600)
    raw(column, "show")()
    try:
        process_events()
        three_days(tiny)
        filled(1, 1, 0)
        names = ("timePointTable", "addTimePointButton", "scanTable", "timePointHint")
        parts = [getattr(panel.ui, name) for name in (*names, "referenceComboBox")]
        for width in (420, 900, 560):
            raw(column, "resize")(width, 600)
            process_events()
            boxes = [raw(part, "geometry")() for part in parts]
            for above, below in pairwise(boxes):
                assert above.bottom() < below.top(), width
            table, hint = panel.ui.scanTable, panel.ui.timePointHint
            last = raw(table, "visualItemRect")(table.item(table.rowCount - 1, 0))
            assert last.bottom() <= raw(raw(table, "viewport")(), "height")()
            assert raw(hint, "height")() >= raw(hint, "heightForWidth")(raw(hint, "width")())
    finally:
        raw(column, "takeWidget")()
        raw(column, "close")()
