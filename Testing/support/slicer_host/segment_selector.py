"""qMRMLSegmentSelectorWidget: a segmentation and one or several of its segments."""

from typing import Any

from PySide6 import QtWidgets

from . import members, signals
from .mrml_widget import qMRMLWidget
from .node_combo_box import qMRMLNodeComboBox
from .plain import raw
from .standin import declared, stored


class qMRMLSegmentSelectorWidget(qMRMLWidget):
    """Two combo boxes: segmentation and segment."""

    _slicer_host_members = members.declare(
        (
            "currentNodeChanged(vtkMRMLNode*)",
            "currentSegmentChanged(QString)",
            "segmentSelectionChanged(QStringList)",
        ),
        """currentNode currentNodeID currentSegmentID selectedSegmentIDs segmentIDs setMRMLScene
        setCurrentNode setCurrentNodeID setCurrentSegmentID setSelectedSegmentIDs""",
    )

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        nodes = qMRMLNodeComboBox()
        nodes.nodeTypes = ["vtkMRMLSegmentationNode"]
        nodes.addEnabled = nodes.removeEnabled = False
        nodes.noneEnabled = True
        segments = QtWidgets.QComboBox()
        self.__dict__.update(_nodes=nodes, _segments=segments, _ids=[], _chosen=())
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(nodes)
        layout.addWidget(segments)
        nodes.connect("currentNodeChanged(vtkMRMLNode*)", self._node_changed)
        raw(segments, "currentIndexChanged").connect(lambda index: self._segment_changed(index))

    def _node_changed(self, node: Any) -> None:
        ids: list[str] = []
        raw(self._segments, "clear")()
        if node is not None:
            segmentation = node.GetSegmentation()
            ids = [
                segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())
            ]
            self.__dict__["_ids"] = ids
            for segment_id in ids:
                raw(self._segments, "addItem")(segmentation.GetSegment(segment_id).GetName())
        self.__dict__.update(_ids=ids, _chosen=())
        signals.emit(self, "currentNodeChanged(vtkMRMLNode*)", node)

    def _segment_changed(self, _index: int) -> None:
        signals.emit(self, "currentSegmentChanged(QString)", self.currentSegmentID())

    def setMRMLScene(self, scene: Any) -> None:
        """Slot."""
        super().setMRMLScene(scene)
        self._nodes.setMRMLScene(scene)

    def currentNode(self) -> Any:
        """The segmentation, or None."""
        return self._nodes.currentNode()

    def currentNodeID(self) -> str:
        """The id of the segmentation; a method here, not a property."""
        return str(self._nodes.currentNodeID)

    def setCurrentNode(self, node: Any) -> None:
        """Slot."""
        self._nodes.setCurrentNode(node)

    def setCurrentNodeID(self, node_id: str) -> None:
        """Slot."""
        self._nodes.setCurrentNodeID(node_id)

    def segmentIDs(self) -> tuple[str, ...]:
        """Ids of all segments."""
        return tuple(self._ids)

    def currentSegmentID(self) -> str:
        """The chosen segment."""
        row = raw(self._segments, "currentIndex")()
        return self._ids[row] if 0 <= row < len(self._ids) else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        """Slot."""
        row = self._ids.index(segment_id) if segment_id in self._ids else -1
        raw(self._segments, "setCurrentIndex")(row)

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        """With `multiSelection`: the chosen segments."""
        return tuple(self._chosen)

    def setSelectedSegmentIDs(self, segment_ids: Any) -> None:
        """Slot."""
        self.__dict__["_chosen"] = tuple(i for i in self._ids if i in segment_ids)
        signals.emit(self, "segmentSelectionChanged(QStringList)", self._chosen)

    noneEnabled = stored(bool, "noneEnabled", True)
    multiSelection = stored(bool, "multiSelection", False)
    horizontalLayout = stored(bool, "horizontalLayout", True)
    segmentationNodeSelectorVisible = declared(
        bool,
        lambda self: not raw(self._nodes, "isHidden")(),
        lambda self, value: raw(self._nodes, "setVisible")(value),
    )
