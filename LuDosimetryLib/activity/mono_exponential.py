"""Washout with one rate, fitted to every voxel at once."""

from collections.abc import Sequence
from math import log as ln

import numpy as np
from numpy.typing import NDArray

from ..base.log import Log
from .curve import MONO_EXPONENTIAL
from .integration import IntegrationProblem, TimeIntegral, Voxels
from .voxel_fit import integrate_by_fit

MISPLACED_REFUSED = 0.25
"""Part of the measured activity that a fit may have at the wrong scan."""

_RATES = 4096


def integrate(problem: IntegrationProblem, log: Log) -> TimeIntegral:
    """Integrate one exponential fitted to every voxel."""
    return integrate_by_fit(problem, log, MONO_EXPONENTIAL, mono_exponential_tia)


def fastest_rate_per_h(hours: Sequence[float]) -> float:
    """
    The fastest washout that scans can show [1/h]: half-life of half the time of the first scan.

    What washes out faster is known by the first scan alone, and going back from there to the
    administration would multiply its activity by more than 4.
    """
    return 2.0 * ln(2.0) / hours[0]


def mono_exponential_tia(
    hours: Sequence[float], activity: Voxels, decay_per_h: float
) -> NDArray[np.float64]:
    """
    Integrate A exp(-rate t) from administration on.

    The most likely curve for Poisson noise, the only one whose sum over the scans is that
    measured. For it the mean time of the scans weighted with the curve is that weighted with the
    measured activity, sum(t_i A_i) / sum(A_i). It rises evenly as the rate falls, so that it
    gives the rate by one look-up in a table, without a start value and without iterating.

    Parameters
    ----------
    hours : sequence of float
        Times after administration, at least two, ascending [h].
    activity : ndarray, shape (scans, voxels)
        Not negative, not corrected for decay.
    decay_per_h : float
        Physical decay constant, the slowest rate [1/h].

    Returns
    -------
    ndarray, shape (voxels,)
        [h times the unit of activity]. NaN where the curve does not fit: fewer than two scans
        with activity, washout faster than `fastest_rate_per_h`, or more than a quarter of the
        activity at the wrong scan, as where activity rises.
    """
    t = np.asarray(hours, float)
    rates = np.geomspace(fastest_rate_per_h(hours), decay_per_h, _RATES)
    falling = np.exp(-np.outer(rates, t))
    sums = falling.sum(axis=1)
    mean_times = falling @ t / sums
    total = activity.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_time = t @ activity / total
    # logarithms are nearly straight between the nodes; beyond the last: physical decay
    at = np.interp(mean_time, mean_times, np.arange(_RATES, dtype=float))
    rate = rates[0] * (decay_per_h / rates[0]) ** (at / (_RATES - 1))
    curve = np.exp(-t[:, None] * rate)
    scale = total / curve.sum(axis=0)
    fits = (np.count_nonzero(activity, axis=0) > 1) & (mean_time > mean_times[0])
    fits &= misplaced(activity, scale * curve) <= MISPLACED_REFUSED
    return np.where(fits, scale / rate, np.nan)


def misplaced(activity: Voxels, fitted: Voxels) -> NDArray[np.float64]:
    """Part of the activity that a fit of the same sum has at the wrong scan, shape (voxels,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(0.5 * np.abs(activity - fitted).sum(axis=0) / activity.sum(axis=0))
