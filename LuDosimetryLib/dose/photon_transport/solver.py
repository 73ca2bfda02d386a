"""Fluence of a nuclide's photons in a patient, group of energies by group."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.log import Log
from ...image.arrays import Array, Triple
from .energy_groups import EnergyGroups
from .ordinates import Fluence, Ordinates, Sweeper

LINE_ORDINATES = (12, 24)
"""Polar and azimuthal directions of photons on their first path, which come from small sources."""
GROUP_ORDINATES = (8, 16)
"""Those of scattered photons, which come from everywhere."""

_ITERATIONS = 3
"""Sweeps of a group for photons that scatter within it; what further ones would add is estimated."""
_VACUUM_PER_CM = np.float32(1e-6)


@dataclass(frozen=True)
class Coefficients:
    """
    What photons meet, by energy.

    Attributes
    ----------
    attenuation_per_cm, incoherent_per_cm : ndarray of float32, shape (energies, k, j, i)
        Linear coefficients; the first is the sum of all interactions that change the energy.
    """

    attenuation_per_cm: Array
    incoherent_per_cm: Array


def fluences(
    groups: EnergyGroups, coefficients: Coefficients, activity: Array, cell_cm: Triple, log: Log
) -> Iterator[Array]:
    """
    Solve the transport equation for one energy after the other, from the highest.

    Scatter follows Klein and Nishina, with its mean cosine (P1). What scatters forward within a
    group is counted as not scattered, and the rest followed in a few sweeps.

    Parameters
    ----------
    groups : EnergyGroups
    coefficients : Coefficients
    activity : ndarray of float32, shape (k, j, i)
        Decays per cm3.
    cell_cm : tuple of float
    log : Log

    Yields
    ------
    ndarray of float32, shape (k, j, i)
        Fluence [1/cm2] at each energy of `groups`.
    """
    number = len(groups.energy_keV)
    sources = np.zeros((number, *activity.shape), np.float32)
    drifts = np.zeros((number, 3, *activity.shape), np.float32)
    for n in range(number):
        log.at(n / number, "photon transport")
        attenuation = np.maximum(coefficients.attenuation_per_cm[n], _VACUUM_PER_CM)
        incoherent = coefficients.incoherent_per_cm[n]
        directions = LINE_ORDINATES if n < groups.lines else GROUP_ORDINATES
        sweeper = Sweeper(cell_cm, Ordinates.product(*directions, turn=n))
        if n < groups.lines:
            found = sweeper.sweep(attenuation, activity * np.float32(groups.emitted[n]))
        else:
            within = groups.scatter[:, n, n]
            found = _within(sweeper, attenuation, incoherent, within, sources[n], drifts[n])
        later = np.flatnonzero(groups.scatter[0, n] > 0.0)
        for m in later[later > n]:
            number_out, cosine_out = (np.float32(v) for v in groups.scatter[:, n, m])
            sources[m] += number_out * incoherent * found.total
            drifts[m] += np.float32(3.0) * cosine_out * incoherent * found.current
        yield found.total


def _within(
    sweeper: Sweeper,
    attenuation: Array,
    incoherent: Array,
    scatter: NDArray[np.float64],
    source: Array,
    drift: Array,
) -> Fluence:
    """Fluence of a group with what scatters within it, by few sweeps."""
    forward = np.float32(scatter[1])
    again = np.float32(scatter[0]) - forward
    left = np.maximum(attenuation - forward * incoherent, _VACUUM_PER_CM)
    found = sweeper.sweep(left, source, drift)
    before = found.total
    for _ in range(_ITERATIONS):
        before = found.total
        found = sweeper.sweep(left, source + again * incoherent * before, drift)
    # each sweep adds about the share that scatters once more: a geometric series
    share = again * incoherent / left
    rest = share / (np.float32(1.0) - share)
    return Fluence(found.total + rest * (found.total - before), found.current)
