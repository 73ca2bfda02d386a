"""Table of what DICOM files tell of the scans, for the user to check, with what was assumed."""

from typing import Any

import qt
from slicer.i18n import tr as _

from LuDosimetryLib.dicom.scan_list import ScanList

from .dicom_times import DicomTimes

_NARROWEST = 100
"""Width of a scan's column in pixels: a date and a time have room."""


class ScanTable:
    """
    Table with a column for each scan that was loaded from DICOM, and the remarks below it.

    Parameters
    ----------
    table : QTableWidget
    hint : QLabel
        Shows the remarks, numbered as in the table.
    """

    def __init__(self, table: Any, hint: Any) -> None:
        self._table, self._hint = table, hint
        self._fitting = False
        self._spects: list[Any] = []
        header = table.horizontalHeader()
        header.minimumSectionSize = _NARROWEST
        header.setSectionResizeMode(qt.QHeaderView.Stretch)
        # also when the panel becomes wider or narrower, and lines break elsewhere
        header.connect("sectionResized(int,int,int)", self._fit)
        self.clear()

    def show(self, found: DicomTimes, points: list[Any], registration: str) -> None:
        """
        Show what was found.

        Parameters
        ----------
        found : DicomTimes
        points : list of TimePoint
            As filled in.
        registration : str
        """
        self._spects = [point.spect for point in points]
        remarks = found.remarks
        numbers = sorted(found.listed)
        scans = ScanList([found.listed[n] for n in numbers], registration, 0)
        columns = [
            [*cells, _assumed(found.assumed.get(n, []), remarks)]
            for n, cells in zip(numbers, scans.rows(), strict=True)
        ]
        table = self._table
        table.clear()
        table.columnCount, table.rowCount = len(columns), len(_labels())
        table.setVerticalHeaderLabels(_labels())
        table.setHorizontalHeaderLabels([_("Scan {n}").format(n=n + 1) for n in numbers])
        for column, cells in enumerate(columns):
            for row, text in enumerate(cells):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text)
                table.setItem(row, column, item)
        table.setVisible(bool(columns))
        self._hint.text = "\n".join(f"{n}. {text}" for n, text in enumerate(remarks, start=1)) or _(
            "Read from the DICOM headers."
        )
        self._hint.setVisible(True)
        self._fit()

    def follow(self, points: list[Any]) -> None:
        """Clear the list once it is of other scans than the time points."""
        if self._spects and [point.spect for point in points] != self._spects:
            self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._spects = []
        self._hint.text = ""
        self._hint.setVisible(False)
        self._table.setVisible(False)

    def _fit(self, *_sizes: Any) -> None:
        """Make table and remarks as tall as their text, which the layout of Slicer's panel does not."""
        if self._fitting or not self._spects:
            return
        self._fitting = True
        try:
            table, hint = self._table, self._hint
            table.resizeRowsToContents()
            height = table.horizontalHeader().height + 2 * table.frameWidth
            height += sum(table.rowHeight(row) for row in range(table.rowCount))
            narrow = table.columnCount * _NARROWEST > table.viewport().width
            table.setFixedHeight(height + (table.horizontalScrollBar().height if narrow else 0))
            hint.setMinimumHeight(max(0, hint.heightForWidth(hint.width)))
        finally:
            self._fitting = False


def _labels() -> list[str]:
    """What the rows show: those of `scan_list.HEAD`, and what was assumed."""
    return [
        _("File"),
        _("Series"),
        _("Started"),
        _("Time [h]"),
        _("Duration [min]"),
        _("In view [MBq]"),
        _("Frame"),
        _("CT"),
        _("CT's frame"),
        _("Assumed"),
    ]


def _assumed(texts: list[str], remarks: list[str]) -> str:
    """Numbers of the remarks on a scan."""
    if not texts:
        return _("nothing")
    return _("see {numbers}").format(
        numbers=", ".join(str(1 + remarks.index(text)) for text in dict.fromkeys(texts))
    )
