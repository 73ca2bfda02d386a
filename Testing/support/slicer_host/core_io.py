"""Loading and saving of nodes and scenes, as `slicer.util.loadVolume` and `saveScene` ask for."""

from pathlib import Path
from typing import Any

from PySide6 import QtCore

from . import members

STORAGE = {
    "VolumeFile": ("vtkMRMLScalarVolumeNode", "vtkMRMLVolumeArchetypeStorageNode"),
    "SegmentationFile": ("vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode"),
    "TableFile": ("vtkMRMLTableNode", "vtkMRMLTableStorageNode"),
    "MarkupsFile": ("vtkMRMLMarkupsLineNode", "vtkMRMLMarkupsJsonStorageNode"),
    "TransformFile": ("vtkMRMLLinearTransformNode", "vtkMRMLTransformStorageNode"),
    "TextFile": ("vtkMRMLTextNode", "vtkMRMLTextStorageNode"),
}
LABEL_MAP = ("vtkMRMLLabelMapVolumeNode", "vtkMRMLVolumeArchetypeStorageNode")


class CoreIOManager(QtCore.QObject):
    """`slicer.app.coreIOManager()`."""

    _slicer_host_members = members.declare(
        ("newFileLoaded(QVariantMap)",), "fileType fileWriterFileType loadNodes saveNodes loadScene"
    )

    def __init__(self) -> None:
        super().__init__()
        self.__dict__["_scene"] = None

    def _use(self, scene: Any) -> None:
        self.__dict__["_scene"] = scene

    def fileType(self, path: str) -> str:
        """The type of file by its name."""
        name = str(path).lower()
        for ending, kind in (
            (".mrb", "SceneFile"), (".mrml", "SceneFile"), (".seg.nrrd", "SegmentationFile"),
            (".tsv", "TableFile"), (".csv", "TableFile"), (".mrk.json", "MarkupsFile"),
            (".h5", "TransformFile"), (".tfm", "TransformFile"), (".txt", "TextFile"),
        ):  # fmt: skip
            if name.endswith(ending):
                return kind
        return "VolumeFile"

    def fileWriterFileType(self, node: Any) -> str:
        """The type of file a node is saved as."""
        for kind, (class_name, _storage) in STORAGE.items():
            if node.IsA(class_name):
                return kind
        return "VolumeFile" if node.IsA("vtkMRMLVolumeNode") else ""

    def loadNodes(self, kind: str, properties: dict[str, Any], loaded: Any, _messages: Any) -> bool:
        """Read a file into the scene; the nodes made go into `loaded`."""
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return self._load_scene(path, bool(properties.get("clear", False)))
        class_name, storage_class = LABEL_MAP if properties.get("labelmap") else STORAGE[kind]
        node = self._scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        name = str(properties.get("name") or Path(path).name.split(".")[0])
        node.SetName(self._scene.GenerateUniqueName(name))
        storage = self._scene.CreateNodeByClass(storage_class)
        storage.UnRegister(None)
        storage.SetFileName(path)
        if not Path(path).exists() or not storage.ReadData(node):
            return False
        self._scene.AddNode(storage)
        self._scene.AddNode(node)
        node.SetAndObserveStorageNodeID(storage.GetID())
        if hasattr(node, "CreateDefaultDisplayNodes"):
            node.CreateDefaultDisplayNodes()
        loaded.AddItem(node)
        return True

    def loadScene(self, path: str, clear: bool = True) -> bool:
        """Read a scene, in place of the present one or beside it."""
        return self._load_scene(path, clear)

    def _load_scene(self, path: str, clear: bool) -> bool:
        if clear:
            self._scene.Clear(0)
        if path.endswith(".mrb"):
            return bool(self._scene.ReadFromMRB(path, clear))
        self._scene.SetURL(path)
        return bool(self._scene.Connect() if clear else self._scene.Import())

    def saveNodes(self, kind: str, properties: dict[str, Any], _messages: Any) -> bool:
        """Write a scene or one node."""
        path = str(properties["fileName"])
        if kind == "SceneFile":
            if path.endswith(".mrb"):
                return bool(self._scene.WriteToMRB(path))
            self._scene.SetURL(path)
            return bool(self._scene.Commit(path))
        node = self._scene.GetNodeByID(properties["nodeID"])
        storage = node.GetStorageNode()
        if storage is None:
            storage = node.CreateDefaultStorageNode()
            storage.UnRegister(None)
            self._scene.AddNode(storage)
            node.SetAndObserveStorageNodeID(storage.GetID())
        storage.SetFileName(path)
        return bool(storage.WriteData(node))
