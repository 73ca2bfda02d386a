"""A host for the Slicer module without Slicer: real MRML and real Qt, with PythonQt's manners.

`start()` once for the process makes `slicer`, `qt` and `ctk` importable as in Slicer; `Host` gives
each test a fresh scene. See README.md beside this file.
"""

import os
import sys
import types
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_started: list["Host"] = []
# closed and empty; were one left to the garbage collector, VTK would call observers half gone
_old_scenes: list[Any] = []


class Host:
    """The running application of the tests."""

    def __init__(self) -> None:
        import slicer

        from . import failures
        from .application import the_application
        from .dialogs import Dialogs
        from .ui_file import UiLoader

        self.app = the_application()
        self.dialogs = Dialogs()
        self.loaded: list[Any] = []
        self.scene: Any = None
        self._main_window: Any = None
        failures.install()
        from . import ctk as ctk_standins
        from . import qt as qt_namespace

        qt_namespace.module(self.dialogs, UiLoader)
        ctk_standins.module()
        _hide_leaked_names(slicer)
        slicer.app = self.app
        slicer.selfTests = {}
        slicer.mrmlScene = None
        UiLoader.standins = {**ctk_standins.STANDINS, **_put_widgets(slicer)}
        _put_python_packages(slicer)

    def new_scene(self) -> Any:
        """Close everything and begin with a fresh scene; returns `slicer.mrmlScene`."""
        import slicer

        from . import packaging, scene, signals
        from .event_loop import process_events
        from .modules import make_namespace

        self.close()
        self.scene = scene.fresh()
        self.app._use(self.scene)
        slicer.mrmlScene = self.scene.node
        slicer.selfTests.clear()
        packaging.asked.clear()
        make_namespace(self.app, self.scene)
        process_events()
        signals.forget_all()
        return slicer.mrmlScene

    def load(self, path: str | Path) -> Any:
        """Load a scripted module from its file, as Slicer does at its start."""
        from .modules import LoadedModule

        module = LoadedModule(self.app, Path(path))
        self.loaded.append(module)
        return module

    def close(self) -> None:
        """Unload the modules and drop the scene."""
        import slicer

        self.main_window = False

        from . import qt
        from .event_loop import process_events
        from .observing import end_all

        for module in reversed(self.loaded):
            module.unload()
        self.loaded.clear()
        process_events()
        qt.forget_single_shots()
        if self.scene is not None:
            end_all()
            self.scene.close()
            _old_scenes.append(self.scene)
            self.app._use(None)
            self.scene = None
            slicer.mrmlScene = None

    @property
    def testing(self) -> bool:
        """What `slicer.app.testingEnabled()` says: pop-ups are only logged."""
        return self.app.testingEnabled()

    @testing.setter
    def testing(self, value: bool) -> None:
        self.app._testing = value

    @property
    def main_window(self) -> bool:
        """Whether there is a main window; only with one do error messages become windows."""
        return self._main_window is not None

    @main_window.setter
    def main_window(self, value: bool) -> None:
        from PySide6 import QtWidgets

        from .plain import raw

        self._main_window = QtWidgets.QMainWindow() if value else None
        if self._main_window is not None:
            raw(self._main_window, "setObjectName")("qSlicerMainWindow")

    @staticmethod
    def failures() -> list[str]:
        """Exceptions that Slicer would only have printed; taking them forgets them."""
        from . import failures

        return failures.take()


def start() -> Host:
    """The host of this process."""
    if not _started:
        _started.append(Host())
    return _started[0]


def _put_widgets(slicer: types.ModuleType) -> dict[str, Any]:
    from . import ctk as ctk_standins
    from .module_widget import qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
    from .mrml_widget import qMRMLWidget
    from .node_combo_box import qMRMLNodeComboBox
    from .segment_selector import qMRMLSegmentSelectorWidget
    from .segments_table import qMRMLSegmentsTableView
    from .table_view import qMRMLTableView

    in_ui_files = (
        qMRMLWidget,
        qMRMLNodeComboBox,
        qMRMLSegmentsTableView,
        qMRMLSegmentSelectorWidget,
        qMRMLTableView,
    )
    hosts = (qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget)
    for cls in (*in_ui_files, *hosts):
        setattr(slicer, cls.__name__, cls)
    # named in type checks of Slicer's own Python code
    for name in ("qMRMLSliderWidget", "qMRMLSpinBox", "qMRMLRangeWidget"):
        setattr(slicer, name, ctk_standins.unused(name))
    return {cls.__name__: cls for cls in in_ui_files}


def _put_python_packages(slicer: types.ModuleType) -> None:
    """The Python part of Slicer: its own files where SLICER_SOURCE names them, else stand-ins."""
    source = os.environ.get("SLICER_SOURCE")
    if source:
        folder = Path(source) / "Base/Python/slicer"
        if not (folder / "ScriptedLoadableModule.py").is_file():
            raise FileNotFoundError(f"SLICER_SOURCE={source} has no Base/Python/slicer")
        slicer.__path__.append(str(folder))
        import slicer.i18n
        import slicer.packaging
        import slicer.parameterNodeWrapper
        import slicer.ScriptedLoadableModule

        return
    from . import i18n, packaging, parameter_node, scripted_module

    for name, module in (
        ("i18n", i18n),
        ("packaging", packaging),
        ("parameterNodeWrapper", parameter_node),
        ("ScriptedLoadableModule", scripted_module),
    ):
        sys.modules[f"slicer.{name}"] = module
        setattr(slicer, name, module)


def _hide_leaked_names(slicer: types.ModuleType) -> None:
    """The wheel puts all of slicer.util into slicer itself, which Slicer does not."""
    for name in list(vars(slicer)):
        ours = getattr(slicer.util, name, None) is getattr(slicer, name)
        if ours and not name.startswith(("vtk", "_")) and name not in {"util", "sys", "os"}:
            delattr(slicer, name)
