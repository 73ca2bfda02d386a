"""Plots of a result: histogram, activity over time, profile, correlation and Bland-Altman."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate

from LuDosimetryLib.activity.curve import VoiCurve
from LuDosimetryLib.agreement.agreement import LIMITS_OF_AGREEMENT_SD, bland_altman, pearson_r
from LuDosimetryLib.agreement.dose_line import dose_line
from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.report.voi_table import arranged_vois
from LuDosimetryLib.voi.groups import FEW

from .chart_nodes import LINE_STYLES, Chart, Curve
from .choices import label
from .result_files import ResultFiles, grid_of
from .tables import CONTEXT

_POINTS = 4000
"""Points of a correlation plot; more only make it slow."""
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
_LEGEND_ROW = 0.065
"""Part of a plot's height that a row of its legend takes."""
_LEGEND_WIDTH = 0.3
"""Part of a plot's width that a legend of organs takes."""
_LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue, ITU-R BT.709


def dvh_charts(
    files: ResultFiles, colours: Mapping[str, tuple[float, float, float]]
) -> list[Chart]:
    """
    Plot cumulative dose-volume histograms, of many volumes of interest in a chart for each group.

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

    Of many volumes of interest there is a chart for each group.

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


def correlation_chart(files: ResultFiles) -> Chart | None:
    """Plot voxel doses of the compared methods over those of the chosen one; None without any."""
    methods = files.summary.methods
    if len(methods) < 2:
        return None
    chosen = files.images["dose"].values.reshape(-1)
    given = np.flatnonzero(chosen > 0.0)
    if not given.size:
        return None
    step = max(1, given.size // _POINTS)
    shown = given[::step]
    x = chosen[shown]
    curves = []
    for n, method in enumerate(methods[1:]):
        other = files.images[files.summary.dose_key(method)].values.reshape(-1)
        r = pearson_r(other[shown], x)
        name = f"{label('doseMethod', method)}, r = {r:.4f}"
        curves.append(Curve(name, x, other[shown], _colour(n), points=True))
    curves.append(_identity(float(chosen.max())))
    name = label("doseMethod", methods[0])
    return Chart(
        "correlation",
        _("Correlation of voxel doses"),
        f"{name} [Gy]",
        _("Other method [Gy]"),
        curves,
    )


def bland_altman_chart(files: ResultFiles) -> Chart | None:
    """Plot relative differences of organ doses over their mean; None without a compared method."""
    organs, methods = files.summary.organs, files.summary.methods
    if len(methods) < 2 or not organs:
        return None
    reference = np.array([organ.mean_dose_Gy for organ in organs])
    curves = []
    for n, method in enumerate(methods[1:]):
        other = np.array([organ.dose_by_method_Gy[method] for organ in organs])
        curves += agreement_curves(label("doseMethod", method), other, reference, _colour(n))
    if not curves:
        return None
    return Chart(
        "bland-altman",
        _("Bland-Altman of organ doses"),
        _("Mean of both methods [Gy]"),
        _("Difference to {method} [%]").format(method=label("doseMethod", methods[0])),
        curves,
        _with_room(curves),
    )


def agreement_curves(
    name: str, other: np.ndarray, reference: np.ndarray, colour: tuple[float, float, float]
) -> list[Curve]:
    """Make points, mean and limits of agreement of a Bland-Altman plot."""
    given = reference > 0.0
    other, reference = other[given], reference[given]
    if not reference.size:
        return []
    difference = 100.0 * (other - reference) / reference
    mean = 0.5 * (other + reference)
    found = bland_altman(difference)
    bias = round(found.bias_percent, 1) + 0.0  # no negative zero
    text = _("{name}: {bias:.1f} % on average").format(name=name, bias=bias)
    curves = [Curve(text, mean, difference, colour, points=True)]
    ends = np.array([0.0, float(mean.max()) * 1.05])
    line = np.full(2, found.bias_percent)
    curves.append(Curve(_("{name}, mean").format(name=name), ends, line, colour))
    if found.count > 1:
        low, high = found.lower_limit_percent, found.upper_limit_percent
        text = _("{name}, ±{sd} SD").format(name=name, sd=LIMITS_OF_AGREEMENT_SD)
        x = np.array([*ends, np.nan, *ends])
        y = np.array([low, low, np.nan, high, high])
        curves.append(Curve(text, x, y, colour, style="Dash"))
    return curves


def comparison_charts(
    name: str, summary: Mapping[str, Any], other: np.ndarray, reference: np.ndarray
) -> list[Chart]:
    """
    Plot correlation and Bland-Altman of a comparison with another dose volume.

    Parameters
    ----------
    name : str
    summary : mapping
        Content of ``comparison.json``.
    other, reference : ndarray, shape (n,)
        Voxel doses on one grid [Gy].
    """
    given = np.flatnonzero(reference > 0.0)
    shown = given[:: max(1, given.size // _POINTS)]
    r = summary["pearson_correlation"]["r"]
    text = name if r is None else f"{name}, r = {r:.4f}"
    charts = [
        Chart(
            "compared-correlation",
            _("Correlation with {name}").format(name=name),
            _("This dose [Gy]"),
            f"{name} [Gy]",
            [
                Curve(text, reference[shown], other[shown], _colour(0), points=True),
                _identity(float(reference.max())),
            ],
        )
    ]
    organs = summary["organs"]
    curves = agreement_curves(
        name,
        np.array([organ["mean_dose_Gy"] for organ in organs]),
        np.array([organ["reference_mean_dose_Gy"] for organ in organs]),
        _colour(0),
    )
    if curves:
        title = _("Bland-Altman with {name}").format(name=name)
        x, y = _("Mean of both [Gy]"), _("Difference to this dose [%]")
        charts.append(Chart("compared-bland-altman", title, x, y, curves, _with_room(curves)))
    return charts


def profile_chart(line: Any, volumes: Mapping[str, Any]) -> Chart:
    """
    Plot doses along a markups line.

    Parameters
    ----------
    line : vtkMRMLMarkupsLineNode
    volumes : mapping of str to vtkMRMLScalarVolumeNode
        Volumes by name, on one grid.

    Raises
    ------
    InvalidInput
        For a line without two points.
    """
    if line.GetNumberOfControlPoints() < 2:
        raise InvalidInput(
            _("the line {name} has no two points; place them in a slice view.").format(
                name=line.GetName()
            )
        )
    ends = []
    for n in range(2):
        ras = [0.0, 0.0, 0.0]
        line.GetNthControlPointPositionWorld(n, ras)
        ends.append((-ras[0], -ras[1], ras[2]))
    first = next(iter(volumes.values()))
    values = {name: slicer.util.arrayFromVolume(node) for name, node in volumes.items()}
    found = dose_line(values, grid_of(first), ends[0], ends[1])
    curves = []
    for n, (name, dose) in enumerate(found.values.items()):
        inside = np.isfinite(dose)
        curves.append(Curve(name, found.distance_mm[inside], dose[inside], _colour(n)))
    if not any(curve.x.size for curve in curves):
        raise InvalidInput(
            _("the line {name} lies outside the dose; move its points.").format(name=line.GetName())
        )
    title = _("Dose profile along {name}").format(name=line.GetName())
    curves = [curve for curve in curves if curve.x.size]
    return Chart("profile", title, _("Distance [mm]"), _("Dose [Gy]"), curves, _with_room(curves))


def _with_room(curves: Sequence[Curve]) -> tuple[float, float]:
    """Range of the ordinate that leaves room for the legend above the curves."""
    low = min(float(np.nanmin(curve.y)) for curve in curves)
    high = max(float(np.nanmax(curve.y)) for curve in curves)
    margin = 0.05 * (high - low) or 1.0
    room = _LEGEND_ROW * len(curves)
    return low - margin, high + margin + (high - low) * room / (1.0 - room)


def _identity(greatest: float) -> Curve:
    ends = np.array([0.0, greatest])
    return Curve(_("identity"), ends, ends, style="Dash")


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
    own = _on_white(colours.get(name, _colour(len(others))))
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


def _colour(n: int) -> tuple[float, float, float]:
    return _PALETTE[n % len(_PALETTE)]
