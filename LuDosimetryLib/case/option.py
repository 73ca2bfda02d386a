"""The declaration of an option: its checks, its flag and its texts follow from it."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ..base.checks import (
    check_at_least,
    check_choice,
    check_flag,
    check_number,
    check_text,
    check_unique,
    check_whole,
    shown,
)
from ..base.errors import InvalidInput
from .json_fields import expecting, without_none

__all__ = ["Choice", "Option", "check_options", "option", "options_of"]

_THIN_SPACE = "\u202f"


class Described(Protocol):
    """Anything with a label and a sentence about it, for example an entry of a registry."""

    @property
    def label(self) -> str:
        """Name in the panel and the report."""

    @property
    def help(self) -> str:
        """What it does, in a sentence."""


@dataclass(frozen=True)
class Choice:
    """
    A value that an option can take.

    Attributes
    ----------
    label : str
        Name in the panel and the report.
    help : str
        What it does, in a sentence.
    """

    label: str
    help: str = ""


@dataclass(frozen=True)
class Option:
    """
    An option as declared by `option`.

    Attributes
    ----------
    label : str
        Name in the panel, the report and the documentation.
    help : str
        What it decides, in one or two sentences; ends with a full stop.
    default : object
        MISSING if it must be given.
    unit : str
    choices : mapping of str to Choice, or to what has a label and a help too
        Values that are allowed, or of which a list may consist; None for all.
    least, greatest : float or None
        Bounds of a number, both allowed; without `least` a number must be above 0.
    check : callable or None
        Takes name and value and refuses what is not allowed, instead of the check by type.
    when_none : str
        What None means, in words.
    in_words : callable or None
        Puts a value into words where the general way will not do.
    cli : bool or str
        Whether there is a flag, or its name.
    metavar : str
        Placeholder of the value in ``-h``; by default one that suits the type.
    panel : bool
        Whether the panel has a widget for it.
    decides_dose : bool
        Whether the report states it even where it has its default.
    applies : callable
        Takes all options; whether this one has any effect with them.
    instead_of : str
        Name of the option whose place this one takes where it is not None.
    name : str
    type : type
        Annotation of the field, without None.
    optional : bool
        Whether None is allowed.
    """

    label: str
    help: str
    default: Any = None
    unit: str = ""
    choices: Mapping[str, Described] | None = None
    least: float | None = None
    greatest: float | None = None
    check: Callable[[str, Any], None] | None = None
    when_none: str = "none"
    in_words: Callable[[Any], str] | None = None
    cli: bool | str = False
    metavar: str = ""
    panel: bool = False
    decides_dose: bool = False
    applies: Callable[[Any], bool] = lambda options: True
    instead_of: str = ""
    name: str = ""
    type: Any = None
    optional: bool = False

    @property
    def flag(self) -> str:
        """Flag on the command line; empty if there is none."""
        if isinstance(self.cli, str):
            return self.cli
        return f"--{self.name.replace('_', '-')}" if self.cli else ""

    @property
    def parts(self) -> tuple["Option", ...]:
        """Options of which the value consists, where it is a dataclass of such."""
        return (
            options_of(self.type) if isinstance(self.type, type) and is_dataclass(self.type) else ()
        )

    def refuse_wrong(self, value: Any) -> None:
        """
        Check a value.

        Raises
        ------
        InvalidInput
            One sentence with the option, the value and what is allowed.
        """
        if value is None and self.optional:
            return
        if self.check is not None:
            self.check(self.name, value)
        elif self.choices is not None and self.type is str:
            check_choice(self.name, value, tuple(self.choices))
        elif self.choices is not None:
            for entry in value:
                check_choice(f"an entry of {self.name}", entry, tuple(self.choices))
            check_unique(self.name, value)
        elif self.type is bool:
            check_flag(self.name, value)
        elif self.type is int:
            check_whole(self.name, value, int(self.least or 0))
        elif self.type is float:
            self._refuse_wrong_number(value)
        elif self.type is str:
            check_text(self.name, value)
        elif self.type is Path and not isinstance(value, Path):
            raise InvalidInput(f"{self.name} is {shown(value)}; it must be a path.")

    def words(self, value: Any) -> str:
        """Put a value into words, with its unit, as the report and the documentation show it."""
        if value is None:
            return self.when_none
        if self.in_words is not None:
            return self.in_words(value)
        if self.parts:
            return _changed_parts(self.parts, value) or "defaults"
        if isinstance(value, Mapping):
            entries = (f"{key}: {_all_parts(entry)}" for key, entry in value.items())
            return "; ".join(entries) or self.when_none
        if isinstance(value, tuple):
            return ", ".join(self._label(entry) for entry in value) or self.when_none
        return self._label(value)

    def _label(self, value: Any) -> str:
        if self.choices is not None and value in self.choices:
            return self.choices[value].label
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int):
            number = f"{value:,}".replace(",", _THIN_SPACE)
        else:
            number = f"{value:g}" if isinstance(value, float) else str(value)
        return f"{number} {self.unit}".strip()

    def _refuse_wrong_number(self, value: Any) -> None:
        if self.least is None:
            check_number(self.name, value)
        else:
            check_at_least(self.name, value, self.least)
        if self.greatest is not None and value > self.greatest:
            raise InvalidInput(
                f"{self.name} is {value:g}; allowed: up to {self.greatest:g} {self.unit}."
            )


def option(
    default: Any = MISSING,
    *,
    label: str,
    help: str,
    factory: Callable[[], Any] | None = None,
    expected: str = "",
    **declared: Any,
) -> Any:
    """
    Declare an option, as the default of a dataclass's field.

    Parameters
    ----------
    default : object
        Left out for an option that must be given.
    label, help : str
        See `Option`.
    factory : callable, optional
        Makes the default, where that can be changed.
    expected : str
        What a message says that a list or an object must be.
    **declared
        The other attributes of `Option`.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Example:
    ...     seed: int = option(1, label="Seed", help="Seed of the random numbers.", cli=True)
    ...
    ...     def __post_init__(self) -> None:
    ...         check_options(self)
    >>> [(o.name, o.flag, o.default) for o in options_of(Example)]
    [('seed', '--seed', 1)]
    >>> Example(seed=-1)
    Traceback (most recent call last):
    LuDosimetryLib.base.errors.InvalidInput: seed is -1; it must be a whole number of at least 0.
    """
    declaration = Option(label=label, help=help, **declared)
    metadata = {"option": declaration, **expecting(expected)}
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def options_of(kind: type) -> tuple[Option, ...]:
    """List the options that a dataclass declares, in order."""
    found = []
    for f in fields(kind):
        declared: Option | None = f.metadata.get("option")
        if declared is None:
            continue
        type_, optional = without_none(f.type)
        default = f.default if f.default_factory is MISSING else f.default_factory()
        found.append(replace(declared, name=f.name, type=type_, optional=optional, default=default))
    return tuple(found)


def check_options(instance: Any) -> None:
    """
    Check every option of a dataclass by its declaration.

    Raises
    ------
    InvalidInput
        One sentence with the option, the value and what is allowed.
    """
    for declared in options_of(type(instance)):
        declared.refuse_wrong(getattr(instance, declared.name))


def _changed_parts(parts: tuple[Option, ...], value: Any) -> str:
    changed = ((part, getattr(value, part.name)) for part in parts)
    return ", ".join(
        f"{part.label} {part.words(entry)}" for part, entry in changed if entry != part.default
    )


def _all_parts(value: Any) -> str:
    return ", ".join(
        f"{part.label} {part.words(getattr(value, part.name))}" for part in options_of(type(value))
    )
