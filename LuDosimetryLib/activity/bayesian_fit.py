"""Most likely curves through a few scans, knowing how kinetics usually are; many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .usual_kinetics import (
    PARAMETERS,
    Logarithms,
    UsualKinetics,
    log_integral,
    log_shape,
    log_shape_and_slope,
)

__all__ = ["BayesianFits", "ScanErrors", "fit_usual_kinetics"]

_STARTS = (
    (0.0, 0.0, 0.0, 0.0),
    (0.0, -1.0, 0.0, 1.5),
    (-0.4, 1.5, -0.7, 0.0),
    (0.0, 1.0, 1.5, 0.0),
)
"""Starts of the search, in standard deviations from the medians: usual, late uptake, blood, two phases."""
_STEPS, _QUICK_STEPS = 300, 30
_LONGEST_STEP = 1.5
_NEARLY_STILL, _QUICKLY_STILL, _STILL = 0.05, 5e-3, 1e-4
"""Change of a logarithm in a step below which a search ends: of the scatter alone, a quick one, any other."""
_DAMPING = 1e-3
_STRETCHES = 6
"""Times that a step is stretched until it ends where it should."""


@dataclass(frozen=True)
class ScanErrors:
    """
    Standard uncertainty of the activity of single scans, independent of each other.

    Attributes
    ----------
    relative : float
        As a part of the activity.
    background : float
        As a part of the activity of the highest scan: noise and what spills in, so that scans
        which show next to nothing have little weight.
    time_h : float
        Standard uncertainty of the time of a scan [h].
    """

    relative: float = 0.05
    background: float = 0.002
    time_h: float = 0.0


@dataclass(frozen=True)
class BayesianFits:
    """
    Curves with the least sum of squares of the scans' deviations and of those from usual kinetics.

    Attributes
    ----------
    logarithms : ndarray, shape (4, curves)
        Logarithms of the parameters of each shape.
    hours : ndarray, shape (scans,)
    log_activity : ndarray, shape (scans, curves)
        Natural logarithms of the activities fitted.
    weights : ndarray, shape (scans, curves)
        Inverse variances of `log_activity`.
    information : ndarray, shape (curves, 4, 4)
        Inverse covariance of `logarithms`.
    scatter : ndarray, shape (curves,)
        Deviations over what was expected of them, root mean square; 0 for a single scan.
    decay_per_h : float
    usual : UsualKinetics
    """

    logarithms: Logarithms
    hours: NDArray[np.float64]
    log_activity: NDArray[np.float64]
    weights: NDArray[np.float64]
    information: NDArray[np.float64]
    scatter: NDArray[np.float64]
    decay_per_h: float
    usual: UsualKinetics

    @property
    def log_amplitude(self) -> NDArray[np.float64]:
        """Logarithm of the amplitude of each curve, in the unit of activity; shape (curves,)."""
        return self._log_amplitude(self.logarithms)

    @property
    def tia(self) -> NDArray[np.float64]:
        """Time-integrated activity of each curve [h times the unit of activity]."""
        return np.asarray(np.exp(self._log_tia(self.logarithms)))

    @property
    def relative_uncertainty(self) -> NDArray[np.float64]:
        """Standard uncertainty of the time-integrated activity as a part of it, shape (curves,)."""
        by_scans = 1.0 / self.weights.sum(axis=0)
        return np.asarray(np.sqrt(by_scans + self.variance(self._log_tia)))

    @property
    def relative_scatter(self) -> NDArray[np.float64]:
        """
        Standard deviation of a scan about each curve, as a part of its activity; shape (curves,).

        Defined for two scans or more.
        """
        scans = self.hours.size
        apart = self.log_activity - log_shape(self.logarithms, self.hours, self.decay_per_h)
        squares = (self.weights * (apart - self.log_amplitude) ** 2).sum(axis=0)
        return np.asarray(np.sqrt(squares / self.weights.sum(axis=0) * scans / (scans - 1.0)))

    def variance(self, of: Callable[[Logarithms], NDArray[np.float64]]) -> NDArray[np.float64]:
        """
        Variance of a function of the logarithms by what is unsure of a shape, shape (curves,).

        Along each axis of the ellipsoid of uncertainty to where the sum of squares is larger by one,
        to either side: a function that is flat at the most likely curve, as the time-integrated
        activity from one late scan is, is not taken as sure.
        """
        values, vectors = np.linalg.eigh(self.information)
        here = of(self.logarithms)
        total = np.zeros(here.shape)
        for n in range(PARAMETERS):
            axis = (vectors[:, :, n] / np.sqrt(values[:, n : n + 1])).T
            for step in (axis, -axis):
                total += 0.5 * (of(self._as_likely(step)) - here) ** 2
        return total

    def _as_likely(self, step: Logarithms) -> Logarithms:
        """Logarithms in the direction of a step where the sum of squares is larger by one."""
        least = self._squares(self.logarithms)
        for _ in range(_STRETCHES):
            more = self._squares(self.logarithms + step) - least
            step = step * np.clip(1.0 / np.sqrt(np.maximum(more, 1e-6)), 0.5, 2.0)
        return self.logarithms + step

    def _squares(self, x: Logarithms) -> NDArray[np.float64]:
        """Sum of squares of the deviations of scans and of kinetics, shape (curves,)."""
        apart = self.log_activity - log_shape(x, self.hours, self.decay_per_h)
        apart = apart - self._log_amplitude(x)
        unusual = (x - self.usual.median) / self.usual.spread(x)
        return np.asarray((self.weights * apart**2).sum(axis=0) + (unusual**2).sum(axis=0))

    def _log_amplitude(self, x: Logarithms) -> NDArray[np.float64]:
        apart = self.log_activity - log_shape(x, self.hours, self.decay_per_h)
        return np.asarray((self.weights * apart).sum(axis=0) / self.weights.sum(axis=0))

    def _log_tia(self, x: Logarithms) -> NDArray[np.float64]:
        return self._log_amplitude(x) + log_integral(x, self.decay_per_h)


def fit_usual_kinetics(
    hours: Sequence[float],
    activity: NDArray[np.float64],
    decay_per_h: float,
    errors: ScanErrors,
    usual: UsualKinetics,
    quick: bool = False,
) -> BayesianFits:
    """
    The most likely curve through the scans of each volume, voxel or neighbourhood.

    With as many as four parameters of the shape beside the amplitude, and one scan or more: what
    the scans do not tell is as usual. Where they deviate from any likely curve by more than their
    errors, these are taken as larger (Birge's ratio) and the curve is sought again, so that it
    goes less after the scans and is less sure.

    Parameters
    ----------
    hours : sequence of float
        Times after administration, ascending [h].
    activity : ndarray, shape (scans, curves)
        Not corrected for decay, not negative, and not all zero in any curve.
    decay_per_h : float
        Physical decay constant [1/h].
    errors : ScanErrors
    usual : UsualKinetics
    quick : bool
        Search from one start instead of several, and not to the end, as is good for noisy voxels.
    """
    t = np.asarray(hours, float)
    floor = errors.background * activity.max(axis=0)
    shown = np.maximum(activity, floor)
    known = np.log(shown)
    variance = errors.relative**2 + (floor / shown) ** 2
    x, cost = np.empty((PARAMETERS, activity.shape[1])), np.full(activity.shape[1], np.inf)
    for start in _STARTS[:1] if quick else _STARTS:
        first = np.repeat(_shifted(usual, np.array(start)[:, None]), activity.shape[1], axis=1)
        tried, found = _sought(
            first, t, known, 1.0 / variance, decay_per_h, usual, _QUICK_STEPS, _NEARLY_STILL
        )
        x, cost = np.where(found < cost, tried, x), np.minimum(cost, found)
    if errors.time_h > 0.0:
        variance = variance + (errors.time_h * _slope_per_h(x, t, decay_per_h)) ** 2
    freedom = max(1.0, t.size - 1.0)
    weights = 1.0 / (variance * np.maximum(1.0, cost / freedom))
    steps, near = (_QUICK_STEPS, _QUICKLY_STILL) if quick else (_STEPS, _STILL)
    x, left = _sought(x, t, known, weights, decay_per_h, usual, steps, near)
    # what even so deviates more than it should makes the curve less sure, but no other
    weights /= np.maximum(1.0, left / freedom)
    scatter = np.sqrt(cost / freedom)
    scored = _Scored.of(x, t, known, weights, decay_per_h, usual)
    return BayesianFits(x, t, known, weights, scored.information, scatter, decay_per_h, usual)


def _shifted(usual: UsualKinetics, by: Logarithms) -> Logarithms:
    """Logarithms that are some standard deviations from the medians."""
    return usual.median + by * usual.spread(usual.median + by)


@dataclass(frozen=True)
class _Scored:
    """How likely curves are, and how that changes with the logarithms of their parameters."""

    cost: NDArray[np.float64]
    score: NDArray[np.float64]
    information: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        x: Logarithms,
        t: NDArray[np.float64],
        known: NDArray[np.float64],
        weights: NDArray[np.float64],
        decay_per_h: float,
        usual: UsualKinetics,
    ) -> "_Scored":
        """At given logarithms, each with its most likely amplitude."""
        fitted, slope = log_shape_and_slope(x, t, decay_per_h)
        part = weights / weights.sum(axis=0)
        apart = known - fitted
        apart -= (part * apart).sum(axis=0)
        slope -= (part * slope).sum(axis=1)[:, None]
        spread = usual.spread(x)
        unusual = (x - usual.median) / spread
        cost = (weights * apart**2).sum(axis=0) + (unusual**2).sum(axis=0)
        weighted = weights * slope
        score = (weighted * apart).sum(axis=1) - unusual / spread
        information = np.empty((x.shape[1], PARAMETERS, PARAMETERS))
        for m in range(PARAMETERS):
            for n in range(m + 1):
                both = (weighted[m] * slope[n]).sum(axis=0)
                information[:, m, n] = information[:, n, m] = both
            information[:, m, m] += 1.0 / spread[m] ** 2
        return cls(cost, score, information)

    def where(self, chosen: NDArray[np.bool_], other: "_Scored") -> "_Scored":
        """These where chosen, the others elsewhere."""
        return _Scored(
            np.where(chosen, self.cost, other.cost),
            np.where(chosen, self.score, other.score),
            np.where(chosen[:, None, None], self.information, other.information),
        )

    def only(self, kept: NDArray[np.bool_]) -> "_Scored":
        """Those that are kept."""
        return _Scored(self.cost[kept], self.score[:, kept], self.information[kept])

    def step(self, damping: NDArray[np.float64]) -> Logarithms:
        """Towards the most likely curve, shorter the more it is damped."""
        damped = self.information.copy()
        for n in range(PARAMETERS):
            damped[:, n, n] *= 1.0 + damping
        step = np.linalg.solve(damped, self.score.T[:, :, None])[:, :, 0].T
        return np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)


def _sought(
    start: Logarithms,
    t: NDArray[np.float64],
    known: NDArray[np.float64],
    weights: NDArray[np.float64],
    decay_per_h: float,
    usual: UsualKinetics,
    steps: int,
    near: float,
) -> tuple[Logarithms, NDArray[np.float64]]:
    """
    The most likely logarithms near a start, and their sum of squares.

    By Gauss's and Newton's steps, damped as by Levenberg and Marquardt where they lead to a less
    likely curve. Only curves that still move are gone on with.
    """
    best, cost = start.copy(), np.empty(start.shape[1])
    x, moving = start, np.arange(start.shape[1])
    damping = np.full(moving.size, _DAMPING)
    scored = _Scored.of(x, t, known, weights, decay_per_h, usual)
    for _ in range(steps):
        tried = usual.within(x + scored.step(damping))
        found = _Scored.of(tried, t, known, weights, decay_per_h, usual)
        better = found.cost <= scored.cost
        moved = np.abs(tried - x).max(axis=0)
        x, scored = np.where(better, tried, x), found.where(better, scored)
        best[:, moving], cost[moving] = x, scored.cost
        damping = np.where(better, 0.1 * damping, 10.0 * damping)
        still = moved > near
        if not still.any():
            break
        if still.mean() < 0.8:
            moving, damping, scored = moving[still], damping[still], scored.only(still)
            x, known, weights = x[:, still], known[:, still], weights[:, still]
    return best, cost


def _slope_per_h(x: Logarithms, t: NDArray[np.float64], decay_per_h: float) -> NDArray[np.float64]:
    """Change of the logarithm of activity in an hour at each scan, shape (scans, curves)."""
    step = 1e-3 * t[0]
    ends = [log_shape(x, t + sign * step, decay_per_h) for sign in (1.0, -1.0)]
    return np.asarray((ends[0] - ends[1]) / (2.0 * step))
