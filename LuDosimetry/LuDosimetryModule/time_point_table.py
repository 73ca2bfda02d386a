"""Table of time points."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .choices import UNITS
from .parameters import TimePoint

_SPECT, _CT, _HOURS, _UNIT, _CALIBRATION = range(5)
_LATEST_H = 2000.0


class TimePointTable:
    """
    Table widget as an editor of time points.

    Parameters
    ----------
    table : QTableWidget
    changed : callable
        Called when the user has changed something.
    """

    def __init__(self, table: Any, changed: Callable[[], None]) -> None:
        self._table = table
        self._changed = changed
        self._showing = False
        table.columnCount = 5
        table.setHorizontalHeaderLabels(
            [_("SPECT"), _("CT"), _("Time [h]"), _("Unit"), _("Bq/count")]
        )
        header = table.horizontalHeader()
        for column in (_SPECT, _CT):
            header.setSectionResizeMode(column, qt.QHeaderView.Stretch)
        for column in (_HOURS, _UNIT, _CALIBRATION):
            header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)
        table.setColumnHidden(_CALIBRATION, True)

    def points(self) -> list[TimePoint]:
        """Time points that the table shows."""
        return [self._point(row) for row in range(self._table.rowCount)]

    def show(self, points: Sequence[TimePoint]) -> None:
        """Show time points; changes only what differs, so that a widget in use keeps its focus."""
        self._showing = True
        try:
            while self._table.rowCount > len(points):
                self._table.removeRow(self._table.rowCount - 1)
            while self._table.rowCount < len(points):
                self._add_row()
            for row, point in enumerate(points):
                self._show_point(row, point)
            counts = any(point.unit == "counts" for point in points)
            self._table.setColumnHidden(_CALIBRATION, not counts)
        finally:
            self._showing = False

    def selectors(self) -> list[Any]:
        """Selectors of SPECT and CT volumes."""
        rows = range(self._table.rowCount)
        return [self._table.cellWidget(row, column) for row in rows for column in (_SPECT, _CT)]

    def selected(self) -> list[int]:
        """Rows that the user has selected."""
        return sorted({index.row() for index in self._table.selectionModel().selectedRows()})

    def set_enabled(self, enabled: bool) -> None:
        """Enable or disable editing."""
        self._table.enabled = enabled

    def _point(self, row: int) -> TimePoint:
        cell = self._table.cellWidget
        return TimePoint(
            cell(row, _SPECT).currentNode(),
            cell(row, _CT).currentNode(),
            cell(row, _HOURS).value,
            UNITS[cell(row, _UNIT).currentIndex],
            cell(row, _CALIBRATION).value,
        )

    def _show_point(self, row: int, point: TimePoint) -> None:
        cell = self._table.cellWidget
        for column, node in ((_SPECT, point.spect), (_CT, point.ct)):
            if cell(row, column).currentNode() != node:
                cell(row, column).setCurrentNode(node)
        for column, value in ((_HOURS, point.hours), (_CALIBRATION, point.BqPerCount)):
            if cell(row, column).value != value:
                cell(row, column).value = value
        unit = UNITS.index(point.unit) if point.unit in UNITS else 0
        if cell(row, _UNIT).currentIndex != unit:
            cell(row, _UNIT).currentIndex = unit

    def _add_row(self) -> None:
        row = self._table.rowCount
        self._table.insertRow(row)
        spect = self._node_box(_("Reconstructed SPECT of this scan."), _("none"))
        ct = self._node_box(
            _("CT of this scan, in HU; may be left out if another scan has one."), _("none")
        )
        for column, widget in (
            (_SPECT, spect),
            (_CT, ct),
            (_HOURS, self._number_box(_("Hours after the administration."), 2, _LATEST_H)),
            (_UNIT, self._unit_box()),
            (
                _CALIBRATION,
                self._number_box(
                    _("Activity of one count [Bq]: 1e6 / (cps/MBq x seconds)."), 4, 1e9
                ),
            ),
        ):
            self._table.setCellWidget(row, column, widget)

    def _node_box(self, tip: str, none: str) -> Any:
        box = slicer.qMRMLNodeComboBox()
        box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        box.showChildNodeTypes = False
        box.noneEnabled = True
        box.noneDisplay = none
        box.addEnabled = False
        box.removeEnabled = False
        box.renameEnabled = False
        box.editEnabled = False
        box.toolTip = tip
        box.setMRMLScene(slicer.mrmlScene)
        box.setCurrentNode(None)
        box.connect("currentNodeChanged(vtkMRMLNode*)", self._on_change)
        return box

    def _number_box(self, tip: str, decimals: int, most: float) -> Any:
        box = qt.QDoubleSpinBox()
        box.decimals = decimals
        box.minimum = 0.0
        box.maximum = most
        box.toolTip = tip
        box.connect("valueChanged(double)", self._on_change)
        return box

    def _unit_box(self) -> Any:
        box = qt.QComboBox()
        for unit in UNITS:
            box.addItem(unit)
        box.toolTip = _("Unit of the SPECT voxels: Bq/mL; Bq per voxel; counts per voxel.")
        box.connect("currentIndexChanged(int)", self._on_change)
        return box

    def _on_change(self, *_value: Any) -> None:
        # while nodes are added and removed in a batch, the selectors do not show all of them
        if not self._showing and not slicer.mrmlScene.IsBatchProcessing():
            self._changed()
