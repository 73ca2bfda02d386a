"""The module `qt`: the classes of Qt that a panel uses, with the manners of PythonQt.

What is not listed in qt5_members.json does not exist here, so a class that only Qt 6 has raises.
"""

import sys
import types
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from . import members, signals
from .dialogs import Dialogs
from .plain import raw

NAME = "qt"


def module(dialogs: Dialogs, ui_loader: type) -> types.ModuleType:
    """Make the module `qt` and put it where `import qt` finds it."""
    qt = types.ModuleType(NAME, "PythonQt's qt, on PySide6")
    qt.Qt = QtCore.Qt  # type: ignore[attr-defined]
    for name in members.TABLE:
        for library in (QtCore, QtGui, QtWidgets):
            if hasattr(library, name):
                setattr(qt, name, getattr(library, name))
    qt.QUiLoader = ui_loader  # type: ignore[attr-defined]
    qt.QStringList = tuple  # type: ignore[attr-defined]
    _guard_single_shot()
    dialogs.take_over(qt)
    sys.modules[NAME] = qt
    return qt


def classes() -> list[type]:
    """All classes of PySide6's libraries, listed for the host or not."""
    found: list[type] = []
    for library in (QtCore, QtGui, QtWidgets):
        named = (getattr(library, name) for name in dir(library))  # PySide loads them when asked
        found += [cls for cls in named if isinstance(cls, type)]
    return found


# single shots that have not fired yet
_waiting: set[QtCore.QTimer] = set()


def _guard_single_shot() -> None:
    """`QTimer.singleShot(ms, f)`: exceptions of f fail the test."""

    def single_shot(milliseconds: int, slot: Callable[..., Any]) -> None:
        if not isinstance(milliseconds, int) or not callable(slot):
            raise TypeError("QTimer.singleShot(milliseconds, callable)")
        timer = QtCore.QTimer()
        call = signals.guarded(slot, "QTimer.singleShot")

        def fire() -> None:
            _waiting.discard(timer)
            call()

        raw(timer, "setSingleShot")(True)
        raw(timer, "timeout").connect(fire)
        _waiting.add(timer)
        raw(timer, "start")(milliseconds)

    QtCore.QTimer.singleShot = staticmethod(single_shot)  # type: ignore[method-assign, assignment]


def forget_single_shots() -> None:
    """Drop what has not fired, at the end of a test."""
    for timer in _waiting:
        raw(timer, "stop")()
    _waiting.clear()
