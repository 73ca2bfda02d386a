"""The bars of the uncertainty budgets; needs matplotlib."""

from collections.abc import Sequence
from math import hypot

from ..organs.quantities import OrganDose
from ..organs.uncertainty.budget import PART_LABELS, PARTS
from .canvas import label, legend, new_figure, png, style_axes

PART_COLOURS = {
    "calibration": "#1f5f8b",
    "recovery": "#8e5ea2",
    "delineation": "#e4572e",
    "time_activity": "#2ca25f",
    "dose_engine": "#c99700",
    "monte_carlo": "#7d8b99",
}
_ROW_INCH, _REST_INCH = 0.3, 1.05


def uncertainty_figure(organs: Sequence[OrganDose]) -> bytes:
    """
    A bar for each organ: its length the combined standard uncertainty, cut by shares of variance.

    Parameters
    ----------
    organs : sequence of OrganDose
        With uncertainty parts.
    """
    height = _REST_INCH + _ROW_INCH * len(organs)
    figure = new_figure(8.6, height)
    axes = figure.add_subplot()
    rows = list(range(len(organs)))
    starts = [0.0] * len(organs)
    for part in PARTS:
        lengths = [_length(organ, part) for organ in organs]
        if not any(lengths):
            continue
        axes.barh(
            rows, lengths, 0.68, starts, color=PART_COLOURS[part], label=PART_LABELS[part], lw=0
        )
        starts = [start + length for start, length in zip(starts, lengths, strict=True)]
    for row, end in zip(rows, starts, strict=True):
        axes.text(end, row, f"  {end:.1f} %", va="center", fontsize=9)
    style_axes(axes, "Standard uncertainty of the mean dose [%]", "")
    axes.set_yticks(rows, [label(organ.name) for organ in organs])
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(organs) - 0.4, -0.6)
    axes.set_xlim(0.0, 1.12 * max(*starts, 1e-3))
    legend(axes, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=6, columnspacing=1.1)
    figure.subplots_adjust(0.2, 0.58 / height, 0.98, 1.0 - 0.36 / height)
    return png(figure)


def _length(organ: OrganDose, part: str) -> float:
    parts = organ.uncertainty_parts_percent
    combined = hypot(*parts.values())
    return parts[part] ** 2 / combined if combined > 0.0 else 0.0
