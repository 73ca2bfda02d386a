"""Whether Qt finds a font: without one every letter of a picture is a box."""

from PySide6 import QtGui


def check_fonts() -> None:
    """Raise with the remedy when there is no font.

    Raises
    ------
    RuntimeError
        When Qt finds no font family.
    """
    if not QtGui.QFontDatabase.families():
        raise RuntimeError(
            "Qt finds no font, so the pictures would show boxes for letters; install one "
            "(Debian, Ubuntu: apt-get install fontconfig fonts-dejavu-core)"
        )
