"""Plots of volumes of interest: dose-volume histograms and activity over time."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from slicer.i18n import tr as _
from slicer.i18n import translate

from LuDosimetryLib.activity.curve import VoiCurve
from LuDosimetryLib.report.voi_table import arranged_vois
from LuDosimetryLib.voi.groups import FEW

from .chart_nodes import LINE_STYLES, Chart, Curve
from .result_files import ResultFiles
from .tables import CONTEXT

_PALETTE = (
    (0.12, 0.47, 0.71),
    (0.84, 0.15, 0.16),
    (0.17, 0.63, 0.17),
    (1.00, 0.50, 0.05),
    (0.58, 0.40, 0.74),
    (0.55, 0.34, 0.29),
    (0.89, 0.47, 0.76),
    (0.50, 0.50, 0.50),
    (0.74, 0.74, 0.13),
    (0.09, 0.75, 0.81),
)
_ALIKE = 0.12
"""Distance in red, green and blue below which the colours of lines cannot be told apart."""
_LIGHTEST = 0.7
"""Luminance above which a line is hard to see on white."""
_LEAST_VOLUME_PERCENT = 0.2
"""Part of a volume of interest above which its dose-volume histogram is in the plot: a few hot voxels count little."""
_LEGEND_WIDTH = 0.3
"""Part of a plot's width that a legend of organs takes."""
_LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue, ITU-R BT.709


def dvh_charts(
    files: ResultFiles, colours: Mapping[str, tuple[float, float, float]]
) -> list[Chart]:
    """
    Plot cumulative dose-volume histograms; if there are many volumes, each group has a chart of its own.

    Parameters
    ----------
    files : ResultFiles
    colours : mapping of str to (float, float, float)
        Colours of segments by name.
    """
    columns = {name.removesuffix(" volume_percent"): column for name, column in files.dvh.items()}
    dose = columns.pop("dose_Gy")
    charts, many = [], len(columns) > FEW
    for role, title, names in _together(files, "dvh", _("Dose-volume histogram"), columns):
        curves: list[Curve] = []
        for name in names:
            curves.append(_line(name, dose, columns[name], colours, curves, many=many))
        x_range = _dose_range(curves) if many else None
        charts.append(Chart(role, title, _("Dose [Gy]"), _("Volume [%]"), curves, x_range=x_range))
    return charts


def _dose_range(curves: Sequence[Curve]) -> tuple[float, float]:
    """Range of the doses of a group, which those of another group do not stretch; the legend is beside."""
    reached = [curve.x[curve.y > _LEAST_VOLUME_PERCENT] for curve in curves]
    greatest = max(float(x[-1]) if x.size else 0.0 for x in reached)
    return 0.0, (greatest or 1.0) / (1.0 - _LEGEND_WIDTH)


def _together(
    files: ResultFiles, role: str, title: str, there: Collection[str]
) -> Iterator[tuple[str, str, list[str]]]:
    """Role and title of each chart of volumes of interest, and the names of those in it."""
    n = 0
    for group, names in arranged_vois(files.summary).together:
        known = [name for name in names if name in there]
        if known:
            n += 1
            full = f"{title}: {translate(CONTEXT, group)}" if group else title
            yield role if n == 1 else f"{role}-{n}", full, known


def activity_charts(
    files: ResultFiles, colours: Mapping[str, tuple[float, float, float]]
) -> list[Chart]:
    """
    Plot activity over time, scans as points with their fitted curves; nothing for a single scan.

    If there are many volumes of interest, each group has a chart of its own.

    The ordinate is logarithmic, so that organs and small tumours are visible and washout is straight.

    Parameters
    ----------
    files : ResultFiles
    colours : mapping of str to (float, float, float)
        Colours of segments by name.
    """
    curves = {curve.name: curve for curve in files.summary.curves if any(curve.activity_MBq)}
    return [
        _activity_chart(role, title, [curves[name] for name in names], colours, len(curves) > FEW)
        for role, title, names in _together(files, "activity", _("Activity over time"), curves)
    ]


def _activity_chart(
    role: str,
    title: str,
    curves: Sequence[VoiCurve],
    colours: Mapping[str, tuple[float, float, float]],
    many: bool,
) -> Chart:
    times, _activity = curves[0].sampled()  # all curves are of the same scans
    lines: list[Curve] = []
    for curve in curves:
        fitted = _positive(curve.activity_at(times))
        lines.append(_line(curve.name, times, fitted, colours, lines, many=many))
    hours = np.concatenate([curve.hours for curve in curves])
    measured = _positive([value for curve in curves for value in curve.activity_MBq])
    scans = Curve(_("scans"), hours, measured, points=True)
    return Chart(
        role,
        title,
        _("Time after administration [h]"),
        _("Activity [MBq]"),
        [*lines, scans],
        log_y=True,
        x_range=(0.0, float(times[-1]) / (1.0 - _LEGEND_WIDTH)),
    )


def _line(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    colours: Mapping[str, tuple[float, float, float]],
    others: Sequence[Curve],
    *,
    many: bool,
) -> Curve:
    """
    Make a line in the colour of its segment; another style, and then another colour, where others look alike.

    Among many, whose segments often share one colour, a second line is dashed and a third has another colour.
    """

    def alike(colour: tuple[float, float, float]) -> int:
        return sum(math.dist(colour, curve.colour) < _ALIKE for curve in others)

    styles = 2 if many else len(LINE_STYLES)
    own = _on_white(colours.get(name, colour_of_line(len(others))))
    usable = (c for c in (own, *map(_on_white, _PALETTE)) if alike(c) < styles)
    colour = next(usable, own)
    return Curve(name, x, y, colour, style=LINE_STYLES[alike(colour) % len(LINE_STYLES)])


def _positive(values: Sequence[float]) -> np.ndarray:
    """Values that a logarithmic axis can show; the others are NaN."""
    found = np.array(values, float)
    return np.where(found > 0.0, found, np.nan)


def _on_white(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """A colour, darkened where it is too light for a white background."""
    luminance = sum(part * weight for part, weight in zip(colour, _LUMINANCE, strict=True))
    factor = min(1.0, _LIGHTEST / luminance) if luminance else 1.0
    red, green, blue = (factor * part for part in colour)
    return red, green, blue


def colour_of_line(n: int) -> tuple[float, float, float]:
    """The colour of the line or points of a number, from 0."""
    return _PALETTE[n % len(_PALETTE)]
