"""Which members a Qt class has in Qt 5.15 and in the Qt at hand: a member must be in both.

`qt5_members.json` was written from the meta-objects and the Python classes of PyQt5 5.15; what only
Qt 6 has is not in it. PythonQt looks a name up as property, then as method or signal, then as enum.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from PySide6 import QtCore, QtGui, QtWidgets

Kind = Literal["property", "signal", "method", "none"]


def _table() -> dict[str, dict[str, set[str]]]:
    raw = json.loads(Path(__file__).with_name("qt5_members.json").read_text(encoding="utf-8"))
    return {
        name: {key: set(words.split()) for key, words in entry.items()}
        for name, entry in raw.items()
    }


TABLE = _table()

# the standard decorators of PythonQt give these to every QObject
EVERY_OBJECT = {
    "children", "className", "connect", "delete", "disconnect", "findChild", "findChildren",
    "help", "inherits", "parent", "property", "setParent", "setProperty", "tr",
}  # fmt: skip
# QTimer.singleShot is the static method, never the property
HIDDEN_PROPERTIES = {("QTimer", "singleShot")}
# where a stand-in says which signals and methods it has
PATCHED = "_slicer_host_members"


def is_qt(cls: type) -> bool:
    """Whether a class is Qt's own, and not one derived in Python."""
    return cls.__module__.startswith("PySide6.") and cls.__name__ in TABLE


def is_wrapped(cls: type) -> bool:
    """Whether instances of a class behave as C++ objects: Qt's own, and the host's stand-ins."""
    return PATCHED in cls.__dict__ or cls.__module__.startswith(("PySide6.", "Shiboken"))


def _at_hand() -> dict[str, tuple[dict[str, tuple[str, bool]], set[str]]]:
    """Properties (type, writable) and signals that the classes have in the Qt at hand.

    Read once and at the start: PySide's wrapper of a meta-object dies with the first object asked
    for it.
    """
    found = {}
    for name in TABLE:
        cls = next((getattr(m, name) for m in (QtWidgets, QtGui, QtCore) if hasattr(m, name)), None)
        meta = getattr(cls, "staticMetaObject", None)
        if meta is None:
            continue
        properties = [meta.property(i) for i in range(meta.propertyCount())]
        methods = [meta.method(i) for i in range(meta.methodCount())]
        found[name] = (
            {p.name(): (p.typeName(), p.isWritable()) for p in properties},
            {bytes(m.methodSignature().data()).decode() for m in methods},
        )
    return found


AT_HAND = _at_hand()


def nearest_qt(cls: type) -> str:
    """Name of the nearest class of Qt."""
    return next(base.__name__ for base in cls.__mro__ if is_qt(base))


@cache
def properties_of(cls: type) -> frozenset[str]:
    """Names of the properties of a class, inherited ones included."""
    of_qt, of_standins = {"objectName"}, set()
    for base in cls.__mro__:
        if PATCHED in base.__dict__:
            of_standins |= {k for k, v in base.__dict__.items() if isinstance(v, QtCore.Property)}
        elif is_qt(base):
            here = TABLE[base.__name__].get("properties", set())
            of_qt |= {n for n in here if (base.__name__, n) not in HIDDEN_PROPERTIES}
    return frozenset(of_standins | (of_qt & set(AT_HAND[nearest_qt(cls)][0])))


@cache
def signals_of(cls: type) -> tuple[str, ...]:
    """Signatures of the signals of a class, inherited ones included, those of derived classes first."""
    signatures: list[str] = []
    here_too = AT_HAND[nearest_qt(cls)][1]
    for base in cls.__mro__:
        if PATCHED in base.__dict__:
            signatures += base.__dict__[PATCHED]["signals"]
        elif is_qt(base):
            here = sorted(TABLE[base.__name__].get("signals", set()), key=lambda s: (-len(s), s))
            signatures += [s for s in here if s in here_too]
    return tuple(dict.fromkeys(signatures))


@cache
def signatures_named(cls: type, name: str) -> tuple[str, ...]:
    """Signatures of the signals called `name`."""
    return tuple(s for s in signals_of(cls) if s.split("(")[0] == name)


@cache
def kind_of(cls: type, name: str) -> Kind:
    """What `name` is on instances of `cls`, as PythonQt would look it up."""
    if name in properties_of(cls) or name == "name":
        return "property"
    if signatures_named(cls, name):
        return "signal"
    if name in EVERY_OBJECT:
        return "method"
    bare = name[:-1] if name.endswith("_") else name  # exec_ is exec
    for base in cls.__mro__:
        if PATCHED in base.__dict__:
            if name in base.__dict__[PATCHED]["methods"]:
                return "method"
            if name in base.__dict__[PATCHED]["hidden"]:
                return "none"
        elif is_qt(base) and bare in TABLE[base.__name__].get("members", set()):
            return "method"
    return "none"


def is_declared(cls: type, name: str) -> bool:
    """Whether a stand-in declares the method as one to be called from Python."""
    return any(
        name in base.__dict__[PATCHED]["methods"]
        for base in cls.__mro__
        if PATCHED in base.__dict__
    )


def declare(signals: tuple[str, ...] = (), methods: str = "", hidden: str = "") -> dict[str, Any]:
    """Members of a stand-in that are not properties: its signals and its callable methods.

    `hidden` are members of the class of Qt from which the stand-in derives, which the class it
    stands for has not.
    """
    return {
        "signals": list(signals),
        "methods": set(methods.split()),
        "hidden": set(hidden.split()),
    }
