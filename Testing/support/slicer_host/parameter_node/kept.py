"""What keeps values of one type in a parameter node."""

from typing import Any

from .annotations import Validator


class Kept:
    """Writes and reads one type under a name; the names are those that Slicer uses."""

    # whether the value read is either unchangeable or writes its own changes back
    cached = True
    rules: tuple[Validator, ...] = ()

    def validate(self, value: Any) -> None:
        """Raise when the value is not of the type."""
        for rule in self.rules:
            rule.validate(value)

    def default(self) -> Any:
        """The value when nothing else is said."""
        raise NotImplementedError

    def has(self, node: Any, name: str) -> bool:
        """Whether something is kept under the name."""
        return bool(node.HasParameter(name))

    def put(self, node: Any, name: str, value: Any) -> None:
        """Check and keep a value."""
        self.validate(value)
        self.write(node, name, value)

    def write(self, node: Any, name: str, value: Any) -> None:
        """Keep a value."""
        node.SetParameter(name, str(value))

    def read(self, node: Any, name: str) -> Any:
        """The value kept."""
        raise NotImplementedError

    def remove(self, node: Any, name: str) -> None:
        """Forget what is kept under the name."""
        node.UnsetParameter(name)


class Checked(Kept):
    """A kept type with the validators of its annotation."""

    def __init__(self, inner: Kept, extra: tuple[Validator, ...]) -> None:
        self.inner = inner
        self.rules = (*inner.rules, *extra)
        self.cached = inner.cached
        self.default, self.has = inner.default, inner.has  # type: ignore[method-assign]
        self.write, self.read, self.remove = inner.write, inner.read, inner.remove  # type: ignore[method-assign]
