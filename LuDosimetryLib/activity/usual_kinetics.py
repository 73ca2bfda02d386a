"""Kinetics of radiopharmaceuticals as they usually are: a function of time, and how its parameters spread."""

from dataclasses import dataclass, replace
from math import log as ln

import numpy as np
from numpy.typing import NDArray

__all__ = ["PARAMETERS", "Logarithms", "UsualKinetics"]

PARAMETERS = 4
"""Number of parameters of the shape: all but the amplitude."""

Logarithms = NDArray[np.float64]
"""Natural logarithms of the parameters of a shape, shape (4, curves), in the order of `UsualKinetics`."""

_LN2 = ln(2.0)
_FURTHEST = 5.0
"""Distance from the median at which a parameter is kept, in standard deviations."""


@dataclass(frozen=True)
class UsualKinetics:
    """
    How the shape of a time-activity curve is distributed before any scan is seen.

    Activity is taken up and leaves in one or two phases,

        A(t) = A0 (1 - 2^(-t/U)) ((1 - s) 2^(-t/B) + s 2^(-t/B - t/F)) exp(-lambda t),

    with physical decay lambda and the half-lives of uptake U, of biological washout B and of an
    additional fast phase F. Each parameter is lognormal (so effective half-lives were found to be
    by Hou et al., J Nucl Med 62 (2021) 1006): a median and the standard deviation of its natural
    logarithm. Fits that know a population need fewer scans and have fewer outliers (Devasia et
    al., J Nucl Med 62 (2021) 1118; Hardiansyah et al., EJNMMI Phys 10 (2023) 12); here the
    distributions are wide enough for all tissues and for peptides such as DOTATATE and PSMA
    ligands alike, so that they decide only what the scans leave open.

    Attributes
    ----------
    biological_half_life_h : tuple of float
        B, with a spread of its own above the median, as some tumours keep all they took up. With
        177Lu the effective half-life is 60 h, and 35 to 107 h in two of three: that of kidneys is
        50 h with DOTATATE and 35 to 40 h with PSMA ligands, of liver, spleen and most tumours 60 to 90 h.
        It cannot be longer than the physical one.
    fast_to_slow : tuple of float
        s / (1 - s): next to none in tumours, a fifth in kidneys, three quarters in blood.
    fast_half_life_h : tuple of float
        F.
    uptake_half_life_h : tuple of float
        U: minutes in blood, an hour in kidneys, some hours in tumours.
    """

    biological_half_life_h: tuple[float, float, float] = (96.0, 0.75, 1.2)
    fast_to_slow: tuple[float, float] = (0.35, 1.7)
    fast_half_life_h: tuple[float, float] = (6.0, 0.8)
    uptake_half_life_h: tuple[float, float] = (1.0, 1.0)

    def around(self, effective_half_life_h: float, decay_per_h: float) -> "UsualKinetics":
        """The same kinetics about another median of the effective half-life [h]."""
        rate_per_h = max(_LN2 / effective_half_life_h - decay_per_h, 1e-3 * decay_per_h)
        _, below, above = self.biological_half_life_h
        return replace(self, biological_half_life_h=(_LN2 / rate_per_h, below, above))

    @property
    def median(self) -> Logarithms:
        """Logarithms of the medians, shape (4, 1)."""
        return np.log([[median] for median, *_ in self._distributions])

    def spread(self, x: Logarithms) -> Logarithms:
        """Standard deviations of the logarithms on their side of the medians, shape (4, curves)."""
        below = np.array([[spread[0]] for _, *spread in self._distributions])
        above = np.array([[spread[-1]] for _, *spread in self._distributions])
        return np.where(x > self.median, above, below)

    @property
    def _distributions(self) -> tuple[tuple[float, ...], ...]:
        return (
            self.biological_half_life_h,
            self.fast_to_slow,
            self.fast_half_life_h,
            self.uptake_half_life_h,
        )

    def within(self, x: Logarithms) -> Logarithms:
        """The logarithms, no further from the medians than anything ever is."""
        reach = _FURTHEST * self.spread(x)
        return np.clip(x, self.median - reach, self.median + reach)


def rates_of(x: Logarithms, decay_per_h: float) -> tuple[NDArray[np.float64], ...]:
    """
    Rates that make up a shape, each of shape (curves,).

    Returns
    -------
    tuple of ndarray
        Effective rate of the slow phase, share of the fast phase, additional rate of the fast
        phase and of uptake [1/h].
    """
    biological, fast, uptake = _LN2 * np.exp(-x[[0, 2, 3]])
    return decay_per_h + biological, 1.0 / (1.0 + np.exp(-x[1])), fast, uptake


def log_shape(x: Logarithms, hours: NDArray[np.float64], decay_per_h: float) -> NDArray[np.float64]:
    """
    Natural logarithm of curves of amplitude 1.

    Parameters
    ----------
    x : ndarray, shape (4, curves)
    hours : ndarray, shape (times,)
        After administration, above 0 [h].
    decay_per_h : float

    Returns
    -------
    ndarray, shape (times, curves)
    """
    slow, share, fast, uptake = rates_of(x, decay_per_h)
    t = hours[:, None]
    left = 1.0 + share * np.expm1(-fast * t)
    return np.asarray(-slow * t + np.log(left * -np.expm1(-uptake * t)))


def log_shape_and_slope(
    x: Logarithms, hours: NDArray[np.float64], decay_per_h: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Logarithm of curves of amplitude 1, and its derivatives with the logarithms of their parameters.

    Returns
    -------
    ndarray, shape (times, curves)
    ndarray, shape (4, times, curves)
    """
    slow, share, fast, uptake = rates_of(x, decay_per_h)
    t = hours[:, None]
    of_fast, of_uptake = np.exp(-fast * t), np.exp(-uptake * t)
    left, risen = 1.0 - share * (1.0 - of_fast), -np.expm1(-uptake * t)
    slope = np.empty((PARAMETERS, *left.shape))
    slope[0] = (slow - decay_per_h) * t
    slope[1] = -share * (1.0 - share) * (1.0 - of_fast) / left
    slope[2] = share * fast * t * of_fast / left
    slope[3] = -uptake * t * of_uptake / risen
    return -slow * t + np.log(left * risen), slope


def log_integral(x: Logarithms, decay_per_h: float) -> NDArray[np.float64]:
    """Logarithm of the integral of curves of amplitude 1, from administration on [h]; shape (curves,)."""
    slow, share, fast, uptake = rates_of(x, decay_per_h)
    faster = slow + fast
    of_slow = (1.0 - share) * uptake / (slow * (slow + uptake))
    return np.asarray(np.log(of_slow + share * uptake / (faster * (faster + uptake))))
