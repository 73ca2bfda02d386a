"""Models of the activity of a volume of interest as they are fitted: parameters, start, bounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from .bi_exponential import uptake_bounds_per_h
from .curve import BI_EXPONENTIAL, MONO_EXPONENTIAL, TWO_PHASE, exponential_tia, terms_of
from .mono_exponential import fastest_rate_per_h

RISE = 0.05
"""Part by which activity must rise from one scan to another to count as rising."""

Logarithms = NDArray[np.float64]
"""Natural logarithms of a model's free parameters."""


@dataclass(frozen=True)
class Candidate:
    """
    A model as it is fitted: free parameters by their logarithms, within bounds.

    Attributes
    ----------
    model : str
    parameters : callable
        Gives the parameters by name from the logarithms.
    start, lower, upper : ndarray
        Logarithms at which the fit starts, and their bounds.
    washout_rate : callable
        Gives the rate of washout from the parameters; of two phases that of the one with more
        decays.
    blurred : tuple of int
        Parameters that say nothing at a bound, and are then no longer uncertain.
    refused : tuple of int
        Parameters that at their upper bound show that the model does not describe the scans.
    """

    model: str
    parameters: Callable[[Logarithms], dict[str, float]]
    start: Logarithms
    lower: Logarithms
    upper: Logarithms
    washout_rate: Callable[[dict[str, float]], float]
    blurred: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()

    def tia(self, logarithms: Logarithms) -> float:
        """Integral from administration to infinity [MBq h]."""
        return exponential_tia(terms_of(self.model, self.parameters(logarithms)))

    def activity(self, logarithms: Logarithms, hours: NDArray[np.float64]) -> NDArray[np.float64]:
        """Activity at times after administration [h], any shape [MBq]."""
        terms = terms_of(self.model, self.parameters(logarithms))
        return np.asarray(sum(a * np.exp(-rate * hours) for a, rate in terms), float)


def rises(earlier: float, later: float) -> bool:
    """Whether activity rises from one scan to a later one by more than `RISE`."""
    return later > (1.0 + RISE) * earlier


def candidates(
    hours: Sequence[float], measured: NDArray[np.float64], decay_per_h: float, wanted: str | None
) -> list[Candidate]:
    """The models that the scans can support."""
    if measured.min() <= 0.0 or not np.isfinite(measured).all():
        return []
    if rises(float(measured[:-1].max()), float(measured[-1])):
        return []
    falls = not rises(float(measured[0]), float(measured[1:].max()))
    models = [BI_EXPONENTIAL] if len(hours) > 2 else []
    if falls or wanted == MONO_EXPONENTIAL:
        models.insert(0, MONO_EXPONENTIAL)
        if len(hours) > 3:
            models.append(TWO_PHASE)
    return [
        _CANDIDATES[model](hours, measured, decay_per_h)
        for model in models
        if wanted is None or model == wanted
    ]


def _mono_exponential(
    hours: Sequence[float], measured: NDArray[np.float64], decay_per_h: float
) -> Candidate:
    amplitude, rate = _line(hours, measured, decay_per_h)
    return Candidate(
        MONO_EXPONENTIAL,
        lambda x: {"amplitude_MBq": float(np.exp(x[0])), "rate_per_h": float(np.exp(x[1]))},
        np.log([amplitude, rate]),
        np.array([-np.inf, log(decay_per_h)]),
        np.array([np.inf, log(fastest_rate_per_h(hours))]),
        lambda p: p["rate_per_h"],
        refused=(1,),
    )


def _bi_exponential(
    hours: Sequence[float], measured: NDArray[np.float64], decay_per_h: float
) -> Candidate:
    peak = min(int(measured.argmax()), len(hours) - 2)
    amplitude, rate = _line(hours[peak:], measured[peak:], decay_per_h)
    least, most = uptake_bounds_per_h(hours)

    def parameters(x: Logarithms) -> dict[str, float]:
        amplitude, washout, above = (float(v) for v in np.exp(x))
        return {
            "amplitude_MBq": amplitude,
            "washout_rate_per_h": washout,
            "uptake_rate_per_h": washout + above,
        }

    return Candidate(
        BI_EXPONENTIAL,
        parameters,
        np.log([amplitude, rate, (least * most) ** 0.5]),
        np.array([-np.inf, log(decay_per_h), log(least)]),
        np.array([np.inf, log(fastest_rate_per_h(hours)), log(most)]),
        lambda p: p["washout_rate_per_h"],
        blurred=(2,),
        refused=(1,),
    )


def _two_phase(
    hours: Sequence[float], measured: NDArray[np.float64], decay_per_h: float
) -> Candidate:
    slow = 0.5 * float(measured[-1]) * np.exp(decay_per_h * hours[-1])
    amplitude, rate = _line(hours, measured, decay_per_h)
    slowest, fastest = 1.1 * decay_per_h, fastest_rate_per_h(hours)

    def parameters(x: Logarithms) -> dict[str, float]:
        return {
            "fast_amplitude_MBq": float(np.exp(x[0])),
            "fast_rate_per_h": float(np.exp(x[1])),
            "slow_amplitude_MBq": float(np.exp(x[2])),
            "slow_rate_per_h": decay_per_h,
        }

    return Candidate(
        TWO_PHASE,
        parameters,
        np.log([0.5 * amplitude, np.clip(2.0 * rate, 1.01 * slowest, 0.99 * fastest), slow]),
        np.array([-np.inf, log(slowest), -np.inf]),
        np.array([np.inf, log(fastest), np.inf]),
        lambda p: max(terms_of(TWO_PHASE, p), key=lambda term: term[0] / term[1])[1],
        refused=(1,),
    )


_CANDIDATES = {
    MONO_EXPONENTIAL: _mono_exponential,
    BI_EXPONENTIAL: _bi_exponential,
    TWO_PHASE: _two_phase,
}


def _line(
    hours: Sequence[float], measured: NDArray[np.float64], decay_per_h: float
) -> tuple[float, float]:
    """Amplitude and rate of the straight line through the logarithms, within the bounds."""
    t, y = np.asarray(hours, float), np.log(measured)
    slope = float(((t - t.mean()) * (y - y.mean())).sum() / ((t - t.mean()) ** 2).sum())
    rate = min(max(-slope, 1.001 * decay_per_h), 0.999 * fastest_rate_per_h(hours))
    return float(np.exp(y.mean() + rate * t.mean())), rate
