"""How long calculations tell how far they are, and are told to stop."""

from collections.abc import Callable

Progress = Callable[[float, str], object]
"""Called with the finished fraction and a message; raises `Cancelled` to stop."""


def no_progress(fraction: float, message: str) -> None:
    """Ignore progress."""
