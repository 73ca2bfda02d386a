"""Figures without a window: matplotlib's objects, never its global state."""

import io
import warnings
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .palette import INK, MUTED, RULE

DPI = 110
_LONGEST_NAME = 22
_COLUMNS = 3


def new_figure(width_inch: float, height_inch: float) -> Any:
    """An empty white figure with its canvas."""
    figure = Figure(figsize=(width_inch, height_inch), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Any) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # a name in a script that the font lacks is shown as boxes; the tables have it in full
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def label(name: str) -> str:
    """A name as matplotlib shows it: no mathematics in it, not hidden, and not too long."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"
    # a leading underscore would keep it out of the legend
    return (f" {short}" if short.startswith("_") else short).replace("$", r"\$")


def style_axes(axes: Any, x_label: str, y_label: str) -> None:
    """Quiet axes: two spines, faint grid, labels with units."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MUTED)
    axes.tick_params(labelsize=9, colors=MUTED, labelcolor=INK)
    axes.grid(True, color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(x_label, fontsize=10, color=INK)
    axes.set_ylabel(y_label, fontsize=10, color=INK)


def panels(
    names: Sequence[str],
    draw: Callable[[Any, int], None],
    panel_inch: tuple[float, float],
    more_inch: float = 0.0,
    row_space: float = 0.42,
) -> bytes:
    """
    A small panel for each volume of interest, three in a row, as PNG.

    Parameters
    ----------
    names : sequence of str
    draw : callable
        Draws a volume, given its axes and its place in `names`; labels that would be repeated are
        taken away.
    panel_inch : tuple of float
        Width and height.
    more_inch : float
        Height of the figure beyond that of its rows.
    row_space : float
        Between rows, in heights of axes.
    """
    columns = min(_COLUMNS, max(1, len(names)))
    rows = max(1, ceil(len(names) / columns))
    width, height = panel_inch[0] * columns, panel_inch[1] * rows + more_inch
    figure = new_figure(width, height)
    for n in range(len(names)):
        axes = figure.add_subplot(rows, columns, n + 1)
        draw(axes, n)
        if n + columns < len(names):
            axes.set_xlabel("")
        if n % columns:
            axes.set_ylabel("")
    figure.subplots_adjust(
        0.6 / width,
        0.5 / height,
        1.0 - 0.1 / width,
        1.0 - 0.3 / height,
        wspace=0.24,
        hspace=row_space,
    )
    return png(figure)


def legend(axes: Any, **options: Any) -> None:
    """A legend without a frame."""
    axes.legend(fontsize=9, frameon=False, labelcolor=INK, handlelength=1.8, **options)
