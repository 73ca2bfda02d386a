"""Energies of photons: the lines they are emitted with, and groups for what has scattered."""

import itertools
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from ...tissue.compositions import ELECTRON_REST_MEV
from ...tissue.nuclide import Nuclide

LOCAL_BELOW_KEV = 18.0
"""Photons of less energy are absorbed within millimetres: where they are."""

_LINES_WITHIN = 1.7
"""Lines whose energies differ by no more than this factor travel together."""
_GROUP_RATIO = 1.38
"""Greatest energy of a group over its least."""
_WITHIN_GROUP = 21
_COSINES = 4000


@dataclass(frozen=True)
class EnergyGroups:
    """
    Energies at which photons are followed: lines first, then groups of scattered ones, descending.

    Photons of a group are counted by their energy: what a group holds, times its mean energy, is
    the energy in it, so that energy is conserved whatever the width of the groups.

    Attributes
    ----------
    energy_keV : ndarray, shape (n,)
    emitted : ndarray, shape (lines,)
        Photons per decay in each line.
    local_keV : float
        Energy per decay of photons that are not followed.
    scatter : ndarray, shape (2, n, n)
        Of photons that scatter incoherently (rows), how many come out in a group (columns), and
        their mean cosine; counted by energy as above.
    """

    energy_keV: NDArray[np.float64]
    emitted: NDArray[np.float64]
    local_keV: float
    scatter: NDArray[np.float64]

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.emitted)

    @property
    def scattered_keV(self) -> NDArray[np.float64]:
        """Mean energy that stays with a photon that scatters, 0 below the least group [keV]."""
        return np.asarray(self.scatter[0] @ self.energy_keV)

    @classmethod
    def of(cls, nuclide: Nuclide, bremsstrahlung_keV: float = 0.0) -> "EnergyGroups":
        """
        Make the groups of a nuclide.

        Parameters
        ----------
        nuclide : Nuclide
        bremsstrahlung_keV : float
            Energy per decay of bremsstrahlung, which joins the softest line; without any, it stays local.
        """
        lines = np.array(nuclide.photon_lines, float).reshape(-1, 2)
        energies, yields = 1e3 * lines[:, 0], lines[:, 1]
        local = energies < LOCAL_BELOW_KEV
        energy_keV, emitted = _lines_together(energies[~local], yields[~local])
        local_keV = float((energies * yields)[local].sum())
        if len(emitted):
            emitted[-1] += bremsstrahlung_keV / energy_keV[-1]
        else:
            local_keV += bremsstrahlung_keV
        edges = _edges(energy_keV[0]) if len(energy_keV) else np.array([])
        middle = np.sqrt(edges[1:] * edges[:-1])
        scatter = np.zeros((2, *2 * (len(energy_keV) + len(middle),)))
        for n, energy in enumerate(energy_keV):
            scatter[:, n, len(energy_keV) :] = _scatter(np.array([energy]), energy, edges)
        for n, (high, low) in enumerate(itertools.pairwise(edges)):
            within = np.geomspace(low, high, _WITHIN_GROUP)
            row = _scatter(within, middle[n], edges)
            scatter[:, len(energy_keV) + n, len(energy_keV) :] = row
        return cls(
            np.concatenate([energy_keV, middle]),
            emitted,
            local_keV,
            scatter,
        )


def klein_nishina(
    energy_keV: float, cosine: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """
    Energy after scatter by a free electron at rest, and its probability per solid angle.

    Parameters
    ----------
    energy_keV : float
    cosine : ndarray, any shape
        Of the angle between the directions before and after.

    Returns
    -------
    ndarray, ndarray
        Energy [keV], and the Klein-Nishina cross section in units of half the square of the
        classical electron radius.
    """
    ratio = 1.0 / (1.0 + energy_keV / (1e3 * ELECTRON_REST_MEV) * (1.0 - cosine))
    return energy_keV * ratio, ratio**2 * (ratio + 1.0 / ratio - (1.0 - cosine**2))


def _lines_together(
    energy_keV: NDArray[np.float64], emitted: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Few lines for many, each of the mean energy and with all the energy of those it replaces."""
    order = np.argsort(-energy_keV)
    energy_keV, emitted = energy_keV[order], emitted[order]
    together: list[tuple[float, float]] = []
    start = 0
    while start < len(energy_keV):
        stop = int(np.searchsorted(-energy_keV, -energy_keV[start] / _LINES_WITHIN, side="right"))
        part = slice(start, stop)
        number, energy = emitted[part].sum(), (emitted[part] * energy_keV[part]).sum()
        together.append((energy / number, number))
        start = stop
    means, numbers = np.array(together, float).reshape(-1, 2).T
    return means, numbers


def _edges(highest_keV: float) -> NDArray[np.float64]:
    number = max(1, ceil(log(highest_keV / LOCAL_BELOW_KEV) / log(_GROUP_RATIO)))
    return np.geomspace(highest_keV, LOCAL_BELOW_KEV, number + 1)


def _scatter(
    energies_keV: NDArray[np.float64], mean_keV: float, edges_keV: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Photons that come out in each group and their cosine, shape (2, groups); see `EnergyGroups`."""
    cosine = (np.arange(_COSINES) + 0.5) / (0.5 * _COSINES) - 1.0
    middle = np.sqrt(edges_keV[1:] * edges_keV[:-1])
    out = np.zeros((2, len(middle)))
    for energy in energies_keV:
        after, chance = klein_nishina(float(energy), cosine)
        chance *= after / (chance.sum() * len(energies_keV)) * (mean_keV / energy)
        group = np.searchsorted(-edges_keV, -after, side="right") - 1
        inside = group < len(middle)
        for n, weight in enumerate((chance, chance * cosine)):
            out[n] += np.bincount(group[inside].clip(0), weight[inside], len(middle)) / middle
    return out
