"""What the uncertainty of single scans does to a volume's time-integrated activity."""

from collections.abc import Mapping, Sequence
from math import exp, hypot
from typing import Protocol

import numpy as np

from ...activity.curve import TRAPEZOID, VoiCurve
from ...case.uncertainty_inputs import UncertaintyInputs
from ...image.arrays import Array, Mask

_EARLIEST_H = 1e-3


class Integrate(Protocol):
    """The time-integrated activity of concentrations at some times, by the options of a case."""

    def __call__(self, hours: Sequence[float], activity_Bq_mL: Sequence[float]) -> float:
        """The integral, in any unit."""


def curve_uncertainty_percent(
    hours: Sequence[float],
    activity_Bq_mL: Sequence[Array],
    vois: Mapping[str, Mask],
    integrate: Integrate,
    used: Mapping[str, VoiCurve],
    inputs: UncertaintyInputs,
) -> dict[str, float]:
    """
    Standard uncertainty of each volume's time-integrated activity by its curve [%].

    The uncertainty of every scan's activity and time is passed through the integration itself, one
    after the other, or through the covariance of a fitted curve; where the scatter of the scans
    about that says more, it is taken. To it comes what the choice of the curve leaves open.

    Parameters
    ----------
    hours : sequence of float
        Times after administration, ascending [h].
    activity_Bq_mL : sequence of ndarray, shape (k, j, i)
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    integrate : callable
        Of hours and the mean activity concentrations of a volume.
    used : mapping of str to VoiCurve
        Fitted curves on which the dose rests; empty if it rests on none.
    inputs : UncertaintyInputs
    """
    choice = inputs.curve_percent if len(hours) > 1 else inputs.single_time_point_percent
    found = {}
    for name, mask in vois.items():
        curve = used.get(name)
        percent = None if curve is None else _of_fit(curve, inputs)
        if percent is None:
            means = [float(scan[mask].mean(dtype=np.float64)) for scan in activity_Bq_mL]
            percent = _through(integrate, list(hours), means, inputs)
        found[name] = hypot(percent, choice)
    return found


def _of_fit(curve: VoiCurve, inputs: UncertaintyInputs) -> float | None:
    """By the covariance of a fit [%]; None where it has none."""
    by_scatter, scatter = curve.tia_standard_uncertainty_MBq_h, curve.relative_scatter
    if curve.model == TRAPEZOID or not by_scatter or not scatter or curve.tia_MBq_h <= 0.0:
        return None
    # a scan at another time than stated errs by the slope of the curve there
    errors = [
        hypot(0.01 * inputs.scan_percent, _relative_slope_per_h(curve, t) * inputs.scan_time_h)
        for t in curve.hours
    ]
    expected = float(np.sqrt(np.mean(np.square(errors))))
    return 100.0 * by_scatter / curve.tia_MBq_h * max(1.0, expected / scatter)


def _relative_slope_per_h(curve: VoiCurve, hours: float) -> float:
    """Change of a fitted activity in an hour, as a part of it."""
    activity = sum(a * exp(-rate * hours) for a, rate in curve.terms)
    slope = sum(-rate * a * exp(-rate * hours) for a, rate in curve.terms)
    return slope / activity if activity > 0.0 else 0.0


def _through(
    integrate: Integrate, hours: list[float], means: list[float], inputs: UncertaintyInputs
) -> float:
    """Square root of the sum of squares of half the differences that each input makes [%]."""
    whole = integrate(hours, means)
    if whole <= 0.0:
        return 0.0
    step = 0.01 * inputs.scan_percent
    squares = 0.0
    for n in range(len(hours)):
        ends = [
            integrate(hours, [a * (1.0 + sign * step * (m == n)) for m, a in enumerate(means)])
            for sign in (1.0, -1.0)
        ]
        squares += (0.5 * (ends[0] - ends[1])) ** 2
        shift = _shift(hours, n, inputs.scan_time_h)
        ends = [
            integrate([t + sign * shift * (m == n) for m, t in enumerate(hours)], means)
            for sign in (1.0, -1.0)
        ]
        factor = inputs.scan_time_h / shift if shift > 0.0 else 0.0
        squares += (0.5 * factor * (ends[0] - ends[1])) ** 2
    return 100.0 * float(np.sqrt(squares)) / whole


def _shift(hours: list[float], scan: int, wanted: float) -> float:
    """How far a scan's time may be moved for the order of the scans to stay [h]."""
    neighbours = [_EARLIEST_H, *hours, np.inf]
    before, after = neighbours[scan], neighbours[scan + 2]
    return max(0.0, min(wanted, 0.4 * (hours[scan] - before), 0.4 * (after - hours[scan])))
