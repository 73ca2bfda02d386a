"""Pieces of the sentences in which a calculation speaks."""

from collections.abc import Sequence
from math import floor, isfinite, log10

__all__ = ["for_spreadsheet", "listed", "printable", "warnings_in_short", "with_uncertainty"]

_NAMED = 6
_FORMULA = ("=", "+", "-", "@")
"""What begins a formula in the common spreadsheets; tabs and line ends are gone before."""
_LONGEST_WARNING = 160
"""Characters of a warning where there is little room."""
_SMALLEST = 1e-3
"""Below it, a value and its uncertainty are written with a power of ten."""


def printable(text: str) -> str:
    """Text without control characters, by which a terminal could be steered; line ends become spaces."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def for_spreadsheet(text: str) -> str:
    """Text of a cell that a spreadsheet shows and does not run: formulas after an apostrophe."""
    text = printable(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def listed(parts: Sequence[str]) -> str:
    """A few parts in a row, and how many more there are."""
    more = len(parts) - _NAMED
    return ", ".join(parts[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def with_uncertainty(value: float, uncertainty: float | None) -> str:
    """
    Write a value with its standard uncertainty, which has two significant digits.

    Examples
    --------
    >>> with_uncertainty(3.9012, 0.4123)
    '3.90 ± 0.41'
    >>> with_uncertainty(1234.5, 141.0)
    '1230 ± 140'
    """
    if not isfinite(value) or not uncertainty or not isfinite(uncertainty):
        return f"{value:#.3g}" if 1e-3 <= abs(value) < 1e3 else f"{value:.3g}"
    greatest = max(abs(value), uncertainty)
    if greatest < _SMALLEST:
        exponent = floor(log10(greatest))
        factor = 10.0**-exponent
        return f"({with_uncertainty(value * factor, uncertainty * factor)})e{exponent:+03d}"
    digits = 1 - int(f"{uncertainty:.1e}".split("e")[1])
    return f"{_rounded(value, digits)} ± {_rounded(uncertainty, digits)}"


def _rounded(value: float, digits: int) -> str:
    """A value with a number of digits after the point; below 0, with zeros before it."""
    return f"{round(value, digits):.{max(0, digits)}f}"


def warnings_in_short(warnings: Sequence[str]) -> list[str]:
    """Warnings, each cut to a line or two."""
    return [
        text if len(text) <= _LONGEST_WARNING else f"{text[: _LONGEST_WARNING - 1].rstrip()}…"
        for text in warnings
    ]
