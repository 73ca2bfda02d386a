"""qMRMLWidget: the root of a module's panel, which hands the scene on."""

from typing import Any

from PySide6 import QtWidgets

from . import members, signals


class qMRMLWidget(QtWidgets.QWidget):
    """A widget that knows the scene."""

    _slicer_host_members = members.declare(
        ("mrmlSceneChanged(vtkMRMLScene*)",), "mrmlScene setMRMLScene"
    )

    def mrmlScene(self) -> Any:
        """The scene, or None."""
        return self.__dict__.get("_scene")

    def setMRMLScene(self, scene: Any) -> None:
        """Slot; tells the widgets that the .ui file connects."""
        if scene is self.__dict__.get("_scene"):
            return
        self.__dict__["_scene"] = scene
        signals.emit(self, "mrmlSceneChanged(vtkMRMLScene*)", scene)
