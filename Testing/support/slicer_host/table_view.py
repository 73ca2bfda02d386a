"""qMRMLTableView: a table node, drawn with Qt's table."""

from typing import Any

from PySide6 import QtGui, QtWidgets

from . import members, signals
from .observing import SceneWatch
from .plain import raw
from .standin import stored


def _refresh(self: Any) -> None:
    self._fill()


class qMRMLTableView(QtWidgets.QTableView):
    """Shows and edits a vtkMRMLTableNode."""

    _slicer_host_members = members.declare(
        ("mrmlSceneChanged(vtkMRMLScene*)", "selectionChanged()"),
        """mrmlScene setMRMLScene mrmlTableNode setMRMLTableNode mrmlTableViewNode
        setMRMLTableViewNode copySelection""",
    )

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        model = QtGui.QStandardItemModel()
        self.__dict__.update(_model=model, _scene=None, _node=None, _view=None)
        self.__dict__["_watch"] = SceneWatch(self)
        raw(self, "setModel")(model)
        raw(raw(self, "selectionModel")(), "selectionChanged").connect(
            lambda *_: signals.emit(self, "selectionChanged()")
        )

    def mrmlScene(self) -> Any:
        """The scene, or None."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Slot."""
        if scene is self._scene:
            return
        self.__dict__["_scene"] = scene
        self.setMRMLTableNode(None)
        signals.emit(self, "mrmlSceneChanged(vtkMRMLScene*)", scene)

    def mrmlTableNode(self) -> Any:
        """The table node, or None."""
        return self._node

    def setMRMLTableNode(self, node: Any) -> None:
        """Slot."""
        if node is not None and not node.IsA("vtkMRMLTableNode"):
            raise TypeError(f"{node.GetName()} is no table")
        self._watch.clear()
        self.__dict__["_node"] = node
        if node is not None:
            self._watch.watch_plain(node, "ModifiedEvent", self._fill)
        self._fill()

    def mrmlTableViewNode(self) -> Any:
        """The view node, or None."""
        return self._view

    def setMRMLTableViewNode(self, node: Any) -> None:
        """Slot."""
        self.__dict__["_view"] = node
        self.setMRMLTableNode(node.GetTableNode() if node is not None else None)

    def copySelection(self) -> None:
        """Slot: nothing to copy to here."""

    def _fill(self) -> None:
        model = self._model
        raw(model, "clear")()
        table = self._node.GetTable() if self._node is not None else None
        if table is None:
            return
        columns = [table.GetColumn(i) for i in range(table.GetNumberOfColumns())]
        named = self._node.GetUseColumnTitleAsColumnHeader()
        for column in columns:
            texts = [_text(column.GetVariantValue(row)) for row in range(table.GetNumberOfRows())]
            # without titles in the header, Slicer shows the names in a first row to be edited
            cells = [QtGui.QStandardItem(t) for t in ([] if named else [column.GetName()]) + texts]
            for cell in cells:
                cell.setEditable(not self._node.GetLocked())
            raw(model, "appendColumn")(cells)
        raw(model, "setHorizontalHeaderLabels")(
            [self._header(c.GetName()) if named else chr(65 + i) for i, c in enumerate(columns)]
        )
        raw(self, "resizeColumnsToContents")()

    def _header(self, name: str) -> str:
        unit = self._node.GetColumnUnitLabel(name)
        title = self._node.GetColumnTitle(name) or name
        return f"{title} [{unit}]" if unit else str(title)

    transposed = stored(bool, "transposed", False, _refresh)
    firstRowLocked = stored(bool, "firstRowLocked", False)
    firstColumnLocked = stored(bool, "firstColumnLocked", False)


def _text(value: Any) -> str:
    """A cell as Slicer prints it."""
    return str(value.ToString())
