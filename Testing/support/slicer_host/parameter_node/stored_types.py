"""How a value of each type is kept in the texts and references of a parameter node."""

import enum
import pathlib
import types
import typing
from typing import Any

import slicer

from .annotations import IsInstance, NotNone, Validator, split
from .kept import Checked, Kept
from .stored_collections import Dictionary, List, Tuple, Union


class Simple(Kept):
    """int, float, str and paths: the text of the value."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.rules = (NotNone(), IsInstance((int, float) if kind is float else kind))

    def default(self) -> Any:
        """Zero, or empty."""
        return 0 if self.kind in {int, float} else self.kind()

    def read(self, node: Any, name: str) -> Any:
        """The value of the text."""
        return self.kind(node.GetParameter(name))


class Boolean(Kept):
    """True or False."""

    rules = (NotNone(), IsInstance(bool))

    def default(self) -> bool:
        """False."""
        return False

    def read(self, node: Any, name: str) -> bool:
        """The value of the text."""
        return bool(node.GetParameter(name) == "True")


class Node(Kept):
    """A node: a reference, and an empty text that says there is one."""

    def __init__(self, kind: Any) -> None:
        self.rules = (IsInstance(kind),)

    def default(self) -> None:
        """No node."""

    def write(self, node: Any, name: str, value: Any) -> None:
        """Keep the reference."""
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node: Any, name: str) -> Any:
        """The node, or None when it is gone."""
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        """Forget the reference."""
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class Enumeration(Kept):
    """A member of an Enum, by its name."""

    def __init__(self, kind: type[enum.Enum]) -> None:
        self.kind = kind
        self.rules = (IsInstance(kind),)

    def default(self) -> enum.Enum:
        """The first member."""
        return next(iter(self.kind))

    def write(self, node: Any, name: str, value: Any) -> None:
        """Keep the name."""
        node.SetParameter(name, value.name)

    def read(self, node: Any, name: str) -> enum.Enum:
        """The member of this name."""
        key = node.GetParameter(name)
        if key not in self.kind.__members__:
            raise ValueError(f"the parameter node has {key!r}, which is none of {self.kind!r}")
        return self.kind[key]


class Nothing(Kept):
    """Only None, for unions."""

    def default(self) -> None:
        """None."""

    def write(self, node: Any, name: str, _value: Any) -> None:
        """Mark it as there."""
        node.SetParameter(name, "True")

    def read(self, _node: Any, _name: str) -> None:
        """None."""


def kept_type(annotated: Any) -> tuple[Kept, list[Any]]:
    """How to keep values of an annotated type, and the annotations that say nothing of it."""
    kind, annotations = split(annotated)
    rules = tuple(a for a in annotations if isinstance(a, Validator))
    rest = [a for a in annotations if not isinstance(a, Validator)]
    return Checked(_of(kind), rules), rest


def _of(kind: Any) -> Kept:
    from .pack import PackKept, isParameterPack

    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    inner = [kept_type(a)[0] for a in arguments] if origin is not None else []
    if origin in {typing.Union, types.UnionType}:
        return Union(inner, list(arguments))
    if origin is list:
        return List(inner[0])
    if origin is tuple:
        return Tuple(inner)
    if origin is dict:
        return Dictionary(*inner)
    if isParameterPack(kind):
        return PackKept(kind)
    if kind is bool:
        return Boolean()
    if kind in {int, float, str} or (isinstance(kind, type) and issubclass(kind, pathlib.PurePath)):
        return Simple(kind)
    if kind is type(None):
        return Nothing()
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return Node(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return Enumeration(kind)
    raise TypeError(f"a parameter node cannot keep the type {kind}")
