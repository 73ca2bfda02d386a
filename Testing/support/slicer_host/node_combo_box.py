"""qMRMLNodeComboBox: chooses a node of the scene.

As in Slicer: `noneEnabled` is off and the three actions are on until said otherwise; nothing is
chosen by itself as long as the list has actions or a None; when the chosen node goes, the next one
of the list is chosen, or the one before it; in a batch the list stays as it was until the end, and
what is not in it cannot be chosen; renaming the chosen node tells a change too.
"""

from typing import Any

import slicer
from PySide6 import QtWidgets

from . import members, signals
from .observing import SceneWatch
from .plain import raw
from .standin import declared, stored

SIGNALS = (
    "currentNodeChanged(vtkMRMLNode*)",
    "currentNodeIDChanged(QString)",
    "nodeActivated(vtkMRMLNode*)",
    "currentNodeChanged(bool)",
    "nodeAdded(vtkMRMLNode*)",
    "nodeAddedByUser(vtkMRMLNode*)",
    "nodeAddedByUserAction(vtkMRMLNode*)",
    "nodeAboutToBeRemoved(vtkMRMLNode*)",
    "currentNodeRenamed(QString)",
    "nodeAboutToBeEdited(vtkMRMLNode*)",
)
METHODS = """mrmlScene setMRMLScene addAttribute removeAttribute nodeCount nodeFromIndex currentNode
setCurrentNode setCurrentNodeID setCurrentNodeIndex addNode removeCurrentNode renameCurrentNode
editCurrentNode setNodeTypeLabel nodeTypeLabel"""


def _refresh(self: Any) -> None:
    self._fill()


def _neighbour(listed: list[str], node_id: str) -> str:
    """What Qt's list chooses when a row goes: the next one, or the one before it."""
    if node_id not in listed:
        return ""
    at = listed.index(node_id)
    return ([*listed[at + 1 :], *reversed(listed[:at])] or [""])[0]


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Lists the nodes of some classes and keeps one of them chosen."""

    _slicer_host_members = members.declare(SIGNALS, METHODS)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        box = QtWidgets.QComboBox()
        self.__dict__.update(
            _box=box, _scene=None, _watch=SceneWatch(self), _listed=[], _current="",
            _attributes=[], _requested="", _base_names={}, _labels={}, _shown_text="", _filling=False,
        )  # fmt: skip
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(box)
        raw(box, "setSizeAdjustPolicy")(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        raw(self, "setSizePolicy")(
            QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed
        )
        raw(box, "setSizePolicy")(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding
        )
        raw(box, "activated").connect(lambda row: self._activated(row))
        raw(self, "setEnabled")(False)

    # the list

    def _extra_before(self) -> int:
        return 1 if self.noneEnabled else 0

    def _has_actions(self) -> bool:
        return bool(self.addEnabled or self.removeEnabled or self.editEnabled or self.renameEnabled)

    def _accepts(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        for kind in self.nodeTypes:
            is_kind = node.IsA(kind) if self.showChildNodeTypes else node.GetClassName() == kind
            if is_kind:
                return all(
                    node.GetAttribute(name) is not None and value in {None, node.GetAttribute(name)}
                    for of, name, value in self._attributes
                    if of == kind
                )
        return False

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        nodes = [self._scene.GetNthNode(i) for i in range(self._scene.GetNumberOfNodes())]
        return [node for node in nodes if self._accepts(node)]

    def _fill(self, gone: Any = None) -> None:
        if self._scene is None or self._filling:
            return
        self.__dict__["_filling"] = True
        before = list(self._listed)
        neighbour = _neighbour(before, self._current)
        nodes = [n for n in self._nodes() if n is not gone]
        self.__dict__["_listed"] = [n.GetID() for n in nodes]
        raw(self._box, "clear")()
        if self.noneEnabled:
            raw(self._box, "addItem")(self.noneDisplay)
        for node in nodes:
            raw(self._box, "addItem")(node.GetName() or "")
        self._add_actions()
        self.__dict__["_filling"] = False
        first = not before and len(nodes) > 0 and not self._extra_before()
        if self._current and self._current not in self._listed:
            self._choose(neighbour if neighbour in self._listed else "")
        elif not self._current and first and not self._has_actions():
            self._choose(self._listed[0])
        else:
            self._show()
            self._tell_renamed()

    def _add_actions(self) -> None:
        types = self.nodeTypes
        kind = self.nodeTypeLabel(types[0] if len(types) == 1 else "")
        actions = []
        if self.renameEnabled:
            actions.append(f"Rename current {kind}")
        if self.editEnabled:
            actions.append(f"Edit current {kind}")
        if self.addEnabled:
            actions += [f"Create new {self.nodeTypeLabel(t)}" for t in types]
        if self.removeEnabled:
            actions.append(f"Delete current {kind}")
        if actions:
            raw(self._box, "insertSeparator")(raw(self._box, "count")())
            for action in actions:
                raw(self._box, "addItem")(action)

    def _show(self) -> None:
        """The chosen node in the box inside."""
        if self._current in self._listed:
            row = self._listed.index(self._current) + self._extra_before()
        else:
            row = 0 if self.noneEnabled else -1
            kind = self.nodeTypeLabel(self.nodeTypes[0]) if self.nodeTypes else "node"
            raw(self._box, "setPlaceholderText")(f"Select a {kind}")
        raw(self._box, "setCurrentIndex")(row)
        node = self.currentNode()
        self.__dict__["_was_named"], self.__dict__["_shown_text"] = (
            self._shown_text,
            node.GetName() if node is not None else "",
        )

    def _tell_renamed(self) -> None:
        if self._current and self._was_named != self._shown_text:
            self._tell()

    def _choose(self, node_id: str) -> None:
        changed = node_id != self._current
        self.__dict__["_current"] = node_id
        self._show()
        if changed:
            self._tell()

    def _tell(self) -> None:
        node = self.currentNode()
        signals.emit(self, "currentNodeChanged(vtkMRMLNode*)", node)
        signals.emit(self, "currentNodeChanged(bool)", node is not None)
        signals.emit(self, "currentNodeIDChanged(QString)", self._current)

    def _activated(self, row: int) -> None:
        """A user chose a row of the list."""
        index = row - self._extra_before()
        if index >= len(self._listed):
            text = raw(self._box, "itemText")(row)
            self._show()
            if text.startswith("Create"):
                label = text.removeprefix("Create new ")
                self.addNode(next(t for t in self.nodeTypes if self.nodeTypeLabel(t) == label))
            elif text.startswith("Delete") and self.currentNode() is not None:
                self.removeCurrentNode()
            return
        self._choose("" if index < 0 else self._listed[index])
        signals.emit(self, "nodeActivated(vtkMRMLNode*)", self.currentNode())

    # what a panel calls

    def mrmlScene(self) -> Any:
        """The scene, or None."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Slot."""
        if scene is self._scene:
            return
        self._watch.clear()
        self.__dict__["_scene"] = scene
        raw(self, "setEnabled")(scene is not None)
        if scene is None:
            self.__dict__["_listed"] = []
            raw(self._box, "clear")()
            self._choose("")
            return
        events = slicer.vtkMRMLScene
        self._watch.watch(scene, events.NodeAddedEvent, self._added)
        self._watch.watch(scene, events.NodeAboutToBeRemovedEvent, self._removed)
        for event in (events.EndCloseEvent, events.EndImportEvent, events.EndBatchProcessEvent):
            self._watch.watch_plain(scene, event, self._fill)
        for node in self._nodes():
            self._watch_name(node)
        self.__dict__["_listed"] = ["not empty"]  # nothing is chosen by itself at the start
        if scene.IsBatchProcessing():
            self.__dict__["_listed"] = []
            return
        self._fill()
        self._choose(self._requested if self._requested in self._listed else "")
        self.__dict__["_requested"] = ""

    def _added(self, node: Any) -> None:
        self._watch_name(node)
        if self._scene.IsBatchProcessing():
            return
        if node is not None and self._accepts(node):
            self._fill()
            signals.emit(self, "nodeAdded(vtkMRMLNode*)", node)

    def _watch_name(self, node: Any) -> None:
        if node is not None and any(node.IsA(kind) for kind in self.nodeTypes):
            self._watch.watch_plain(node, "ModifiedEvent", self._fill_if_renamed)

    def _fill_if_renamed(self) -> None:
        nodes = self._nodes()
        start = self._extra_before()
        shown = [raw(self._box, "itemText")(start + i) for i in range(len(self._listed))]
        if [(n.GetID(), n.GetName() or "") for n in nodes] != list(
            zip(self._listed, shown, strict=True)
        ):
            self._fill()

    def _removed(self, node: Any) -> None:
        if node is not None and node.GetID() in self._listed:
            signals.emit(self, "nodeAboutToBeRemoved(vtkMRMLNode*)", node)
            self._fill(gone=node)

    def addAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        """List only nodes of this class that have the attribute (with this value)."""
        text = None if value is None else str(value)
        self._attributes.append((node_type, name, text))
        self._fill()

    def removeAttribute(self, node_type: str, name: str) -> None:
        """Undo `addAttribute`."""
        kept = [a for a in self._attributes if a[:2] != (node_type, name)]
        self.__dict__["_attributes"] = kept
        self._fill()

    def nodeCount(self) -> int:
        """How many nodes are listed."""
        return len(self._listed)

    def nodeFromIndex(self, index: int) -> Any:
        """The node at a place of the list, or None."""
        inside = 0 <= index < len(self._listed)
        return self._scene.GetNodeByID(self._listed[index]) if inside else None

    def currentNode(self) -> Any:
        """The chosen node, or None."""
        if self._scene is None or not self._current:
            return None
        return self._scene.GetNodeByID(self._current)

    def setCurrentNode(self, node: Any) -> None:
        """Slot; a node, or None."""
        if isinstance(node, str):
            raise TypeError("setCurrentNode takes a node; setCurrentNodeID takes an id")
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, node_id: str | None) -> None:
        """Slot."""
        wanted = node_id or ""
        if self._scene is None:
            self.__dict__["_requested"] = wanted
            return
        self._choose(wanted if wanted in self._listed else "")

    def setCurrentNodeIndex(self, index: int) -> None:
        """Slot."""
        self._choose(self._listed[index] if 0 <= index < len(self._listed) else "")

    def addNode(self, node_type: str | None = None) -> Any:
        """Slot: make a node as the action "Create new" does."""
        kind = node_type or (self.nodeTypes[0] if self.nodeTypes else "")
        if kind not in self.nodeTypes:
            return None
        name = self._base_names.get(kind) or self._scene.GetTypeDisplayNameByClassName(kind)
        node = self._scene.AddNewNodeByClass(kind, self._scene.GenerateUniqueName(name))
        for of, attribute, value in self._attributes:
            if of == kind:
                node.SetAttribute(attribute, value or "")
        if self.selectNodeUponCreation:
            self._fill()
            self.setCurrentNode(node)
        signals.emit(self, "nodeAddedByUser(vtkMRMLNode*)", node)
        return node

    def removeCurrentNode(self) -> None:
        """Slot."""
        self._scene.RemoveNode(self.currentNode())

    def renameCurrentNode(self) -> None:
        """Slot: asks for a name."""
        node = self.currentNode()
        if node is not None:
            name = QtWidgets.QInputDialog.getText(self, f"Rename {node.GetName()}")
            node.SetName(name)
            signals.emit(self, "currentNodeRenamed(QString)", name)

    def editCurrentNode(self) -> None:
        """Slot."""
        signals.emit(self, "nodeAboutToBeEdited(vtkMRMLNode*)", self.currentNode())

    def setNodeTypeLabel(self, label: str, node_type: str) -> None:
        """What the texts call this class of nodes."""
        self._labels[node_type] = label
        self._fill()

    def nodeTypeLabel(self, node_type: str) -> str:
        """What the texts call this class of nodes."""
        if node_type in self._labels:
            return str(self._labels[node_type])
        label = self._scene.GetTypeDisplayNameByClassName(node_type) if self._scene else ""
        return label or "node"

    def _set_types(self, types: Any) -> None:
        self.__dict__["_types"] = tuple(t for t in types if t)
        self._fill()

    def _set_base_name(self, name: str) -> None:
        if not self.nodeTypes:
            raise ValueError("baseName needs nodeTypes to be set before it")
        self._base_names.update(dict.fromkeys(self.nodeTypes, name))

    currentNodeID = declared(
        str, lambda self: self._current, lambda self, value: self.setCurrentNodeID(value)
    )
    nodeTypes = declared(
        "QStringList",
        lambda self: self.__dict__.get("_types", ()),
        lambda self, v: self._set_types(v),
    )
    baseName = declared(
        str,
        lambda self: next(iter(self._base_names.values()), ""),
        lambda self, value: self._set_base_name(value),
    )
    showHidden = stored(bool, "showHidden", False, _refresh)
    showChildNodeTypes = stored(bool, "showChildNodeTypes", True, _refresh)
    noneEnabled = stored(bool, "noneEnabled", False, _refresh)
    noneDisplay = stored(str, "noneDisplay", "None", _refresh)
    addEnabled = stored(bool, "addEnabled", True, _refresh)
    removeEnabled = stored(bool, "removeEnabled", True, _refresh)
    editEnabled = stored(bool, "editEnabled", False, _refresh)
    renameEnabled = stored(bool, "renameEnabled", False, _refresh)
    selectNodeUponCreation = stored(bool, "selectNodeUponCreation", True)
    interactionNodeSingletonTag = stored(str, "interactionNodeSingletonTag", "")
