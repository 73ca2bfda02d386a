"""Progress callables: how a calculation reports its progress and is asked to stop."""

from collections.abc import Callable

Progress = Callable[[float, str], object]
"""Called with the finished fraction (0 to 1) and a message; raises `Cancelled` to stop."""


def no_progress(fraction: float, message: str) -> None:
    """Ignore the progress."""
