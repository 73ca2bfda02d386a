"""Straight lines between the scans, and a tail after the last: Eq. 1 of Kim et al. 2022."""

from collections.abc import Mapping

import numpy as np

from ..base.log import Log
from ..base.wording import listed
from ..image.arrays import Array
from .curve import TRAPEZOID, VoiCurve
from .integration import BQ_TO_MBQ, IntegrationProblem, TimeIntegral

__all__ = ["check_against_curves", "integrate", "trapezoid_tia"]

_RISING = 0.05
"""Part of the time-integrated activity in voxels without decay at the end that calls for a warning."""
_FAR = 0.10
"""Relative difference of trapezoid and fitted curve that calls for a warning: twice what the budget allows a curve by default."""


def integrate(problem: IntegrationProblem, log: Log) -> TimeIntegral:
    """Integrate every voxel by the trapezoid, with the tail of the options."""
    hours, scans = list(problem.hours), list(problem.activity_Bq_mL)
    if len(hours) == 1:
        log.remark(
            f"there is only one scan, at {hours[0]:g} h: activity is taken to rise evenly until then and to decay "
            "physically after."
        )
    tia = trapezoid_tia(hours, scans, problem.decay_per_h, problem.options.tail)
    if problem.options.tail == "effective" and len(hours) > 1:
        _remark_on_rising(hours, scans, tia, log)
    return TimeIntegral(tia)


def _remark_on_rising(hours: list[float], scans: list[Array], tia: Array, log: Log) -> None:
    """Say how much lies where the last two scans show no decay that could be followed."""
    total = float(tia.sum(dtype=np.float64))
    part = float(tia[scans[-1] >= scans[-2]].sum(dtype=np.float64))
    if part > _RISING * total:
        log.remark(
            f"activity does not fall from the scan at {hours[-2]:g} h to the last, at {hours[-1]:g} h, in voxels that hold "
            f"{100.0 * part / total:.0f} % of the time-integrated activity; the effective tail is there one of physical "
            "decay."
        )


def trapezoid_tia(
    hours: list[float], activity_Bq_mL: list[Array], decay_per_h: float, tail: str
) -> Array:
    """
    Integrate activity over time by Eq. 1 of Kim et al. 2022.

    With A_0 = 0 at t_0 = 0, the sum of (A_i + A_(i+1)) / 2 * (t_(i+1) - t_i), and after the last
    scan A_n / lambda: the integral of A_n exp(-lambda (t - t_n)), whose shift the printed
    equation drops.

    Parameters
    ----------
    hours : list of float
        Times after administration, ascending [h].
    activity_Bq_mL : list of ndarray
        Activity concentration at each time, not corrected for decay [Bq/mL]; all of one shape.
    decay_per_h : float
        Physical decay constant lambda [1/h].
    tail : {"physical", "effective"}
        Rate after the last scan: lambda, or voxelwise ln(A_(n-1) / A_n) / (t_n - t_(n-1)) but
        never below lambda (activity that rises, or a single scan, decays physically).

    Returns
    -------
    ndarray of float32
        [MBq h/mL].
    """
    # each scan's weight: half the distance between its neighbours in time
    times = [0.0, *hours]
    weights = [0.5 * (later - earlier) for earlier, later in zip(times, times[2:], strict=False)]
    weights.append(0.5 * (times[-1] - times[-2]))
    tia = np.zeros(activity_Bq_mL[0].shape, np.float32)
    for weight, activity in zip(weights, activity_Bq_mL, strict=True):
        tia += np.float32(weight * BQ_TO_MBQ) * activity
    last = activity_Bq_mL[-1]
    if tail == "physical" or len(hours) == 1:
        tia += np.float32(BQ_TO_MBQ / decay_per_h) * last
        return tia
    before = activity_Bq_mL[-2]
    falls = (before > last) & (last > 0.0)
    rate = np.full(last.shape, decay_per_h, np.float32)
    fall = np.log(before[falls].astype(np.float64) / last[falls])
    rate[falls] = fall / (hours[-1] - hours[-2])
    tia += np.float32(BQ_TO_MBQ) * last / np.maximum(rate, np.float32(decay_per_h))
    return tia


def check_against_curves(
    problem: IntegrationProblem, _: TimeIntegral, curves: Mapping[str, VoiCurve], log: Log
) -> None:
    """
    Warn of VOIs whose trapezoid is far from the curve through the same scans.

    Straight lines between scans lie above a washout, and a tail of physical decay lies above one that is
    faster; what that adds to the dose is a part of its standard uncertainty.
    """
    tail = problem.options.tail
    differences = {
        c.name: c.trapezoid_tia_MBq_h / c.tia_MBq_h - 1.0
        for c in curves.values()
        if c.model != TRAPEZOID and c.tia_MBq_h > 0.0
    }
    far = {name: d for name, d in differences.items() if abs(d) > _FAR}
    if far:
        remedies = ['"integration": "bayesian"']
        if tail == "physical":
            remedies.insert(0, '"tail": "effective"')
        log.remark(
            f"the trapezoid with {tail} tail, and with it the dose, differs from the fitted curve in "
            f"{listed([f'{name!r} ({100.0 * d:+.0f} %)' for name, d in far.items()])}, which the stated uncertainty takes in; "
            f"{' or '.join(remedies)} follows the washout.",
            far,
        )
