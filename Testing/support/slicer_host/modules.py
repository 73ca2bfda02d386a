"""`slicer.modules`: the modules of Slicer whose logic the host has, and the scripted one under test."""

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore

from . import members, signals
from .application import qSlicerApplication
from .module_widget import qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
from .plain import raw
from .scene import Scene
from .standin import declared


class CoreModule(QtCore.QObject):
    """A module of Slicer: its name and its logic."""

    _slicer_host_members = members.declare((), "logic mrmlScene widgetRepresentation")

    def __init__(self, name: str, logic: Any) -> None:
        super().__init__()
        self.__dict__.update(_module_name=name, _logic=logic)

    def logic(self) -> Any:
        """The logic."""
        return self._logic

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._logic.GetMRMLScene()

    def widgetRepresentation(self) -> None:
        """The host has no panels of Slicer's own modules."""

    name = declared(str, lambda self: self._module_name)


def make_namespace(app: qSlicerApplication, scene: Scene) -> types.ModuleType:
    """`slicer.modules` with the modules that have a logic here."""
    modules = types.ModuleType("slicer.modules")
    app.moduleManager().__dict__["_loaded"] = loaded = {}
    for name, logic in scene.logics.items():
        module = CoreModule(name, logic)
        setattr(modules, name.lower(), module)
        loaded[name] = module
    sys.modules["slicer.modules"] = modules
    slicer.modules = modules
    slicer.moduleNames = types.ModuleType("slicer.moduleNames")
    return modules


class LoadedModule:
    """A scripted module that the host has loaded, with its panel."""

    def __init__(self, app: qSlicerApplication, path: Path) -> None:
        self.name = path.stem
        self._app = app
        spec = importlib.util.spec_from_file_location(self.name, path)
        assert spec is not None
        assert spec.loader is not None
        self.python = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = self.python
        sys.path.insert(0, str(path.parent))  # as for --additional-module-paths
        self._path_entry = str(path.parent)
        spec.loader.exec_module(self.python)
        self.module = qSlicerScriptedLoadableModule(self.name, str(path))
        slicer.app.moduleManager().__dict__["_loaded"][self.name] = self.module
        setattr(slicer.modules, self.name.lower(), self.module)
        setattr(slicer.moduleNames, self.name, self.name)
        self.instance = getattr(self.python, self.name)(self.module)
        setattr(slicer.modules, f"{self.name}Instance", self.instance)
        self.panel: qSlicerScriptedLoadableModuleWidget | None = None

    def open(self, *, enter: bool = True) -> Any:
        """Show the panel, as the first click on the module does; returns the Python widget."""
        if self.panel is None:
            self.panel = panel = qSlicerScriptedLoadableModuleWidget(self._make_widget)
            panel.setMRMLScene(slicer.mrmlScene)
            self.module.__dict__["_panel"] = panel
            panel.__dict__["_self"] = self._make_widget(panel)
            panel.setup()
            raw(panel, "resize")(520, 1100)
            panel.show()
        if enter:
            self.panel.enter()
        return self.panel.self()

    def _make_widget(self, panel: Any) -> Any:
        widget = getattr(sys.modules[self.name], f"{self.name}Widget")(panel)
        setattr(slicer.modules, f"{self.name}Widget", widget)
        return widget

    def unload(self) -> None:
        """Leave and clean up, as at the end of Slicer."""
        if self.panel is not None:
            self.panel.exit()
            signals.emit(self._app.moduleManager(), "moduleAboutToBeUnloaded(QString)", self.name)
            self.panel.hide()
            self.panel.deleteLater()
            self.panel = None
        sys.modules.pop(self.name, None)
        if self._path_entry in sys.path:
            sys.path.remove(self._path_entry)
