"""qMRMLSegmentsTableView: the segments of a segmentation, and which of them are chosen."""

from typing import Any

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from . import members, signals
from .mrml_widget import qMRMLWidget
from .observing import SceneWatch
from .plain import raw
from .standin import declared, stored

COLUMNS = {"visibilityColumnVisible": 0, "colorColumnVisible": 1, "opacityColumnVisible": 2}
NAME_COLUMN = 3


def _layout(self: Any) -> None:
    self._arrange()


class qMRMLSegmentsTableView(qMRMLWidget):
    """A table with a row for every segment."""

    _slicer_host_members = members.declare(
        ("selectionChanged(QItemSelection,QItemSelection)", "segmentAboutToBeModified(QString)"),
        """segmentationNode setSegmentationNode setMRMLScene selectedSegmentIDs
        setSelectedSegmentIDs clearSelection displayedSegmentIDs tableWidget""",
    )

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        table = QtWidgets.QTableWidget(0, 4)
        raw(table, "setHorizontalHeaderLabels")(["", "", "Opacity", "Name"])
        raw(table, "setSelectionBehavior")(QtWidgets.QTableWidget.SelectionBehavior.SelectRows)
        raw(table, "setSelectionMode")(QtWidgets.QTableWidget.SelectionMode.ExtendedSelection)
        raw(table, "setEditTriggers")(QtWidgets.QTableWidget.EditTrigger.NoEditTriggers)
        raw(raw(table, "verticalHeader")(), "setVisible")(False)
        raw(raw(table, "horizontalHeader")(), "setStretchLastSection")(True)
        self.__dict__.update(_table=table, _node=None, _watch=SceneWatch(self), _ids=[])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(table)
        raw(raw(table, "selectionModel")(), "selectionChanged").connect(
            lambda new, old: signals.emit(
                self, "selectionChanged(QItemSelection,QItemSelection)", new, old
            )
        )

    def _arrange(self) -> None:
        table = self._table
        for name, column in COLUMNS.items():
            raw(table, "setColumnHidden")(column, not getattr(self, name))
            raw(table, "setColumnWidth")(column, 28 if column < 2 else 60)
        raw(raw(table, "horizontalHeader")(), "setVisible")(self.headerVisible)
        raw(table, "setSelectionMode")(QtWidgets.QTableWidget.SelectionMode(self.selectionMode))

    def _fill(self) -> None:
        node = self._node
        kept = self.selectedSegmentIDs()
        segmentation = node.GetSegmentation() if node is not None else None
        count = segmentation.GetNumberOfSegments() if segmentation else 0
        ids = [segmentation.GetNthSegmentID(i) for i in range(count)]
        names = [segmentation.GetSegment(i).GetName() or "" for i in ids]
        wanted = [(i, n) for i, n in zip(ids, names, strict=True) if self.textFilter in n]
        if [i for i, _ in wanted] == self._ids and all(
            raw(self._table, "item")(row, NAME_COLUMN).text() == name
            for row, (_, name) in enumerate(wanted)
        ):
            return
        self.__dict__["_ids"] = [i for i, _ in wanted]
        raw(self._table, "setRowCount")(len(wanted))
        for row, (segment_id, name) in enumerate(wanted):
            color = QtGui.QColor.fromRgbF(*segmentation.GetSegment(segment_id).GetColor())
            for column in range(4):
                item = QtWidgets.QTableWidgetItem(name if column == NAME_COLUMN else "")
                raw(self._table, "setItem")(row, column, item)
            raw(self._table, "item")(row, 1).setBackground(color)
        self.setSelectedSegmentIDs([i for i in kept if i in self._ids])

    def segmentationNode(self) -> Any:
        """The segmentation, or None."""
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        """Slot."""
        if node is not None and not node.IsA("vtkMRMLSegmentationNode"):
            raise TypeError(f"{node.GetName()} is no segmentation")
        if node is self._node:
            return
        self._watch.clear()
        self.__dict__.update(_node=node, _ids=[])
        raw(self._table, "clearContents")()
        raw(self._table, "setRowCount")(0)
        if node is not None:
            events = slicer.vtkSegmentation
            for event in (events.SegmentAdded, events.SegmentRemoved, events.SegmentModified):
                self._watch.watch_plain(node.GetSegmentation(), event, self._fill)
        self._fill()
        self._arrange()

    def setMRMLScene(self, scene: Any) -> None:
        """Slot; the segmentation goes with its scene."""
        if scene is not self.mrmlScene():
            self.setSegmentationNode(None)
        super().setMRMLScene(scene)

    def tableWidget(self) -> QtWidgets.QTableView:
        """The table inside."""
        table: QtWidgets.QTableView = self._table
        return table

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        """Ids of the chosen segments, from the top."""
        model = raw(self._table, "selectionModel")()
        rows = sorted({index.row() for index in raw(model, "selectedIndexes")()})
        return tuple(self._ids[row] for row in rows if row < len(self._ids))

    def setSelectedSegmentIDs(self, segment_ids: Any) -> None:
        """Choose exactly these segments."""
        if isinstance(segment_ids, str):
            raise TypeError("setSelectedSegmentIDs takes a list of ids")
        model = raw(self._table, "selectionModel")()
        selection = QtCore.QItemSelection()
        items = raw(self._table, "model")()
        for row, segment_id in enumerate(self._ids):
            if segment_id in segment_ids:
                selection.select(raw(items, "index")(row, 0), raw(items, "index")(row, 3))
        flags = QtCore.QItemSelectionModel.SelectionFlag
        raw(model, "select")(selection, flags.ClearAndSelect)

    def clearSelection(self) -> None:
        """Choose none."""
        raw(self._table, "clearSelection")()

    def displayedSegmentIDs(self) -> tuple[str, ...]:
        """Ids of the rows that are shown."""
        return tuple(self._ids)

    selectionMode = stored(int, "selectionMode", 3, _layout)
    headerVisible = stored(bool, "headerVisible", True, _layout)
    visibilityColumnVisible = stored(bool, "visibilityColumnVisible", True, _layout)
    colorColumnVisible = stored(bool, "colorColumnVisible", True, _layout)
    opacityColumnVisible = stored(bool, "opacityColumnVisible", True, _layout)
    statusColumnVisible = stored(bool, "statusColumnVisible", False)
    layerColumnVisible = stored(bool, "layerColumnVisible", False)
    readOnly = stored(bool, "readOnly", False)
    filterBarVisible = stored(bool, "filterBarVisible", False)
    textFilter = stored(str, "textFilter", "", lambda self: self._fill())
    jumpToSelectedSegmentEnabled = stored(bool, "jumpToSelectedSegmentEnabled", False)
    segmentCount = declared(int, lambda self: len(self._ids))
