"""`slicer.app.layoutManager()`, on the real layout logic, and the widgets of its views."""

from typing import Any

from PySide6 import QtCore, QtWidgets

from . import failures, members, signals
from .scene import Scene
from .standin import declared
from .table_view import qMRMLTableView


class LayoutManager(QtCore.QObject):
    """`slicer.app.layoutManager()`, on the real layout logic."""

    _slicer_host_members = members.declare(
        ("layoutChanged(int)",),
        """setLayout sliceViewNames sliceWidget threeDWidget tableWidget plotWidget resetSliceViews
        resetThreeDViews mrmlScene mrmlSliceLogics layoutLogic pauseRender resumeRender
        setRenderPaused viewport""",
    )

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.__dict__["_scene"] = scene
        self.__dict__["_widgets"] = {}

    def _node(self) -> Any:
        return self._scene.layout_logic.GetLayoutNode()

    def setLayout(self, number: int) -> None:
        """Slot."""
        node = self._node()
        if not node.IsLayoutDescription(number):
            failures.record_sentence(f"layout {number} does not exist")
        before = node.GetViewArrangement()
        node.SetViewArrangement(number)
        if before != number:
            signals.emit(self, "layoutChanged(int)", number)

    def layoutLogic(self) -> Any:
        """vtkMRMLLayoutLogic."""
        return self._scene.layout_logic

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene.node

    def mrmlSliceLogics(self) -> Any:
        """vtkCollection of slice logics."""
        return self._scene.application_logic.GetSliceLogics()

    def sliceViewNames(self) -> tuple[str, ...]:
        """Red, Green, Yellow."""
        return tuple(self._scene.slice_logics)

    def sliceWidget(self, name: str) -> "SliceWidget | None":
        """The widget of a slice view, or None."""
        logic = self._scene.slice_logics.get(name)
        return None if logic is None else self._widgets.setdefault(name, SliceWidget(logic))

    def threeDWidget(self, _which: int) -> None:
        """The host draws no 3D view."""

    def _view_nodes(self, class_name: str) -> list[Any]:
        mapped = self._scene.layout_logic.GetViewNodes()
        nodes = [mapped.GetItemAsObject(i) for i in range(mapped.GetNumberOfItems())]
        return [node for node in nodes if node.IsA(class_name)]

    def tableWidget(self, number: int) -> "TableWidget | None":
        """The widget of a table view of the current layout, or None."""
        nodes = self._view_nodes("vtkMRMLTableViewNode")
        return TableWidget(nodes[number]) if number < len(nodes) else None

    def plotWidget(self, number: int) -> "PlotWidget | None":
        """The widget of a plot view of the current layout, or None."""
        nodes = self._view_nodes("vtkMRMLPlotViewNode")
        return PlotWidget(nodes[number]) if number < len(nodes) else None

    def viewport(self) -> QtWidgets.QWidget:
        """What the views lie in."""
        return QtWidgets.QWidget()

    def resetSliceViews(self) -> None:
        """Slot: every slice view shows the whole of its volumes."""
        for logic in self._scene.slice_logics.values():
            logic.FitSliceToBackground()

    def resetThreeDViews(self) -> None:
        """Slot."""

    def pauseRender(self) -> None:
        """Slot."""

    def resumeRender(self) -> None:
        """Slot."""

    def setRenderPaused(self, _pause: bool) -> None:
        """Slot."""

    layout = declared(
        int, lambda self: self._node().GetViewArrangement(), lambda self, v: self.setLayout(v)
    )
    threeDViewCount = declared(int, lambda self: len(self._view_nodes("vtkMRMLViewNode")))
    tableViewCount = declared(int, lambda self: len(self._view_nodes("vtkMRMLTableViewNode")))
    plotViewCount = declared(int, lambda self: len(self._view_nodes("vtkMRMLPlotViewNode")))


class SliceWidget(QtCore.QObject):
    """qMRMLSliceWidget, without drawing."""

    _slicer_host_members = members.declare((), "sliceLogic mrmlSliceNode mrmlSliceCompositeNode")

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self.__dict__["_logic"] = logic

    def sliceLogic(self) -> Any:
        """vtkMRMLSliceLogic."""
        return self._logic

    def mrmlSliceNode(self) -> Any:
        """vtkMRMLSliceNode."""
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self) -> Any:
        """vtkMRMLSliceCompositeNode."""
        return self._logic.GetSliceCompositeNode()


class TableWidget(QtCore.QObject):
    """qMRMLTableWidget."""

    _slicer_host_members = members.declare((), "mrmlTableViewNode tableView setMRMLTableViewNode")

    def __init__(self, node: Any) -> None:
        super().__init__()
        self.__dict__["_node"] = node

    def mrmlTableViewNode(self) -> Any:
        """vtkMRMLTableViewNode."""
        return self._node

    def setMRMLTableViewNode(self, node: Any) -> None:
        """Slot."""
        self.__dict__["_node"] = node

    def tableView(self) -> qMRMLTableView:
        """The table inside."""
        view = qMRMLTableView()
        view.setMRMLTableNode(self._node.GetTableNode())
        return view


class PlotWidget(QtCore.QObject):
    """qMRMLPlotWidget."""

    _slicer_host_members = members.declare((), "mrmlPlotViewNode setMRMLPlotViewNode")

    def __init__(self, node: Any) -> None:
        super().__init__()
        self.__dict__["_node"] = node

    def mrmlPlotViewNode(self) -> Any:
        """vtkMRMLPlotViewNode."""
        return self._node

    def setMRMLPlotViewNode(self, node: Any) -> None:
        """Slot."""
        self.__dict__["_node"] = node
