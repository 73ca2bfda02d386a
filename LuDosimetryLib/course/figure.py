"""Doses over the cycles of a course; needs matplotlib."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..report.canvas import label, panels, style_axes
from ..report.palette import INK, MUTED, organ_style
from .course import Course, Line, OrganCourse

_PANEL_INCH = (2.9, 2.25)
_MOST_SHOWN = 12
_CLOSE = 0.2
"""Part of the panel's height under which the words of two lines would meet."""
_LINE, _EFFECT, _EFFECT_LINE = "#b03030", "#6a4fa3", "#8a6fc0"


def course_figure(course: Course, places: Mapping[str, int]) -> bytes:
    """
    Draw dose of each cycle, cumulated dose and BED, and their lines: a panel for each volume of interest.

    Parameters
    ----------
    course : Course
    places : mapping of str to int
        Place of each volume that is drawn, by name; it decides the colour.
    """
    organs = sorted(
        (organ for organ in course.organs if organ.name in places),
        key=lambda organ: places[organ.name],
    )

    def draw(axes: Any, n: int) -> None:
        _panel(axes, course, organs[n], organ_style(places[organs[n].name])[0])

    return panels([organ.name for organ in organs], draw, _PANEL_INCH)


def _panel(axes: Any, course: Course, organ: OrganCourse, colour: str) -> None:
    shown = _shown_numbers([cycle.number for cycle in course.cycles])
    places = {number: n for n, number in enumerate(shown)}
    received = {c.number: c.organs[organ.name] for c in course.cycles if organ.name in c.organs}
    axes.bar(
        [places[number] for number in received],
        [o.mean_dose_Gy for o in received.values()],
        0.6,
        color=colour,
        alpha=0.55,
        lw=0,
    )
    axes.errorbar(
        [places[number] for number in organ.cycles],
        organ.cumulated_dose_Gy,
        organ.cumulated_standard_uncertainty_Gy,
        color=INK,
        marker="o",
        markersize=4,
        linewidth=1.2,
        capsize=3,
    )
    effect = organ.cumulated_BED_Gy
    if effect is not None:
        axes.plot(
            [places[number] for number in organ.cycles],
            effect,
            color=_EFFECT,
            marker="D",
            markersize=4,
            markerfacecolor="white",
            linewidth=1.0,
        )
    top = organ.cumulated_dose_Gy[-1]
    if organ.cumulated_standard_uncertainty_Gy is not None:
        top += organ.cumulated_standard_uncertainty_Gy[-1]
    top = max(top, *(effect or (0.0,)))
    lines = course.lines_of(organ)
    top = max(top, *(line.limit_Gy for line in lines)) if lines else top
    for line, apart in zip(lines, _apart([line.limit_Gy for line in lines], top), strict=True):
        _draw_line(axes, line, apart)
    style_axes(axes, "Cycle", "Dose, BED [Gy]")
    crosses = bool(course.above(organ))
    axes.set_title(
        label(organ.name) + (" ▲" if crosses else ""),
        fontsize=10,
        color=_LINE if crosses else INK,
        loc="left",
    )
    axes.set_xticks(range(len(shown)), [str(number) for number in shown])
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.set_ylim(0.0, 1.15 * top if top > 0.0 else 1.0)
    for number in shown:
        if number not in received:
            axes.annotate(
                "none",
                (places[number], 0.0),
                (0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=MUTED,
            )


def _draw_line(axes: Any, line: Line, above: bool) -> None:
    """A line that the user set, with its value beside the panel's left edge, above or below it."""
    colour, style = (_EFFECT_LINE, ":") if line.name else (_LINE, "--")
    axes.axhline(line.limit_Gy, color=colour, linewidth=1.2, linestyle=style)
    axes.annotate(
        line.words,
        (0.015, line.limit_Gy),
        (0, 3 if above else -3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="bottom" if above else "top",
        fontsize=8,
        color=colour,
    )


def _apart(limits_Gy: Sequence[float], top_Gy: float) -> list[bool]:
    """Whether the words of each line go above it: of two close lines those of the lower go below."""
    close = max(limits_Gy, default=0.0) - min(limits_Gy, default=0.0) < _CLOSE * top_Gy
    lowest = limits_Gy.index(min(limits_Gy)) if len(limits_Gy) > 1 and close else None
    return [n != lowest for n in range(len(limits_Gy))]


def _shown_numbers(numbers: Sequence[int]) -> list[int]:
    """Numbers on the axis: missing cycles too, unless there are too many."""
    first, last = min(numbers), max(numbers)
    return list(range(first, last + 1)) if last - first < _MOST_SHOWN else sorted(numbers)
