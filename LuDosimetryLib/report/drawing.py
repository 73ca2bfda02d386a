"""Whether pictures can be drawn, and what a report says where they cannot."""

from .page import Html, paragraph


def has_matplotlib() -> bool:
    """Whether pictures can be drawn."""
    try:
        import matplotlib  # noqa: F401  # an optional package
    except ImportError:
        return False
    return True


def no_pictures(renewed_by: str = "a new calculation") -> Html:
    """Why a report has no pictures, and the remedy."""
    return paragraph(
        "This report has no pictures because matplotlib is not installed; 'pip install matplotlib' and "
        f"{renewed_by} add them."
    )
