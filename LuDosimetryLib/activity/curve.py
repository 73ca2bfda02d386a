"""The activity of a volume of interest over time: measured, modelled, integrated."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.wording import for_spreadsheet

MONO_EXPONENTIAL = "mono-exponential"
BI_EXPONENTIAL = "bi-exponential"
TWO_PHASE = "two-phase washout"
TRAPEZOID = "trapezoid"
BAYESIAN = "bayesian"

Terms = tuple[tuple[float, float], ...]
"""Exponential terms: amplitude [MBq] and rate [1/h] of each."""

_NOT_IN_TABLE = ("hours", "activity_MBq", "parameters", "aicc")
_SAMPLES = 121
_SHOWN_BEYOND = 1.5
"""How far a sampled curve goes, in times of the last scan."""


@dataclass(frozen=True)
class _Model:
    """How a model's parameters make its exponential terms, and how that is written."""

    formula: str
    terms: Callable[[dict[str, float]], Terms]


_MODELS = {
    MONO_EXPONENTIAL: _Model(
        "A(t) = amplitude_MBq * exp(-rate_per_h * t)",
        lambda p: ((p["amplitude_MBq"], p["rate_per_h"]),),
    ),
    BI_EXPONENTIAL: _Model(
        "A(t) = amplitude_MBq * (exp(-washout_rate_per_h * t) - exp(-uptake_rate_per_h * t))",
        lambda p: (
            (p["amplitude_MBq"], p["washout_rate_per_h"]),
            (-p["amplitude_MBq"], p["uptake_rate_per_h"]),
        ),
    ),
    TWO_PHASE: _Model(
        "A(t) = fast_amplitude_MBq * exp(-fast_rate_per_h * t) + slow_amplitude_MBq * exp(-slow_rate_per_h * t)",
        lambda p: (
            (p["fast_amplitude_MBq"], p["fast_rate_per_h"]),
            (p["slow_amplitude_MBq"], p["slow_rate_per_h"]),
        ),
    ),
    BAYESIAN: _Model(
        "A(t) = amplitude_MBq * (1 - exp(-uptake_rate_per_h * t)) * "
        "((1 - fast_share) * exp(-slow_rate_per_h * t) + fast_share * exp(-fast_rate_per_h * t))",
        lambda p: tuple(
            (sign * share * p["amplitude_MBq"], p[f"{phase}_rate_per_h"] + uptake)
            for phase, share in (("slow", 1.0 - p["fast_share"]), ("fast", p["fast_share"]))
            for sign, uptake in ((1.0, 0.0), (-1.0, p["uptake_rate_per_h"]))
        ),
    ),
    TRAPEZOID: _Model(
        "A(t) linear from 0 at t = 0 and between the scans, then A_n * exp(-tail_rate_per_h * (t - t_n))",
        lambda p: (),
    ),
}


@dataclass(frozen=True)
class VoiCurve:
    """
    Time-activity curve of one volume of interest; attribute names carry the units.

    Attributes
    ----------
    name : str
        Name of the volume of interest.
    hours : tuple of float
        Times of the scans after administration [h].
    activity_MBq : tuple of float
        Activity in the whole volume at each scan, as the scans show it: not corrected for decay
        nor for recovery.
    model : str
        ``"mono-exponential"``, ``"bi-exponential"`` (uptake and washout), ``"two-phase washout"``
        (the slow phase physical decay), ``"bayesian"`` (uptake and two phases of washout, as usual
        where the scans do not tell) or, where nothing could be fitted, ``"trapezoid"``; see
        `formula`.
    parameters : dict of str to float
        Parameters of `formula`, with their units; rates [1/h] are effective: they include
        physical decay.
    tia_MBq_h : float
        Integral of the model from administration to infinity [MBq h].
    tia_standard_uncertainty_MBq_h : float or None
        Standard uncertainty of `tia_MBq_h`, from the scatter of the scans about the fit:
        covariance of the parameters, delta method. None without degrees of freedom, and of a
        trapezoid. Of a Bayesian curve from the uncertainty of the scans and the spread of usual
        kinetics, see `BayesianFits`.
    effective_half_life_h : float
        Effective half-life of the last phase [h]; of two phases of washout, that of the one with
        more decays.
    effective_half_life_standard_uncertainty_h : float or None
        Standard uncertainty of `effective_half_life_h`, from the same scatter.
    trapezoid_tia_MBq_h : float
        Integral by the trapezoid with the tail of the case, to compare [MBq h].
    degrees_of_freedom : int
        Scans less parameters; less the amplitude alone of a Bayesian curve.
    relative_scatter : float or None
        Standard deviation of a scan about the fit, as a part of its activity; None without
        degrees of freedom.
    aicc : dict of str to (float or None)
        Corrected Akaike information criterion by model tried, the least is best; None where the
        scans are too few for it (fewer than parameters + 2).
    """

    name: str
    hours: tuple[float, ...]
    activity_MBq: tuple[float, ...]
    model: str
    parameters: dict[str, float]
    tia_MBq_h: float
    tia_standard_uncertainty_MBq_h: float | None
    effective_half_life_h: float
    effective_half_life_standard_uncertainty_h: float | None
    trapezoid_tia_MBq_h: float
    degrees_of_freedom: int
    relative_scatter: float | None = None
    aicc: dict[str, float | None] = field(default_factory=dict)

    @property
    def formula(self) -> str:
        """The model written out, in the names of `parameters` and t [h]."""
        return _MODELS[self.model].formula

    @property
    def terms(self) -> Terms:
        """Exponential terms (amplitude [MBq], rate [1/h]); none of a trapezoid."""
        return terms_of(self.model, self.parameters)

    def activity_at(self, hours: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Activity of the model [MBq].

        Parameters
        ----------
        hours : array-like, any shape
            After administration [h].
        """
        at = np.asarray(hours, float)
        if self.model == TRAPEZOID:
            return self.trapezoid_at(at)
        return np.asarray(sum(a * np.exp(-rate * at) for a, rate in self.terms), float)

    def trapezoid_at(self, hours: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Activity of the trapezoid [MBq], which rises evenly to the first scan, at times [h]."""
        at, last = np.asarray(hours, float), self.activity_MBq[-1]
        times, values = (0.0, *self.hours), (0.0, *self.activity_MBq)
        tail_MBq_h = self.trapezoid_tia_MBq_h - float(np.trapezoid(values, times))
        rate = last / tail_MBq_h if last > 0.0 else 0.0
        beyond = np.maximum(at - self.hours[-1], 0.0)
        return np.asarray(np.interp(at, times, values) * np.exp(-rate * beyond))

    def sampled(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times from administration to beyond the last scan [h], and the model there [MBq]."""
        times = np.linspace(0.0, _SHOWN_BEYOND * self.hours[-1], _SAMPLES)
        return times, self.activity_at(times)

    def as_dict(self) -> dict[str, Any]:
        """The attributes, the formula and the sampled model, for ``result.json``."""
        times, values = self.sampled()
        return {
            **asdict(self),
            "formula": self.formula,
            "fit_hours": [round(float(t), 6) for t in times],
            "fit_activity_MBq": [float(f"{v:.8g}") for v in values],
        }


def curve_table(curves: Iterable[VoiCurve]) -> str:
    """The curves as CSV: a row for each scan of each, with what holds for the curve repeated."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [f.name for f in fields(VoiCurve) if f.name not in _NOT_IN_TABLE]
    writer.writerow(["name", "hours", "activity_MBq", "fit_MBq", *columns[1:], "parameters"])
    for curve in curves:
        parameters = "; ".join(f"{name} = {value:.6g}" for name, value in curve.parameters.items())
        values = [getattr(curve, name) for name in columns[1:]]
        for t, measured, fitted in zip(
            curve.hours, curve.activity_MBq, curve.activity_at(curve.hours), strict=True
        ):
            row = [for_spreadsheet(curve.name), t, measured, float(fitted), *values, parameters]
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in row])
    return text.getvalue()


def terms_of(model: str, parameters: dict[str, float]) -> Terms:
    """Exponential terms of a model by name; see `VoiCurve.terms`."""
    return _MODELS[model].terms(parameters)


def exponential_tia(terms: Terms) -> float:
    """Integral of a sum of exponentials from administration to infinity [MBq h]."""
    return float(sum(amplitude / rate for amplitude, rate in terms))
