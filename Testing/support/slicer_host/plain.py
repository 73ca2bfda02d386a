"""Members as PySide6 has them, past the manners of PythonQt; taken before those are put on."""

from typing import Any

from PySide6 import QtCore

_get = QtCore.QObject.__getattribute__


def raw(obj: QtCore.QObject, name: str) -> Any:
    """A member of a wrapped object as PySide6 has it."""
    return _get(obj, name)
