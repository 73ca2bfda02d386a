"""Sources of activity within a patient, and their sum."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ...image.arrays import Array, Mask, bounding_box
from ...image.grid import Grid
from ...image.volume import Volume
from ...tissue.density import density_of, patient_mask
from .kinetics import Uptake
from .region import depth_mm

_CORTEX_MM = 8.0
_GAS_BELOW_G_CM3 = 0.1
"""Below the density of lung; a voxel of gas would have an absurd dose."""


@dataclass(frozen=True)
class Source:
    """
    Region with activity and its course over time.

    Attributes
    ----------
    name : str
    box : tuple of slice
        Array slices (k, j, i) of the grid that hold the region.
    relative : ndarray, shape of the box
        Concentration relative to the mean of the region; 0 outside the region.
    uptake : Uptake
        Course of the region's mean concentration.
    """

    name: str
    box: tuple[slice, slice, slice]
    relative: Array
    uptake: Uptake

    @classmethod
    def within(
        cls, name: str, region: Mask, uptake: Uptake, pattern: Array | None = None
    ) -> "Source":
        """
        Make a source that fills a region.

        Parameters
        ----------
        name : str
        region : ndarray of bool, shape (k, j, i)
        uptake : Uptake
        pattern : ndarray, shape (k, j, i), optional
            Concentration in any unit, positive; even by default.
        """
        box = bounding_box(region)
        relative = region[box].astype(np.float32)
        if pattern is not None:
            relative *= pattern[box]
        inside = int(np.count_nonzero(region[box]))
        if inside:
            relative *= np.float32(inside / relative.sum(dtype=np.float64))
        return cls(name, box, relative, uptake)


def kidney_pattern(kidney: Mask, grid: Grid) -> Array:
    """Relative concentration within a kidney, in the cortex about twice the inside; axes (k, j, i)."""
    return np.asarray(0.6 + np.exp(-depth_mm(kidney, grid) / _CORTEX_MM), np.float32)


def background(sources: Iterable[Source], ct: Volume, uptake: Uptake, pattern: Array) -> Source:
    """
    Make a source of the rest of the patient, in proportion to density, without air, gas and couch.

    Parameters
    ----------
    sources : iterable of Source
        Sources whose regions are left out.
    ct : Volume
        CT numbers [HU].
    uptake : Uptake
    pattern : ndarray, shape (k, j, i)
        Further unevenness, positive.
    """
    density = density_of(ct.values)
    rest = patient_mask(density, ct.grid) & (density > _GAS_BELOW_G_CM3)
    for source in sources:
        rest[source.box] &= source.relative <= 0.0
    return Source.within("body", rest, uptake, density * pattern)


def concentration_MBq_mL(
    sources: Iterable[Source], shape: tuple[int, int, int], hours: float
) -> Array:
    """Sum the activity concentration of all sources at a time [h]; float32 [MBq/mL], axes (k, j, i)."""
    return _sum(sources, shape, lambda uptake: uptake.concentration_MBq_mL(hours))


def tia_MBq_h_mL(sources: Iterable[Source], shape: tuple[int, int, int]) -> Array:
    """Sum the time-integrated activity of all sources; float32 [MBq h/mL], axes (k, j, i)."""
    return _sum(sources, shape, lambda uptake: uptake.tia_MBq_h_mL)


def _sum(
    sources: Iterable[Source], shape: tuple[int, int, int], level: Callable[[Uptake], float]
) -> Array:
    total = np.zeros(shape, np.float32)
    for source in sources:
        total[source.box] += np.float32(level(source.uptake)) * source.relative
    return total
