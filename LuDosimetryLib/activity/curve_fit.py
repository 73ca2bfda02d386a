"""Models fitted to the activity of a volume of interest, and the choice between them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from .curve import TRAPEZOID, VoiCurve
from .curve_model import Candidate, Logarithms, candidates
from .mono_exponential import MISPLACED_REFUSED, misplaced
from .trapezoid import trapezoid_tia

PLAUSIBLE_SCATTER = 0.15
"""Scatter of scans about a fit, as a part of their activity, that is three times what is usual."""

_LEAST_SCATTER = 1e-6
"""Scatter of scans about a fit that counts as none in the choice of a model."""
_AT_BOUND = 1e-3
"""Distance of a logarithm from its bound that counts as none."""


@dataclass(frozen=True)
class _Fit:
    candidate: Candidate
    logarithms: Logarithms
    sum_of_squares: float
    jacobian: NDArray[np.float64]
    scans: int

    @property
    def degrees_of_freedom(self) -> int:
        return self.scans - self.logarithms.size

    @property
    def aicc(self) -> float | None:
        """N ln(S / n) + 2 K + 2 K (K + 1) / (n - K - 1), with K parameters and n scans."""
        n, k = self.scans, self.logarithms.size
        if n < k + 2:
            return None
        scatter = max(self.sum_of_squares / n, _LEAST_SCATTER**2)
        return n * log(scatter) + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0)

    @property
    def scatter(self) -> float | None:
        freedom = self.degrees_of_freedom
        return None if freedom < 1 else float(np.sqrt(self.sum_of_squares / freedom))

    def uncertainty(self, of: Callable[[Logarithms], float]) -> float | None:
        """Standard uncertainty of a function of the logarithms, by the delta method."""
        if self.scatter is None:
            return None
        fitted, here = self.candidate, self.logarithms
        distance = np.minimum(here - fitted.lower, fitted.upper - here)
        free = [n for n in range(here.size) if n not in fitted.blurred or distance[n] > _AT_BOUND]
        step = 1e-4
        slope = [
            (of(here + step * unit) - of(here - step * unit)) / (2.0 * step)
            for unit in np.eye(here.size)[free]
        ]
        covariance = np.linalg.pinv(self.jacobian[:, free].T @ self.jacobian[:, free])
        variance = float(np.array(slope) @ covariance @ np.array(slope))
        return float(self.scatter * np.sqrt(variance)) or None  # a fixed rate has none


def fit_curve(
    name: str,
    hours: Sequence[float],
    activity_MBq: Sequence[float],
    decay_per_h: float,
    tail: str,
    wanted: str | None = None,
) -> VoiCurve:
    """
    Fit the curve of a volume of interest.

    Models are fitted to the logarithm of activity: the error of a scan (calibration, positioning,
    contours, recovery) is a part of the activity rather than a number of counts, which in a
    volume of interest are many. What is tried depends on what the scans can support:

    - A exp(-rate t), from two scans on, unless activity rises after the first scan;
    - A (exp(-washout t) - exp(-uptake t)), from three scans on;
    - B exp(-rate t) + C exp(-decay t), a fast phase and physical decay, from four scans on, unless
      activity rises after the first scan. It was the function most supported by the kidneys'
      kinetics in Hardiansyah et al., EJNMMI Physics 8 (2021) 82; a second free washout rate asks
      for more scans than are made.

    The least corrected Akaike information criterion chooses (Glatting et al., Med Phys 34 (2007)
    4285); it is defined where there are two more scans than parameters, with four scans for one
    rate alone. A model for which it is not defined comes next, that with fewest parameters first,
    if the others leave more scatter than `PLAUSIBLE_SCATTER`. No rate is slower than physical decay. A
    fit that has more than a quarter of the activity at the wrong scan, or runs into the fastest
    washout allowed, is dropped; the trapezoid remains if no fit does, or if the activity is
    greatest at the last scan.

    Parameters
    ----------
    name : str
    hours : sequence of float
        At least two, ascending [h].
    activity_MBq : sequence of float
        At each scan, not negative.
    decay_per_h : float
        Physical decay constant [1/h].
    tail : {"physical", "effective"}
        Tail of the trapezoid.
    wanted : str, optional
        The model to take if it fits, instead of a choice.
    """
    measured = np.asarray(activity_MBq, float)
    fits = [
        fit
        for candidate in candidates(hours, measured, decay_per_h, wanted)
        if (fit := _fitted(candidate, np.asarray(hours, float), measured)) is not None
    ]
    by_trapezoid = replace(
        trapezoid_curve(name, hours, activity_MBq, decay_per_h, tail),
        aicc={fit.candidate.model: fit.aicc for fit in fits},
    )
    if not fits:
        return by_trapezoid
    best = _chosen(fits)
    candidate, at = best.candidate, best.logarithms

    def half_life_h(logarithms: Logarithms) -> float:
        return log(2.0) / candidate.washout_rate(candidate.parameters(logarithms))

    return replace(
        by_trapezoid,
        model=candidate.model,
        parameters=candidate.parameters(at),
        tia_MBq_h=candidate.tia(at),
        tia_standard_uncertainty_MBq_h=best.uncertainty(candidate.tia),
        effective_half_life_h=half_life_h(at),
        effective_half_life_standard_uncertainty_h=best.uncertainty(half_life_h),
        degrees_of_freedom=best.degrees_of_freedom,
        relative_scatter=best.scatter,
    )


def trapezoid_curve(
    name: str,
    hours: Sequence[float],
    activity_MBq: Sequence[float],
    decay_per_h: float,
    tail: str,
) -> VoiCurve:
    """The trapezoid of a volume of interest, for parameters as for `fit_curve`; of one scan or more."""
    measured = np.asarray(activity_MBq, float)
    tia_MBq_h, tail_rate = _trapezoid(hours, measured, decay_per_h, tail)
    return VoiCurve(
        name=name,
        hours=tuple(float(t) for t in hours),
        activity_MBq=tuple(float(a) for a in measured),
        model=TRAPEZOID,
        parameters={"tail_rate_per_h": tail_rate},
        tia_MBq_h=tia_MBq_h,
        tia_standard_uncertainty_MBq_h=None,
        effective_half_life_h=log(2.0) / tail_rate,
        effective_half_life_standard_uncertainty_h=None,
        trapezoid_tia_MBq_h=tia_MBq_h,
        degrees_of_freedom=0,
    )


def _chosen(fits: list[_Fit]) -> _Fit:
    """The first fit in order that leaves no more scatter than scans have."""
    ordered = sorted(fits, key=_order)
    likely = (fit for fit in ordered if (fit.scatter or 0.0) <= PLAUSIBLE_SCATTER)
    return next(likely, ordered[0])


def _order(fit: _Fit) -> tuple[bool, float]:
    """Models with a criterion go first, by it; then those with fewest parameters."""
    return (True, fit.logarithms.size) if fit.aicc is None else (False, fit.aicc)


def _trapezoid(
    hours: Sequence[float], measured: NDArray[np.float64], decay_per_h: float, tail: str
) -> tuple[float, float]:
    """Time-integrated activity [MBq h] and rate after the last scan [1/h] by the trapezoid."""
    scans = [np.array([1e6 * a]) for a in measured]
    rate = decay_per_h
    if tail == "effective" and len(hours) > 1 and measured[-2] > measured[-1] > 0.0:
        fall = log(measured[-2] / measured[-1]) / (hours[-1] - hours[-2])
        rate = max(rate, fall)
    return float(trapezoid_tia(list(hours), scans, decay_per_h, tail)[0]), rate


def _fitted(
    candidate: Candidate, hours: NDArray[np.float64], measured: NDArray[np.float64]
) -> _Fit | None:
    """The fit of a model; None if it does not describe the scans."""
    known = np.log(measured)

    def residuals(x: Logarithms) -> NDArray[np.float64]:
        tiny = np.finfo(float).tiny
        return np.asarray(np.log(np.maximum(candidate.activity(x, hours), tiny)) - known)

    start = np.clip(candidate.start, candidate.lower + 1e-9, candidate.upper - 1e-9)
    found = least_squares(
        residuals,
        start,
        bounds=(candidate.lower, candidate.upper),
        x_scale="jac",
        xtol=1e-9,
        ftol=1e-10,
        gtol=1e-12,
    )
    if any(candidate.upper[n] - found.x[n] < _AT_BOUND for n in candidate.refused):
        return None
    fitted = candidate.activity(found.x, hours)
    at_scans = fitted[:, None] * (measured.sum() / fitted.sum())
    if misplaced(measured[:, None], at_scans)[0] > MISPLACED_REFUSED:
        return None
    return _Fit(candidate, found.x, float(2.0 * found.cost), np.asarray(found.jac), len(hours))
