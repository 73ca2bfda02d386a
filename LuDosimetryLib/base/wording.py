"""Pieces of the sentences in which a calculation speaks."""

from collections.abc import Sequence

__all__ = ["listed"]

_NAMED = 6


def listed(parts: Sequence[str]) -> str:
    """A few parts in a row, and how many more there are."""
    more = len(parts) - _NAMED
    return ", ".join(parts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
