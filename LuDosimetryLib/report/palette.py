"""Colours that tables and figures share."""

INK = "#1d2b3a"
MUTED = "#5f6f7f"
RULE = "#d5dce3"
ACCENT = "#1f5f8b"

_ORGANS = (
    "#1f77b4",
    "#e4572e",
    "#2ca25f",
    "#c99700",
    "#8e5ea2",
    "#17a2b8",
    "#d6498f",
    "#7aa329",
    "#a0522d",
    "#5b6ee1",
)
_OTHER_METHODS = ("#e4572e", "#2ca25f", "#8e5ea2", "#c99700", "#17a2b8", "#d6498f")
_DASHES = ("-", "--", ":", "-.")


def organ_style(number: int) -> tuple[str, str]:
    """Colour and line style of a volume of interest, by its place in the list."""
    return _ORGANS[number % len(_ORGANS)], _DASHES[number // len(_ORGANS) % len(_DASHES)]


def method_colour(number: int) -> str:
    """Colour of a dose method; 0 is the chosen one, or the reference."""
    return INK if number == 0 else _OTHER_METHODS[(number - 1) % len(_OTHER_METHODS)]
