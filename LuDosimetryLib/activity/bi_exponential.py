"""Uptake and washout, fitted to every voxel at once."""

from collections.abc import Mapping, Sequence
from math import log as ln

import numpy as np
from numpy.typing import NDArray

from ..base.log import Log
from .curve import BI_EXPONENTIAL, VoiCurve
from .integration import IntegrationProblem, TimeIntegral, Voxels
from .mono_exponential import MISPLACED_REFUSED, fastest_rate_per_h, misplaced
from .voxel_fit import integrate_by_fit

UPTAKE_SEEN_BY_H = 12.0
"""A first scan later than this [h] says next to nothing about uptake."""

_WASHOUTS, _UPTAKES = 32, 16
_STEPS = 12
_STILL = 1e-4
_DAMPING, _DAMPED = 1e-9, 1e-3
_FASTEST_UPTAKE_H = 0.25

Rates = NDArray[np.float64]
"""Washout rate, and uptake rate less washout rate [1/h], shape (2, voxels)."""


def integrate(problem: IntegrationProblem, log: Log) -> TimeIntegral:
    """Integrate a curve with uptake and washout fitted to every voxel."""
    return integrate_by_fit(problem, log, BI_EXPONENTIAL, bi_exponential_tia)


def check_first_scan(
    problem: IntegrationProblem, _: TimeIntegral, __: Mapping[str, VoiCurve], log: Log
) -> None:
    """Warn of uptake that is fitted where no scan is early enough to show it."""
    first_scan_h = problem.hours[0]
    if first_scan_h > UPTAKE_SEEN_BY_H:
        log.remark(
            f"the first scan, at {first_scan_h:g} h, is too late to show uptake, which bi-exponential curves then take from noise "
            "and so come out some per cent low; 'mono-exponential' or 'bayesian' suit these scans better."
        )


def uptake_bounds_per_h(hours: Sequence[float]) -> tuple[float, float]:
    """
    How far the uptake rate may lie above the washout rate, least and most [1/h].

    The slowest uptake has a half-life of a quarter of the time of the last scan but one, so that
    activity peaks before that scan even where it then decays physically, and the last two scans
    show washout. The fastest is over at the first scan: a half-life of 15 minutes, or of an
    eighth of the first scan's time if that is shorter.
    """
    return 4.0 * ln(2.0) / hours[-2], ln(2.0) / min(_FASTEST_UPTAKE_H, hours[0] / 8.0)


def bi_exponential_tia(
    hours: Sequence[float], activity: Voxels, decay_per_h: float
) -> NDArray[np.float64]:
    """
    Integrate A (exp(-washout t) - exp(-uptake t)) from administration on.

    Three parameters, all that three to five scans support: the activity is none at administration, as
    in the trapezoid. The most likely curve for Poisson noise: the best of a grid of rates, then
    Fisher's scoring of both rates; the amplitude follows from the sum over the scans.

    Parameters
    ----------
    hours, activity, decay_per_h
        As for `mono_exponential_tia`; at least three scans.

    Returns
    -------
    ndarray, shape (voxels,)
        NaN where the curve does not fit, as in `mono_exponential_tia`; also where the activity
        is greatest at the last scan.
    """
    t = np.asarray(hours, float)
    total = activity.sum(axis=0)
    lower = np.array([decay_per_h, uptake_bounds_per_h(hours)[0]])[:, None]
    upper = np.array([fastest_rate_per_h(hours), uptake_bounds_per_h(hours)[1]])[:, None]
    rates = _refined(t, activity, _best_of_grid(t, activity, lower, upper), lower, upper)
    curve = _curve(t, rates)
    scale = total / curve.sum(axis=0)
    washout, uptake = rates[0], rates[0] + rates[1]
    fits = (np.count_nonzero(activity, axis=0) > 1) & (washout < 0.999 * upper[0])
    fits &= misplaced(activity, scale * curve) <= MISPLACED_REFUSED
    fits &= activity[-1] < activity[:-1].max(axis=0)
    return np.where(fits, scale * (1.0 / washout - 1.0 / uptake), np.nan)


def _curve(t: NDArray[np.float64], rates: Rates) -> Voxels:
    """The curve of amplitude 1 at the scans, shape (scans, voxels)."""
    falling = np.exp(-t[:, None] * rates[0])
    return np.asarray(-falling * np.expm1(-t[:, None] * rates[1]))


def _best_of_grid(t: NDArray[np.float64], activity: Voxels, lower: Rates, upper: Rates) -> Rates:
    """The most likely rates of a grid; fast uptake goes first where the scans do not decide."""
    washouts = np.geomspace(lower[0, 0], upper[0, 0], _WASHOUTS)
    uptakes = np.geomspace(upper[1, 0], lower[1, 0], _UPTAKES)
    grid = np.stack([part.ravel() for part in np.meshgrid(washouts, uptakes, indexing="ij")])
    curves = _curve(t, grid)
    chances = np.log(curves / curves.sum(axis=0)).astype(np.float32)
    likelihood = activity.T.astype(np.float32) @ chances
    return np.asarray(grid[:, likelihood.argmax(axis=1)])


def _refined(
    t: NDArray[np.float64], activity: Voxels, rates: Rates, lower: Rates, upper: Rates
) -> Rates:
    """
    The most likely rates near a start, by Fisher's scoring in their logarithms.

    A step that makes the curve less likely is not taken, and the next one damped more
    (Levenberg and Marquardt). Only voxels that still move are gone on with.
    """
    part = activity / np.maximum(activity.sum(axis=0), np.finfo(float).tiny)
    refined = rates.copy()
    moving = np.arange(rates.shape[1])
    damping = np.full(moving.size, _DAMPING)
    scored = _scored(t, part, rates)
    for _ in range(_STEPS):
        step = np.clip(_step(scored, damping), -1.0, 1.0)
        tried = np.clip(rates * np.exp(step), lower, upper)
        found = _scored(t, part, tried)
        better = found[0] >= scored[0]
        moved = np.abs(np.log(tried / rates)).max(axis=0)
        rates = np.where(better, tried, rates)
        scored = np.where(better, found, scored)
        refined[:, moving] = rates
        damping = np.where(better, 0.1 * damping, 100.0 * damping + _DAMPED)
        still = moved > _STILL
        if not still.any():
            break
        moving, damping, scored = moving[still], damping[still], scored[:, still]
        rates, part = rates[:, still], part[:, still]
    return refined


def _scored(t: NDArray[np.float64], part: Voxels, rates: Rates) -> NDArray[np.float64]:
    """
    How likely the curve is, and how that changes with the logarithms of both rates.

    Returns
    -------
    ndarray, shape (6, voxels)
        Logarithm of the likelihood, its two derivatives, and Fisher's information: of the first
        rate, of the second, of both.
    """
    at = -t[:, None] * rates[0]
    above = t[:, None] * rates[1]
    risen = -np.expm1(-above)
    curve = np.exp(at) * risen
    chance = curve / curve.sum(axis=0)
    by_uptake = above * (1.0 - risen) / risen
    excess = part - chance
    mean, mean_uptake = (chance * at).sum(axis=0), (chance * by_uptake).sum(axis=0)
    return np.stack(
        [
            (part * np.log(chance)).sum(axis=0),
            (excess * at).sum(axis=0),
            (excess * by_uptake).sum(axis=0),
            (chance * at**2).sum(axis=0) - mean**2,
            (chance * by_uptake**2).sum(axis=0) - mean_uptake**2,
            (chance * at * by_uptake).sum(axis=0) - mean * mean_uptake,
        ]
    )


def _step(scored: NDArray[np.float64], damping: NDArray[np.float64]) -> Rates:
    """Fisher's step in the logarithms of the rates: inverse information times score."""
    _, a, b, aa, bb, ab = scored
    aa, bb = aa + damping, bb + damping
    return np.asarray(np.stack([bb * a - ab * b, aa * b - ab * a]) / (aa * bb - ab**2))
