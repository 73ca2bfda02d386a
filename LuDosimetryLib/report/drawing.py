"""Whether pictures can be drawn, and what a report says where they cannot."""

import os
from collections.abc import Callable
from importlib import import_module

from ..base.errors import Cancelled
from .page import Html, paragraph, section

_BACKEND = "MPLBACKEND"


def has_matplotlib() -> bool:
    """Whether pictures can be drawn, whatever backend the environment names."""
    try:
        import_module("matplotlib")  # an optional package
    except ImportError:
        return False
    except ValueError:  # a backend that there is not; pictures need none of a screen
        backend = os.environ.pop(_BACKEND, None)
        try:
            import_module("matplotlib")
        finally:
            if backend is not None:
                os.environ[_BACKEND] = backend
    return True


def drawn(title: str, draw: Callable[[], list[Html]]) -> list[Html]:
    """
    Sections of a report that have pictures; where one cannot be drawn, a section that says so.

    A calculation that took hours is not lost to a picture.
    """
    try:
        return draw()
    except Cancelled:
        raise
    except Exception as error:
        said = f"This part of the report could not be drawn ({type(error).__name__}: {error}); the numbers are complete."
        return [section(title, paragraph(said))]


def no_pictures(renewed_by: str = "a new calculation") -> Html:
    """Why a report has no pictures, and the remedy."""
    return paragraph(
        "This report has no pictures because matplotlib is not installed; 'pip install matplotlib' and "
        f"{renewed_by} add them."
    )
