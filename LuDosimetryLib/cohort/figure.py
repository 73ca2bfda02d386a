"""Organ doses of many cases; needs matplotlib."""

from collections.abc import Mapping
from statistics import median
from typing import Any

from ..report.canvas import label, new_figure, panels, png, style_axes
from ..report.palette import INK, MUTED, organ_style
from .cohort import Cohort

_PANEL_INCH = (2.9, 2.1)
_WIDTH_INCH = 3 * _PANEL_INCH[0]
_ROW_INCH = 0.42
_FEW = 12
"""Cases whose numbers all stand on the axis."""
_WIDE = 20.0
"""Ratio of the greatest to the least value from which an axis is logarithmic."""


def cases_figure(cohort: Cohort, places: Mapping[str, int]) -> bytes:
    """
    Draw dose and uncertainty over the number of the case: a panel for each volume of interest.

    Parameters
    ----------
    cohort : Cohort
    places : mapping of str to int
        Place of each volume that is drawn, by name; it decides the colour.
    """
    names = list(places)

    def draw(axes: Any, n: int) -> None:
        _panel(axes, cohort, names[n], organ_style(places[names[n]])[0])

    return panels(names, draw, _PANEL_INCH, more_inch=0.25, row_space=0.45)


def _panel(axes: Any, cohort: Cohort, name: str, colour: str) -> None:
    found = [(n, d.organs[name]) for n, d in enumerate(cohort.doses, start=1) if name in d.organs]
    numbers = [n for n, _ in found]
    values = [organ.mean_dose_Gy for _, organ in found]
    axes.errorbar(
        numbers,
        values,
        [organ.standard_uncertainty_Gy or 0.0 for _, organ in found],
        color=colour,
        linestyle="",
        marker="o",
        markersize=4,
        linewidth=1.0,
        capsize=2,
    )
    axes.axhline(median(values), color=MUTED, linewidth=1.0, linestyle="--")
    style_axes(axes, "Case", "Mean dose [Gy]")
    axes.set_title(label(name), fontsize=10, color=INK, loc="left")
    axes.set_xlim(0.4, len(cohort.doses) + 0.6)
    axes.set_ylim(bottom=0.0)
    if len(cohort.doses) <= _FEW:
        axes.set_xticks(range(1, len(cohort.doses) + 1))


def per_activity_figure(cohort: Cohort, places: Mapping[str, int]) -> bytes:
    """
    Draw dose per administered activity: a row for each volume of interest, a dot for each case.

    Parameters
    ----------
    cohort : Cohort
    places : mapping of str to int
        See `cases_figure`.
    """
    rows = {name: found for name in places if (found := _per_activity(cohort, name))}
    height = _ROW_INCH * len(rows) + 0.75
    width = _WIDTH_INCH
    figure = new_figure(width, height)
    axes = figure.add_subplot(1, 1, 1)
    for row, (name, values) in enumerate(rows.items()):
        colour = organ_style(places[name])[0]
        axes.plot(values, [row] * len(values), "o", color=colour, markersize=5, alpha=0.6, mew=0)
        axes.plot([median(values)], [row], "|", color=INK, markersize=16, mew=1.6)
    style_axes(axes, "Mean dose per administered activity [Gy/GBq]", "")
    axes.set_yticks(range(len(rows)), [label(name) for name in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    every = [value for values in rows.values() for value in values]
    if min(every) > 0.0 and max(every) > _WIDE * min(every):
        axes.set_xscale("log")
    else:
        axes.set_xlim(left=0.0)
    figure.subplots_adjust(1.75 / width, 0.55 / height, 1.0 - 0.2 / width, 1.0 - 0.1 / height)
    return png(figure)


def _per_activity(cohort: Cohort, name: str) -> list[float]:
    found = [d.organs[name].dose_per_activity_Gy_GBq for d in cohort.doses if name in d.organs]
    return [value for value in found if value is not None]
