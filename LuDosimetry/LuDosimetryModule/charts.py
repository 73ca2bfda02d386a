"""Plots of a result: profile, correlation and Bland-Altman."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.agreement.agreement import LIMITS_OF_AGREEMENT_SD, bland_altman, pearson_r
from LuDosimetryLib.agreement.dose_line import dose_line
from LuDosimetryLib.base.errors import InvalidInput

from .chart_nodes import Chart, Curve
from .choices import label
from .result_files import ResultFiles, grid_of
from .voi_charts import colour_of_line

_POINTS = 4000
"""Points of a correlation plot; more only make it slow."""
_LEGEND_ROW = 0.065
"""Part of a plot's height that a row of its legend takes."""


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
        curves.append(Curve(name, x, other[shown], colour_of_line(n), points=True))
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
        curves += agreement_curves(label("doseMethod", method), other, reference, colour_of_line(n))
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
                Curve(text, reference[shown], other[shown], colour_of_line(0), points=True),
                _identity(float(reference.max())),
            ],
        )
    ]
    organs = summary["organs"]
    curves = agreement_curves(
        name,
        np.array([organ["mean_dose_Gy"] for organ in organs]),
        np.array([organ["reference_mean_dose_Gy"] for organ in organs]),
        colour_of_line(0),
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
        curves.append(Curve(name, found.distance_mm[inside], dose[inside], colour_of_line(n)))
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
