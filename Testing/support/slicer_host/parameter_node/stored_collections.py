"""How lists, tuples, dicts and unions are kept in a parameter node, by how their parts are kept."""

import typing
from typing import Any

import slicer

from .kept import Kept
from .observed import ObservedDict, ObservedList


class List(Kept):
    """A list: its length, and every element under its index."""

    def __init__(self, element: Kept) -> None:
        self.element = element
        self.cached = element.cached

    def default(self) -> list[Any]:
        """An empty list."""
        return []

    def has(self, node: Any, name: str) -> bool:
        """Whether a length is kept."""
        return bool(node.HasParameter(f"{name}.len"))

    def _length(self, node: Any, name: str) -> int:
        return int(node.GetParameter(f"{name}.len")) if self.has(node, name) else 0

    def write(self, node: Any, name: str, value: Any) -> None:
        """All elements, or the old ones again when one is not allowed."""
        with slicer.util.NodeModify(node):
            old = list(self.read(node, name)) if self.has(node, name) else None
            length = self._length(node, name)
            try:
                for index, element in enumerate(value):
                    self.element.put(node, f"{name}.{index}", element)
                node.SetParameter(f"{name}.len", str(len(value)))
                for index in range(len(value), length):
                    self.element.remove(node, f"{name}.{index}")
            except Exception:
                if old is None:
                    self.remove(node, name)
                else:
                    self.write(node, name, old)
                raise

    def read(self, node: Any, name: str) -> ObservedList:
        """The list; changes of it are kept at once."""
        count = self._length(node, name)
        values = [self.element.read(node, f"{name}.{i}") for i in range(count)]
        return ObservedList(node, self, name, values)

    def remove(self, node: Any, name: str) -> None:
        """Forget length and elements."""
        with slicer.util.NodeModify(node):
            for index in range(self._length(node, name)):
                self.element.remove(node, f"{name}.{index}")
            node.UnsetParameter(f"{name}.len")


class Tuple(Kept):
    """A tuple of fixed length."""

    def __init__(self, elements: list[Kept]) -> None:
        self.elements = elements
        self.cached = all(e.cached for e in elements)

    def default(self) -> Any:
        """None can be made: Slicer's own default of a tuple serves only once."""
        raise TypeError("a tuple in a parameter node needs a Default in its annotation")

    def has(self, node: Any, name: str) -> bool:
        """Whether the first element is kept."""
        return self.elements[0].has(node, f"{name}.0")

    def write(self, node: Any, name: str, value: Any) -> None:
        """All elements."""
        with slicer.util.NodeModify(node):
            for index, (element, one) in enumerate(zip(self.elements, value, strict=True)):
                element.put(node, f"{name}.{index}", one)

    def read(self, node: Any, name: str) -> tuple[Any, ...]:
        """The tuple."""
        return tuple(e.read(node, f"{name}.{i}") for i, e in enumerate(self.elements))

    def remove(self, node: Any, name: str) -> None:
        """Forget the elements."""
        with slicer.util.NodeModify(node):
            for index, element in enumerate(self.elements):
                element.remove(node, f"{name}.{index}")


class Dictionary(Kept):
    """A dict, as a list of pairs."""

    def __init__(self, key: Kept, value: Kept) -> None:
        self.pairs = List(Tuple([key, value]))
        self.cached = self.pairs.cached
        self.has, self.remove = self.pairs.has, self.pairs.remove  # type: ignore[method-assign]

    def default(self) -> dict[Any, Any]:
        """An empty dict."""
        return {}

    def write(self, node: Any, name: str, value: Any) -> None:
        """All pairs."""
        self.pairs.write(node, name, list(value.items()))

    def read(self, node: Any, name: str) -> ObservedDict:
        """The dict; changes of it are kept at once."""
        return ObservedDict(node, self, name, dict(self.pairs.read(node, name)))


class Union(Kept):
    """One of several types, under the index of the type."""

    def __init__(self, members: list[Kept], kinds: list[Any]) -> None:
        self.members = list(zip(members, kinds, strict=True))
        self.cached = all(m.cached for m in members)

    def default(self) -> Any:
        """None for an optional value, else the default of the first type."""
        if len(self.members) == 2 and self.members[1][1] is type(None):
            return None
        return self.members[0][0].default()

    def has(self, node: Any, name: str) -> bool:
        """Whether any of the types is kept."""
        return any(m.has(node, f"{name}.{i}") for i, (m, _) in enumerate(self.members))

    def write(self, node: Any, name: str, value: Any) -> None:
        """Keep the value under the first type that takes it."""
        for index, (member, kind) in enumerate(self.members):
            origin = typing.get_origin(kind) or kind
            plain = value is None if kind is type(None) else isinstance(value, origin)
            if plain or (kind is float and isinstance(value, int)):
                member.validate(value)
                with slicer.util.NodeModify(node):
                    self.remove(node, name)
                    member.write(node, f"{name}.{index}", value)
                return
        raise TypeError(f"{value!r} is of none of the types {[k for _, k in self.members]}")

    def read(self, node: Any, name: str) -> Any:
        """The value kept."""
        for index, (member, _) in enumerate(self.members):
            if member.has(node, f"{name}.{index}"):
                return member.read(node, f"{name}.{index}")
        raise KeyError(f"nothing is kept under {name}")

    def remove(self, node: Any, name: str) -> None:
        """Forget the value of whatever type."""
        for index, (member, _) in enumerate(self.members):
            member.remove(node, f"{name}.{index}")
