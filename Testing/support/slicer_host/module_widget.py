"""What a scripted module hangs on: its C++ module object, and the widget that holds its panel."""

from typing import Any

from PySide6 import QtCore, QtWidgets

from . import members
from .mrml_widget import qMRMLWidget
from .standin import declared, stored


class qSlicerScriptedLoadableModule(QtCore.QObject):
    """The `parent` of the module class: its metadata."""

    _slicer_host_members = members.declare(
        (), "logic widgetRepresentation mrmlScene createNewWidgetRepresentation"
    )

    def __init__(self, name: str, path: str) -> None:
        super().__init__()
        self.__dict__.update(_module_name=name, _path=path, _panel=None)

    def widgetRepresentation(self) -> "qSlicerScriptedLoadableModuleWidget | None":
        """The panel, made at the first call."""
        panel: qSlicerScriptedLoadableModuleWidget | None = self._panel
        return panel

    def createNewWidgetRepresentation(self) -> None:
        """Not needed by tests."""
        raise NotImplementedError("the host makes one panel for a module")

    def logic(self) -> None:
        """A scripted module has its logic in Python; this is None."""

    def mrmlScene(self) -> Any:
        """The scene."""
        import slicer

        return slicer.mrmlScene

    name = declared(str, lambda self: self._module_name)
    path = declared(str, lambda self: self._path)
    title = stored(str, "title", "")
    categories = stored("QStringList", "categories", ())
    dependencies = stored("QStringList", "dependencies", ())
    contributors = stored("QStringList", "contributors", ())
    associatedNodeTypes = stored("QStringList", "associatedNodeTypes", ())
    helpText = stored(str, "helpText", "")
    acknowledgementText = stored(str, "acknowledgementText", "")
    hidden = stored(bool, "hidden", False)
    index = stored(int, "index", -1)
    icon = stored("QIcon", "icon", None)
    version = stored(str, "version", "")
    widgetRepresentationCreationEnabled = stored(bool, "widgetRepresentationCreationEnabled", True)


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The `parent` of the widget class: the column in which the panel stands."""

    _slicer_host_members = members.declare((), "self setup enter exit reload")

    def __init__(self, make: Any) -> None:
        super().__init__()
        QtWidgets.QVBoxLayout(self)
        self.__dict__.update(_make=make, _self=None)

    def self(self) -> Any:
        """The Python object."""
        return self._self

    def setup(self) -> None:
        """Call `setup` of the Python object."""
        self._self.setup()

    def enter(self) -> None:
        """The user chose the module."""
        if hasattr(self._self, "enter"):
            self._self.enter()

    def exit(self) -> None:
        """The user went to another module."""
        if hasattr(self._self, "exit"):
            self._self.exit()

    def reload(self) -> None:
        """Make the Python object anew, from the class as it is now."""
        self.__dict__["_self"] = self._make(self)
        self.setup()
