"""What all stand-ins for widgets of CTK and Slicer share."""

from collections.abc import Callable
from typing import Any

from PySide6 import QtCore

from .plain import raw

# types of the properties, by which values are refused
TYPES: dict[int, Any] = {}


def declared(
    kind: Any, get: Callable[[Any], Any], put: Callable[[Any, Any], Any] | None = None
) -> QtCore.Property:
    """A property with its type; without `put` it can only be read."""
    made = QtCore.Property(kind, get, put) if put is not None else QtCore.Property(kind, get)
    TYPES[id(made)] = kind
    return made


def stored(
    kind: Any, name: str, default: Any, changed: Callable[[Any], None] | None = None
) -> QtCore.Property:
    """A property that keeps its value in the Python object, and tells `changed(self)`."""
    key = f"_{name}"

    def get(self: Any) -> Any:
        return self.__dict__.get(key, default)

    def put(self: Any, value: Any) -> None:
        if get(self) == value:
            return
        self.__dict__[key] = value
        if changed is not None:
            changed(self)

    return declared(kind, get, put)


def passed_on(kind: Any, name: str, inner: str, inner_name: str = "") -> QtCore.Property:
    """A property that belongs to a widget inside, kept in the attribute `inner`."""

    def get(self: Any) -> Any:
        return raw(self.__dict__[inner], "property")(inner_name or name)

    def put(self: Any, value: Any) -> None:
        raw(self.__dict__[inner], "setProperty")(inner_name or name, value)

    return declared(kind, get, put)
