"""What went wrong where no exception can reach the test: slots, observers, virtual methods.

Slicer prints such exceptions, and errors and warnings of VTK and Qt, and goes on; here every one of
them fails the test that caused it.
"""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import vtk
from PySide6 import QtCore

_recorded: list[str] = []


def record(error: BaseException, where: str) -> None:
    """Keep the traceback of an exception that Slicer would only print."""
    text = "".join(traceback.format_exception(error))
    _recorded.append(f"exception in {where}:\n{text}")


def record_sentence(sentence: str) -> None:
    """Keep a complaint that has no exception."""
    _recorded.append(sentence)


def take() -> list[str]:
    """Hand over what was recorded, and forget it."""
    taken = list(_recorded)
    _recorded.clear()
    return taken


@contextmanager
def expected(part: str) -> Iterator[None]:
    """Within the block a failure that contains `part` must happen, and does not fail the test."""
    before = take()
    yield
    during = take()
    _recorded.extend(before)
    if not any(part in text for text in during):
        raise AssertionError(f"no failure with {part!r} was recorded, only: {during}")
    _recorded.extend(text for text in during if part not in text)


def install() -> None:
    """Catch what VTK observers and overridden virtual methods of Qt print: both use the hooks."""

    def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        record(error, "an observer or a virtual method")
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook
    QtCore.qInstallMessageHandler(_qt_message)
    vtk.vtkOutputWindow.GetInstance().AddObserver("ErrorEvent", _vtk_error)


# what Qt says of the off-screen platform, and not of the panel
_OF_NO_CONCERN = ("propagateSizeHints", "is not normalized", "QFont", "OpenType support missing")


def _qt_message(kind: QtCore.QtMsgType, _context: object, text: str) -> None:
    if any(part in text for part in _OF_NO_CONCERN):
        return
    serious = (QtCore.QtMsgType.QtWarningMsg, QtCore.QtMsgType.QtCriticalMsg)
    if kind in serious:
        record_sentence(f"Qt: {text}")
    sys.stderr.write(f"Qt: {text}\n")


@vtk.calldata_type(vtk.VTK_STRING)
def _vtk_error(_caller: object, _event: str, text: str) -> None:
    record_sentence(f"VTK: {text}")
