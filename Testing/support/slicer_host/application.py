"""`slicer.app`: the application and its module manager, as far as a panel uses them."""

import tempfile
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtWidgets

from . import manners, members
from .core_io import CoreIOManager
from .layout_manager import LayoutManager
from .plain import raw
from .scene import Scene
from .standin import declared


class qSlicerApplication(QtWidgets.QApplication):
    """The application object; the test says what it has found, never the machine's settings."""

    _slicer_host_members = members.declare(
        ("startupCompleted()", "mrmlSceneChanged(vtkMRMLScene*)"),
        """testingEnabled mrmlScene applicationLogic moduleLogic moduleManager layoutManager
        settings userSettings revisionUserSettings setOverrideCursor restoreOverrideCursor
        coreIOManager ioManager moduleDocumentationUrl translate processEvents pauseRender
        resumeRender setRenderPaused pythonConsole startupEnvironment environment""",
    )

    def __init__(self) -> None:
        super().__init__(["Slicer"])
        raw(self, "setApplicationName")("Slicer")
        raw(self, "setOrganizationName")("SlicerHost")
        home = Path(tempfile.mkdtemp(prefix="slicer-host-"))
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
        QtCore.QSettings.setPath(
            QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, str(home)
        )
        self.__dict__.update(
            _home=home, _testing=False, _scene=None, _modules=ModuleManager(), _layouts=None,
            _io=CoreIOManager(), _settings=QtCore.QSettings(), _temporary=str(home),
        )  # fmt: skip

    def _use(self, scene: Scene | None) -> None:
        self.__dict__["_scene"] = scene
        self.__dict__["_layouts"] = None if scene is None else LayoutManager(scene)
        self.__dict__["_testing"] = False
        self.__dict__["_temporary"] = str(self._home)
        raw(self._settings, "clear")()
        self._io._use(None if scene is None else scene.node)

    def testingEnabled(self) -> bool:
        """Whether pop-ups are only logged; a test switches it with `host.testing`."""
        return bool(self._testing)

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene.node

    def applicationLogic(self) -> Any:
        """vtkSlicerApplicationLogic."""
        return self._scene.application_logic

    def moduleLogic(self, name: str) -> Any:
        """The logic of a module by its name, or None."""
        return self._scene.logics.get(name)

    def moduleManager(self) -> "ModuleManager":
        """Knows the modules."""
        manager: ModuleManager = self._modules
        return manager

    def layoutManager(self) -> LayoutManager | None:
        """The views; None headless."""
        manager: LayoutManager | None = self._layouts
        return manager

    def coreIOManager(self) -> CoreIOManager:
        """Loads and saves."""
        manager: CoreIOManager = self._io
        return manager

    ioManager = coreIOManager

    def settings(self) -> QtCore.QSettings:
        """Settings of this test alone."""
        settings: QtCore.QSettings = self._settings
        return settings

    userSettings = settings
    revisionUserSettings = settings

    def moduleDocumentationUrl(self, name: str) -> str:
        """Where the documentation of a module is."""
        return f"https://slicer.readthedocs.io/en/latest/user_guide/modules/{name.lower()}.html"

    def translate(self, _context: str, text: str) -> str:
        """The text itself: the host speaks English."""
        return text

    def startupEnvironment(self) -> QtCore.QProcessEnvironment:
        """The variables of the environment that the application was started in."""
        return QtCore.QProcessEnvironment.systemEnvironment()

    environment = startupEnvironment

    def pythonConsole(self) -> None:
        """There is none."""

    def setRenderPaused(self, _pause: bool) -> None:
        """Slot."""

    def pauseRender(self) -> None:
        """Slot."""

    def resumeRender(self) -> None:
        """Slot."""

    temporaryPath = declared(
        str,
        lambda self: self._temporary,
        lambda self, value: self.__dict__.update(_temporary=value),
    )
    slicerHome = declared(str, lambda self: str(self._home))
    cachePath = declared(str, lambda self: str(self._home))
    documentationBaseUrl = declared(str, lambda _: "https://slicer.readthedocs.io/en/latest/")
    majorVersion = declared(int, lambda _: 5)
    minorVersion = declared(int, lambda _: 12)
    revision = declared(str, lambda _: "34400")
    os = declared(str, lambda _: "linux")


class ModuleManager(QtCore.QObject):
    """`slicer.app.moduleManager()`."""

    _slicer_host_members = members.declare(
        ("moduleAboutToBeUnloaded(QString)", "moduleLoaded(QString)", "modulesLoaded(QStringList)"),
        "module factoryManager",
    )

    def __init__(self) -> None:
        super().__init__()
        self.__dict__["_loaded"] = {}

    def module(self, name: str) -> Any:
        """A module by its name, or None."""
        return self._loaded.get(name)

    def factoryManager(self) -> "ModuleManager":
        """Not needed by a panel."""
        raise NotImplementedError("the host has no factory manager")


def the_application() -> qSlicerApplication:
    """The one application of the process."""
    existing = QtWidgets.QApplication.instance()
    if existing is None:
        from .qt import classes

        existing = qSlicerApplication()
        manners.install(classes())
    if not isinstance(existing, qSlicerApplication):
        raise RuntimeError("another QApplication was made before the host's")
    return existing
