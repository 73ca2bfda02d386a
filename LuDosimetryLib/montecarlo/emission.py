"""Random emissions of a nuclide: energies and isotropic directions."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..tissue.nuclide import Nuclide

CUT_OFF_MEV = 0.010
"""Kinetic energy below which the engine follows neither electrons nor photons [MeV]."""

_GOLDEN_RATIO = 0.5 * (5.0**0.5 - 1.0)

Radiation = Literal["electron", "photon"]


@dataclass(frozen=True)
class EmissionSpectrum:
    """
    Spectrum of one radiation: the transported part, and the energy that stays where it is emitted.

    Attributes
    ----------
    radiation : {"electron", "photon"}
    energy_MeV, cumulative : ndarray, shape (n,)
        Quantiles of the energy of a transported particle: ``cumulative`` rises from 0 to 1.
        Lines are vertical steps.
    particles_per_decay : float
        Mean number of transported particles per decay.
    local_MeV : float
        Energy per decay of emissions below the cut-off, deposited at the point of emission.
    """

    radiation: Radiation
    energy_MeV: NDArray[np.float64]
    cumulative: NDArray[np.float64]
    particles_per_decay: float
    local_MeV: float

    @classmethod
    def of(cls, nuclide: Nuclide, radiation: Radiation) -> "EmissionSpectrum":
        """Split the electrons or photons of a nuclide at the cut-off."""
        lines = nuclide.electron_lines if radiation == "electron" else nuclide.photon_lines
        below = lines[:, 0] < CUT_OFF_MEV
        local = float(lines[below].prod(axis=1).sum())
        lines = lines[~below]
        energy, probability = [], []
        if radiation == "electron":
            # the continuous part is fine enough to be uniform between its points
            fine, density = nuclide.beta_spectrum.T
            cell = 0.5 * (density[1:] + density[:-1]) * np.diff(fine)
            cell /= cell.sum()
            centre = 0.5 * (fine[1:] + fine[:-1])
            cell_below = centre < CUT_OFF_MEV
            local += float((cell * centre)[cell_below].sum())
            edges = np.stack([fine[:-1], fine[1:]], axis=1)[~cell_below]
            energy.append(edges)
            probability.append(cell[~cell_below])
        energy.append(np.repeat(lines[:, :1], 2, axis=1))
        probability.append(lines[:, 1])
        spans, weights = np.concatenate(energy), np.concatenate(probability)
        total = float(weights.sum())
        upper = np.cumsum(weights) / total
        lower = np.concatenate([[0.0], upper])[:-1]
        return cls(
            radiation,
            spans.reshape(-1),
            np.stack([lower, upper], axis=1).reshape(-1),
            total,
            local,
        )

    @property
    def mean_energy_MeV(self) -> float:
        """Mean energy of a transported particle [MeV]."""
        middle = 0.5 * (self.energy_MeV[1:] + self.energy_MeV[:-1])
        return float((middle * np.diff(self.cumulative)).sum())

    def well_spread_energies(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """
        Draw ``n`` energies [MeV], every run of which covers the spectrum evenly.

        Multiples of the golden ratio from a random start (a Weyl sequence): each energy follows
        the spectrum, and neighbours complement each other.
        """
        u = (rng.random() + _GOLDEN_RATIO * np.arange(n)) % 1.0
        return np.asarray(np.interp(u, self.cumulative, self.energy_MeV))

    def sample_energies(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """
        Draw ``n`` energies [MeV], stratified: one from each of n equal slices of probability.

        The order is random, so that any part of the sample is unbiased.
        """
        u = (np.arange(n) + rng.random(n)) / n
        energy = np.interp(u, self.cumulative, self.energy_MeV)
        rng.shuffle(energy)
        return energy


def isotropic_directions(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw unit vectors, shape (n, 3), uniformly over the sphere."""
    w = rng.uniform(-1.0, 1.0, n)
    azimuth = rng.uniform(0.0, 2.0 * np.pi, n)
    across = np.sqrt(1.0 - w * w)
    return np.stack([across * np.cos(azimuth), across * np.sin(azimuth), w], axis=1)
