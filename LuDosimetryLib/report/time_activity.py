"""Activity over time of every volume of interest: scans, fitted curve, trapezoid."""

from collections.abc import Mapping
from math import ceil, log
from typing import Any

import numpy as np

from ..activity.curve import BAYESIAN, TRAPEZOID, TWO_PHASE, VoiCurve
from ..result.result import ResultData
from ..voi.groups import Arrangement
from .page import Html, heading, number, paragraph, percent, picture, section, text
from .palette import INK, MUTED, organ_style
from .voi_table import arranged_vois, in_figures, voi_table

_CHOSEN = (
    "The curve with the least corrected Akaike criterion among those that the number of scans supports, unless one "
    "was asked for; ±: standard uncertainty from the scatter of the scans about the curve, which few scans know poorly."
)
_BAYESIAN = (
    "The most likely curve with uptake and two phases of washout: what the scans do not tell is as usual; ±: standard "
    "uncertainty from that of the scans and the spread of usual kinetics."
)
_COLUMNS = 3
_PANEL_INCH = (2.9, 2.15)


def time_activity_section(result: ResultData, pictures: bool) -> Html:
    """
    Table and picture of the time-activity curves; nothing for a single scan.

    Parameters
    ----------
    result : ResultData
    pictures : bool
        Whether pictures can be drawn.
    """
    curves = result.curves
    if not curves:
        return Html("")
    arrangement = arranged_vois(result)
    content = [_table(curves, arrangement)]
    if pictures:
        caption = (
            "Dots: activity in the volume at each scan, with the scatter about the fit where it is known. Line: "
            "fitted curve. Dashed: trapezoid and decay after the last scan. T: effective half-life of washout."
        )
        for title, names in arrangement.together:
            shown = {name: curves[name] for name in names if name in curves}
            if shown:
                figure = time_activity_figure(shown, arrangement.places)
                content.append(picture(figure, f"{title}. {caption}" if title else caption))
                caption = "As above."
        if arrangement.folded:
            content.append(paragraph(in_figures(arrangement, "curves.csv"), quiet=True))
    return section("Activity over time", *content)


def _table(curves: Mapping[str, VoiCurve], arrangement: Arrangement) -> Html:
    headings = [
        heading("Organ"),
        heading("Curve"),
        heading("Effective half-life", "h"),
        heading("TIA by the curve", "MBq h"),
        heading("±", "%"),
        heading("TIA by the trapezoid", "MBq h"),
        heading("difference", "%"),
        heading("Scatter of scans", "%"),
    ]
    rows = []
    for name, curve in curves.items():
        error = curve.tia_standard_uncertainty_MBq_h
        scatter = curve.relative_scatter
        tia = curve.tia_MBq_h
        relative = 100.0 * (curve.trapezoid_tia_MBq_h / tia - 1.0) if tia > 0.0 else float("nan")
        rows.append(
            (
                name,
                [
                    text(curve.model),
                    _half_life(curve),
                    number(tia),
                    text("–" if error is None or tia <= 0.0 else f"{100.0 * error / tia:.2g}"),
                    number(curve.trapezoid_tia_MBq_h),
                    percent(relative),
                    text("–" if scatter is None else f"{100.0 * scatter:.2g}"),
                ],
            )
        )
    note = "Curves of the whole volumes, as the scans show them. "
    note += _BAYESIAN if any(c.model == BAYESIAN for c in curves.values()) else _CHOSEN
    found = voi_table(headings, rows, arrangement, main_column=3)
    return Html(found + paragraph(note, quiet=True))


def _half_life(curve: VoiCurve) -> Html:
    error = curve.effective_half_life_standard_uncertainty_h
    value = f"{curve.effective_half_life_h:.1f}"
    return text(value if error is None else f"{value} ± {error:.2g}")


def time_activity_figure(curves: Mapping[str, VoiCurve], places: Mapping[str, int]) -> bytes:
    """
    A small panel for every curve, as PNG.

    Parameters
    ----------
    curves : mapping of str to VoiCurve
    places : mapping of str to int
        Place of each name in the list of volumes of interest, which gives its colour.
    """
    from .canvas import new_figure, png

    columns = min(_COLUMNS, len(curves))
    rows = ceil(len(curves) / columns)
    width, height = columns * _PANEL_INCH[0] + 0.37, rows * _PANEL_INCH[1] + 0.35
    drawn = new_figure(width, height)
    for n, (name, curve) in enumerate(curves.items()):
        axes = drawn.add_subplot(rows, columns, n + 1)
        _panel(axes, curve, organ_style(places[name])[0])
        axes.set_xlabel("Time after administration [h]" if n >= len(curves) - columns else "")
        axes.set_ylabel("Activity [MBq]" if n % columns == 0 else "")
        axes.xaxis.label.set_fontsize(8)
        axes.yaxis.label.set_fontsize(8)
    drawn.subplots_adjust(
        0.62 / width,
        0.45 / height,
        1.0 - 0.12 / width,
        1.0 - 0.3 / height,
        wspace=0.25,
        hspace=0.42,
    )
    return png(drawn)


def _panel(axes: Any, curve: VoiCurve, colour: str) -> None:
    from .canvas import label, style_axes

    style_axes(axes, "", "")
    axes.tick_params(labelsize=8)
    times, fitted = curve.sampled()
    axes.plot(times, curve.trapezoid_at(times), "--", color=MUTED, lw=1.0)
    if curve.model != TRAPEZOID:
        axes.plot(times, fitted, color=colour, lw=1.6)
    measured = np.array(curve.activity_MBq)
    scatter = curve.relative_scatter
    axes.errorbar(
        curve.hours,
        measured,
        yerr=None if scatter is None else scatter * measured,
        fmt="o",
        color=colour,
        markersize=4.5,
        markeredgecolor="white",
        markeredgewidth=0.6,
        elinewidth=1.0,
        capsize=2.0,
    )
    axes.set_xlim(0.0, float(times[-1]))
    greatest = float(measured.max()) * (1.0 + min(scatter or 0.0, 1.0))
    axes.set_ylim(0.0, 1.06 * max(greatest, min(float(fitted.max()), 2.0 * greatest)) or 1.0)
    axes.set_title(label(curve.name), fontsize=9, color=INK, loc="left", pad=4)
    model = curve.model if curve.model == TRAPEZOID else _fit_in_words(curve)
    axes.text(
        0.98, 0.95, model, transform=axes.transAxes, ha="right", va="top", fontsize=8, color=INK
    )


def _fit_in_words(curve: VoiCurve) -> str:
    half_lives = [curve.effective_half_life_h]
    if curve.model == TWO_PHASE:
        half_lives = [log(2.0) / rate for _, rate in curve.terms]
    return f"{curve.model}\nT = {' and '.join(f'{half_life:.0f}' for half_life in half_lives)} h"
