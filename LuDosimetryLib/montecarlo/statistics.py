"""Mean and standard error over independent batches."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..image.arrays import Mask, Shape
from .emission import Radiation
from .patient import Absorbed


@dataclass
class BatchStatistics:
    """
    Sums over the batches so far, in their order, in double precision.

    Attributes
    ----------
    total, squares : ndarray of float64, shape (k, j, i)
        Sum over the batches of the energy absorbed in a voxel per decay [keV], and of its square.
    regions : dict of str to list of float
        Energy absorbed per decay [keV] in each region, batch by batch. The standard error of a
        region comes from these, because neighbouring voxels are correlated.
    followed : dict of str to int
        Number of particles by radiation.
    batches : int
    """

    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    regions: dict[str, list[float]]
    followed: dict[Radiation, int] = field(default_factory=lambda: {"electron": 0, "photon": 0})
    batches: int = 0

    @classmethod
    def none_of(cls, shape: Shape, regions: Mapping[str, Mask]) -> "BatchStatistics":
        """Statistics before the first batch."""
        return cls(np.zeros(shape), np.zeros(shape), {name: [] for name in regions})

    def add(self, batch: Absorbed, regions: Mapping[str, Mask]) -> None:
        """
        Add the next batch.

        Parameters
        ----------
        batch : Absorbed
        regions : mapping of str to ndarray of bool, shape (k, j, i)
        """
        energy = batch.energy_keV
        self.total += energy
        self.squares += energy * energy
        for name, region in regions.items():
            self.regions[name].append(float(energy[region].sum()))
        for radiation, number in batch.followed.items():
            self.followed[radiation] += number
        self.batches += 1

    @property
    def mean(self) -> NDArray[np.float64]:
        """Energy absorbed in each voxel per decay [keV]."""
        return self.total / max(self.batches, 1)

    def standard_error(self, voxels: Mask | None = None) -> NDArray[np.float64]:
        """Standard error of `mean` [keV] in all or in some voxels; needs two batches."""
        total, squares = self.total, self.squares
        if voxels is not None:
            total, squares = total[voxels], squares[voxels]
        n = self.batches
        mean = total / n
        return np.asarray(np.sqrt((squares / n - mean * mean).clip(0.0) / (n - 1)))

    def region_standard_errors(self) -> dict[str, float]:
        """Standard error of the mean energy absorbed in each region [keV]; needs two batches."""
        return {
            name: float(np.std(values, ddof=1) / np.sqrt(len(values)))
            for name, values in self.regions.items()
        }

    def relative_region_error(self, name: str) -> float:
        """Standard error of the mean of a region over the mean; infinite for a mean of 0."""
        values = self.regions[name]
        mean = float(np.mean(values))
        error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
        return error / mean if mean > 0.0 else float("inf")
