"""Checks of single values at the boundary; a refusal is one sentence: name, value, allowed range."""

import difflib
import math
import reprlib
import unicodedata
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from .errors import InvalidInput

_NEAR = 0.4
"""Least similarity at which a known name is suggested for an unknown one."""

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 80


def shown(value: Any) -> str:
    """Text of a value for a message, shortened."""
    return _repr.repr(value)


def check_number(name: str, value: Any, above: float = 0.0) -> None:
    """Refuse everything but finite numbers above a bound."""
    try:
        fine = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        fine = fine and value > above
    except OverflowError:  # a whole number too large for a float
        fine = False
    if not fine:
        raise InvalidInput(f"{name} is {shown(value)}; it must be a number above {above:g}.")


def check_at_least(name: str, value: Any, least: float) -> None:
    """Refuse everything but finite numbers of at least a bound."""
    check_number(name, value, above=-math.inf)
    if value < least:
        raise InvalidInput(f"{name} is {shown(value)}; it must be at least {least:g}.")


def check_whole(name: str, value: Any, least: int) -> None:
    """Refuse everything but whole numbers of at least a bound."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidInput(
            f"{name} is {shown(value)}; it must be a whole number of at least {least}."
        )


def check_flag(name: str, value: Any) -> None:
    """Refuse everything but true and false."""
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} is {shown(value)}; it must be true or false.")


def check_text(name: str, value: Any, empty: bool = False) -> None:
    """Refuse everything but text, and empty text unless it is allowed."""
    if not isinstance(value, str) or not (value or empty):
        what = "a text" if empty else "a text that is not empty"
        raise InvalidInput(f"{name} is {shown(value)}; it must be {what}.")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise InvalidInput(f"{name} is {shown(value)}; it must have no control characters.")


def check_path(path: Path, what: str) -> None:
    """Refuse a path that is not UTF-8, which native libraries cannot take."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            f"{what}: the path {shown(str(path))} is not UTF-8; rename the file or folder."
        ) from None


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Refuse everything but some names; the message suggests the nearest."""
    if value not in allowed:
        raise InvalidInput(
            f"{name} is {shown(value)}; {_hint(value, allowed)}allowed: {', '.join(allowed)}."
        )


def check_known(name: str, known: Sequence[str]) -> None:
    """Refuse an unknown key; the message suggests the nearest known one."""
    if name not in known:
        nearest = difflib.get_close_matches(name, known, 1, 0.0)[0]
        raise InvalidInput(
            f"the key {shown(name)} is unknown; did you mean {nearest!r}? Known keys: {', '.join(known)}."
        )


def check_unique(name: str, values: Sequence[str]) -> None:
    """Refuse a list in which an entry occurs twice."""
    for value in values:
        if values.count(value) > 1:
            raise InvalidInput(f"{name} has {shown(value)} more than once; each may occur once.")


def _hint(value: Any, allowed: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(str(value).lower(), allowed, 1, _NEAR)
    return f"did you mean {nearest[0]!r}? " if nearest else ""
