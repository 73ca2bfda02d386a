"""What may stand in `Annotated[type, …]`: the default, limits, and hints for widgets."""

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def split(annotated: Any) -> tuple[Any, list[Any]]:
    """The bare type and its annotations."""
    if typing.get_origin(annotated) is typing.Annotated:
        bare, *rest = typing.get_args(annotated)
        return bare, rest
    return annotated, []


def bare(annotated: Any) -> Any:
    """The type without annotations."""
    return split(annotated)[0]


def first(annotations: list[Any], kind: type) -> Any:
    """The first annotation of a kind, or None."""
    return next((a for a in annotations if isinstance(a, kind)), None)


class Default:
    """The value a parameter starts with."""

    def __init__(self, value: Any = None, *, generator: Callable[[], Any] | None = None) -> None:
        self._value = value
        self._generator = generator

    @property
    def value(self) -> Any:
        """The value, made anew when there is a generator."""
        return self._generator() if self._generator else self._value


@dataclass
class Decimals:
    """Digits after the point in the widget."""

    value: int


@dataclass
class SingleStep:
    """What one step of the widget adds."""

    value: float


class Validator:
    """A limit on a value; its own check raises ValueError or TypeError."""

    def validate(self, value: Any) -> None:
        """Raise when the value is not allowed."""
        raise NotImplementedError


class NotNone(Validator):
    """None is not allowed."""

    def validate(self, value: Any) -> None:
        """Raise for None."""
        if value is None:
            raise ValueError("the value must not be None")


class IsNone(Validator):
    """Only None is allowed."""

    def validate(self, value: Any) -> None:
        """Raise for everything else."""
        if value is not None:
            raise ValueError(f"the value must be None, not {value!r}")


class IsInstance(Validator):
    """Only one type (or None) is allowed."""

    def __init__(self, kind: Any) -> None:
        self.classtype = kind

    def validate(self, value: Any) -> None:
        """Raise for another type."""
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"the value must be a {self.classtype}, not {type(value)}: {value!r}")


@dataclass
class WithinRange(Validator):
    """Between two limits, both included."""

    minimum: Any
    maximum: Any

    def validate(self, value: Any) -> None:
        """Raise outside."""
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within [{self.minimum}, {self.maximum}]")


@dataclass
class Minimum(Validator):
    """At least this."""

    minimum: Any

    def validate(self, value: Any) -> None:
        """Raise below."""
        if value < self.minimum:
            raise ValueError(f"{value} is below {self.minimum}")


@dataclass
class Maximum(Validator):
    """At most this."""

    maximum: Any

    def validate(self, value: Any) -> None:
        """Raise above."""
        if value > self.maximum:
            raise ValueError(f"{value} is above {self.maximum}")


@dataclass
class Choice(Validator):
    """One of these."""

    choices: Any

    def validate(self, value: Any) -> None:
        """Raise for another."""
        if value not in self.choices:
            raise ValueError(f"{value!r} is none of {self.choices}")


@dataclass
class Exclude(Validator):
    """None of these."""

    excludedValues: Any

    def validate(self, value: Any) -> None:
        """Raise for one of them."""
        if value in self.excludedValues:
            raise ValueError(f"{value!r} is one of {self.excludedValues}")


@dataclass
class RangeBounds(Validator):
    """A range of numbers within limits."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        """Raise when it reaches outside."""
        if value.minimum < self.minimum or value.maximum > self.maximum:
            raise ValueError(f"{value} is not within [{self.minimum}, {self.maximum}]")
