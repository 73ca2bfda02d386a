"""Volumes with known kinetics whose scans err as real ones do: integrals, and how sure they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log as ln

import numpy as np
from numpy.typing import NDArray

__all__ = ["POPULATION", "Kinetics", "scanned_volumes"]

_LN2 = ln(2.0)


@dataclass(frozen=True)
class Kinetics:
    """
    Activity over time: exponential terms.

    Attributes
    ----------
    terms : tuple of (float, float)
        Amplitude and effective half-life [h] of each.
    """

    terms: tuple[tuple[float, float], ...]

    def at(self, hours: Sequence[float]) -> NDArray[np.float64]:
        """Activity at times after administration [h]."""
        t = np.array(hours)
        return np.asarray(sum(a * 2.0 ** (-t / half_life) for a, half_life in self.terms))

    @property
    def tia(self) -> float:
        """Integral from administration on [h]."""
        return sum(a * half_life / _LN2 for a, half_life in self.terms)


def _around(median: float, spread: float, rng: np.random.Generator) -> float:
    """A lognormal half-life [h], not longer than nine tenths of that of 177Lu."""
    return float(min(median * np.exp(spread * rng.standard_normal()), 143.0))


def _kidney(rng: np.random.Generator) -> Kinetics:
    slow, uptake = _around(50.0, 0.2, rng), rng.uniform(0.3, 2.0)
    fast = rng.uniform(0.0, 0.4)
    return Kinetics(((1.0 - fast, slow), (fast, rng.uniform(5.0, 20.0)), (-1.0, uptake)))


def _liver(rng: np.random.Generator) -> Kinetics:
    return Kinetics(((1.0, _around(65.0, 0.2, rng)), (-1.0, rng.uniform(0.3, 3.0))))


def _tumour(rng: np.random.Generator) -> Kinetics:
    slow = _around(80.0, 0.3, rng)
    return Kinetics(((1.0, slow), (-1.0, min(rng.uniform(1.0, 10.0), 0.3 * slow))))


def _blood(rng: np.random.Generator) -> Kinetics:
    fast = rng.uniform(0.5, 0.8)
    slow = _around(55.0, 0.2, rng)
    return Kinetics(((1.0 - fast, slow), (fast, rng.uniform(1.0, 5.0)), (-1.0, 0.05)))


POPULATION: dict[str, Callable[[np.random.Generator], Kinetics]] = {
    "kidney": _kidney,
    "liver, spleen": _liver,
    "tumour": _tumour,
    "blood, marrow": _blood,
}
"""
Kinetics of tissues with 177Lu peptides as sums of exponentials, with the spread between patients.

None is of the function that the Bayesian fit assumes.
"""


def scanned_volumes(
    tissue: str, hours: Sequence[float], relative: float, count: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Volumes of a tissue as scans show them.

    Parameters
    ----------
    tissue : str
        One of `POPULATION`.
    hours : sequence of float
        Times of the scans [h].
    relative : float
        Standard deviation of a scan, as a part of its activity.
    count : int
    seed : int

    Returns
    -------
    ndarray, shape (count,)
        True time-integrated activity [h].
    ndarray, shape (scans, count)
        Activity of each scan.
    """
    rng = np.random.default_rng(seed)
    kinetics = [POPULATION[tissue](rng) for _ in range(count)]
    exact = np.array([k.at(hours) for k in kinetics]).T
    error = relative * rng.standard_normal(exact.shape)
    return np.array([k.tia for k in kinetics]), exact * np.exp(error)
