"""The manners of PythonQt on the classes of PySide6.

PythonQt reads a name as property, then as method; calling a property raises, unknown names raise
on reading and on writing, lists come back as tuples, methods take no keywords. PySide6 by itself
would accept `label.text = "x"` silently as a new Python attribute. The classes are changed in
place, so that widgets that Qt made by itself behave the same way.
"""

import types
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore

from . import members, signals
from .plain import raw
from .standin import TYPES


def _python_member(cls: type, name: str) -> bool:
    """Whether a class derived in Python (not a stand-in) defines the name itself."""
    for base in cls.__mro__:
        if members.is_wrapped(base):
            return False
        if name in base.__dict__:
            return True
    return False


def _method(obj: QtCore.QObject, name: str) -> Callable[..., Any]:
    special = _SPECIAL.get(name)
    if special is not None:
        return lambda *arguments: special(obj, *arguments)
    bare = name[:-1] if name.endswith("_") and not name.startswith("_") else name
    found = raw(obj, bare)
    # what overrides a virtual method must reach Qt as the bound method that it is
    override = isinstance(found, types.MethodType) and not members.is_declared(type(obj), name)
    if override or not callable(found) or isinstance(found, type):
        return found  # type: ignore[no-any-return]

    def call(*arguments: Any, **keywords: Any) -> Any:
        if keywords:
            raise TypeError(f"{type(obj).__name__}.{name} takes no keyword arguments in PythonQt")
        return signals.to_python(found(*arguments))

    return call


def _get(self: QtCore.QObject, name: str) -> Any:
    if name.startswith("_"):
        return raw(self, name)
    cls = type(self)
    # Qt itself asks for overridden virtual methods in this way; two of them are properties too
    if name in _VIRTUAL_PROPERTIES:
        return raw(self, name)() if members.is_qt(cls) else raw(self, name)
    if name in _NEWER_VIRTUALS or _python_member(cls, name):
        return raw(self, name)
    kind = members.kind_of(cls, name)
    if kind == "property":
        return signals.to_python(_read(self, "objectName" if name == "name" else name))
    if kind == "signal":
        return signals.BoundSignal(self, name)
    if kind == "method":
        return _method(self, name)
    if not members.is_wrapped(cls) and name in raw(self, "__dict__"):
        return raw(self, "__dict__")[name]
    if name in _dynamic_names(self):
        return signals.to_python(raw(self, "property")(name))
    for child in raw(self, "children")():
        if raw(child, "objectName")() == name:
            return child
    raise AttributeError(f"{cls.__name__} has no attribute named '{name}'")


_VIRTUAL_PROPERTIES = {"minimumSizeHint", "sizeHint"}
# virtual methods of Qt 6 that Qt 5 has not: PySide looks for overrides of them
_NEWER_VIRTUALS = {
    "clearItemData", "createAction", "createActionGroup", "createLayout", "createWidget",
    "initViewItemOption", "multiData",
}  # fmt: skip


def _read(obj: QtCore.QObject, name: str) -> Any:
    # QObject.property loses the Python types of a stand-in's properties, so ask the class first
    for base in type(obj).__mro__:
        declared = base.__dict__.get(name)
        if isinstance(declared, QtCore.Property):
            return declared.fget(obj)  # type: ignore[misc]
    return raw(obj, "property")(name)


_ACCEPTED: dict[Any, tuple[type, ...]] = {
    "QString": (str,),
    str: (str,),
    "bool": (bool, int),
    bool: (bool, int),
    "int": (int,),
    int: (int,),
    "double": (int, float),
    float: (int, float),
    "QStringList": (list, tuple),
}


# while a .ui file is built: PySide then sets the children's names as attributes, which Slicer has not
building: list[bool] = []


def _set(self: QtCore.QObject, name: str, value: Any) -> None:
    cls = type(self)
    if building and not name.startswith("_"):
        return
    own = isinstance(value, QtCore.SignalInstance)  # PySide itself, at the first use of a signal
    if own or name.startswith("_") or _python_member(cls, name):
        _keep(self, name, value)
        return
    kind = members.kind_of(cls, name)
    if kind == "property":
        _write(self, "objectName" if name == "name" else name, value)
    elif kind != "none":
        raise AttributeError(f"{kind} '{name}' can not be overwritten on {cls.__name__} object")
    elif name in _dynamic_names(self):
        raw(self, "setProperty")(name, value)
    elif members.is_wrapped(cls):
        raise AttributeError(
            f"Attribute '{name}' does not exist on {cls.__name__} and creation of new attributes "
            f"on C++ objects is not allowed"
        )
    else:
        _keep(self, name, value)


def _keep(obj: QtCore.QObject, name: str, value: Any) -> None:
    """Set an attribute of Python, as `object.__setattr__` would."""
    found = getattr(type(obj), name, None)
    if hasattr(type(found), "__set__") and not isinstance(value, QtCore.SignalInstance):
        found.__set__(obj, value)  # type: ignore[union-attr]
    else:
        raw(obj, "__dict__")[name] = value


def _dynamic_names(obj: QtCore.QObject) -> list[str]:
    return [bytes(name.data()).decode() for name in raw(obj, "dynamicPropertyNames")()]


def _write(obj: QtCore.QObject, name: str, value: Any) -> None:
    cls = type(obj)
    what = f"Property '{name}' of {cls.__name__}"
    own = next((b.__dict__[name] for b in cls.__mro__ if name in b.__dict__), None)
    if isinstance(own, QtCore.Property):
        kind, writable = TYPES[id(own)], own.fset is not None
    else:
        own = None
        kind, writable = members.AT_HAND[members.nearest_qt(cls)][0][name]
    if not writable:
        raise AttributeError(f"{what} is not writable")
    accepted = _ACCEPTED.get(kind)
    if accepted is not None and not isinstance(value, accepted):
        raise AttributeError(
            f"{what} of type '{kind}' does not accept an object of type {type(value).__name__}"
        )
    if own is not None:
        own.fset(obj, value)  # type: ignore[misc]
    elif not raw(obj, "setProperty")(name, value):
        raise AttributeError(f"{what} of type '{kind}' does not accept {value!r}")


def _find_children(obj: QtCore.QObject, kind: Any, name: str | None = None) -> tuple[Any, ...]:
    found: list[QtCore.QObject] = []

    def descend(parent: QtCore.QObject) -> None:
        for child in raw(parent, "children")():
            matches = child.inherits(kind) if isinstance(kind, str) else isinstance(child, kind)
            if matches and (name is None or raw(child, "objectName")() == name):
                found.append(child)
            descend(child)

    descend(obj)
    return tuple(found)


def _find_child(obj: QtCore.QObject, kind: Any, name: str | None = None) -> Any:
    found = _find_children(obj, kind, name)
    return found[0] if found else None


def _class_name(obj: QtCore.QObject) -> str:
    return next(base.__name__ for base in type(obj).__mro__ if members.is_wrapped(base))


def _delete(obj: QtCore.QObject) -> None:
    import shiboken6

    shiboken6.delete(obj)


_SPECIAL: dict[str, Callable[..., Any]] = {
    "connect": signals.connect,
    "disconnect": signals.disconnect,
    "findChildren": _find_children,
    "findChild": _find_child,
    "className": _class_name,
    "delete": _delete,
}


def install(classes: list[type]) -> None:
    """Change the classes of PySide6 in place, once for the process."""
    QtCore.QObject.__getattribute__ = _get  # type: ignore[method-assign]
    for cls in classes:
        if issubclass(cls, QtCore.QObject):
            cls.__setattr__ = _set  # type: ignore[method-assign, assignment]
