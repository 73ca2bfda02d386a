"""Doses over the cycles of a course; needs matplotlib."""

from math import ceil
from typing import TYPE_CHECKING, Any

from .canvas import label, new_figure, png, style_axes
from .palette import INK, MUTED, organ_style

if TYPE_CHECKING:
    from ..course import Course, OrganCourse

_COLUMNS = 3
_PANEL_INCH = (2.9, 2.25)


def course_figure(course: "Course") -> bytes:
    """A panel for each volume of interest: dose of each cycle, cumulated dose, limit line."""
    organs = course.organs
    columns = min(_COLUMNS, max(1, len(organs)))
    rows = max(1, ceil(len(organs) / columns))
    width, height = _PANEL_INCH[0] * columns, _PANEL_INCH[1] * rows
    figure = new_figure(width, height)
    for n, organ in enumerate(organs):
        axes = figure.add_subplot(rows, columns, n + 1)
        _panel(axes, course, organ, organ_style(n)[0])
        if n + columns < len(organs):
            axes.set_xlabel("")
        if n % columns:
            axes.set_ylabel("")
    figure.subplots_adjust(
        0.6 / width,
        0.5 / height,
        1.0 - 0.1 / width,
        1.0 - 0.3 / height,
        wspace=0.24,
        hspace=0.42,
    )
    return png(figure)


def _panel(axes: Any, course: "Course", organ: "OrganCourse", colour: str) -> None:
    numbers = [cycle.number for cycle in course.cycles]
    held = {c.number: c.organs[organ.name] for c in course.cycles if organ.name in c.organs}
    axes.bar(
        list(held), [o.mean_dose_Gy for o in held.values()], 0.6, color=colour, alpha=0.55, lw=0
    )
    axes.errorbar(
        organ.cycles,
        organ.cumulated_dose_Gy,
        organ.cumulated_standard_uncertainty_Gy,
        color=INK,
        marker="o",
        markersize=4,
        linewidth=1.2,
        capsize=3,
    )
    top = organ.cumulated_dose_Gy[-1]
    if organ.cumulated_standard_uncertainty_Gy is not None:
        top += organ.cumulated_standard_uncertainty_Gy[-1]
    limit = course.limit_of(organ.name)
    if limit is not None and limit.dose_Gy is not None:
        top = max(top, limit.dose_Gy)
        axes.axhline(limit.dose_Gy, color="#b03030", linewidth=1.2, linestyle="--")
        axes.annotate(
            f"{limit.dose_Gy:g} Gy",
            (0.02, limit.dose_Gy),
            (0, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=8,
            color="#b03030",
        )
    style_axes(axes, "Cycle", "Mean dose [Gy]")
    axes.set_title(label(organ.name), fontsize=10, color=INK, loc="left")
    axes.set_xticks(range(min(numbers), max(numbers) + 1))
    axes.set_xlim(min(numbers) - 0.6, max(numbers) + 0.6)
    axes.set_ylim(0.0, 1.15 * top if top > 0.0 else 1.0)
    for number in set(range(min(numbers), max(numbers) + 1)) - set(held):
        axes.annotate(
            "none",
            (number, 0.0),
            (0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=MUTED,
        )
