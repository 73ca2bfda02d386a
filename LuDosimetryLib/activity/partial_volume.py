"""What a SPECT's blur takes out of volumes and brings into them, and how to undo it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..image.arrays import Array, Mask, bounding_box
from ..image.grid import Grid

SIGMA_PER_FWHM = 1.0 / (2.0 * sqrt(2.0 * log(2.0)))

_REACH_SIGMAS = 4.0
_TINY = np.float32(np.finfo(np.float32).tiny)
_MOST_ITERATIONS = 12
_CONVERGED = 3e-3
"""Relative change of the means of volumes; three iterations do for all but cold volumes."""
_LEAST_REST = 0.3
"""Least part of a voxel's neighbourhood that is background for its own loss to be made good."""


def blurred(values: Array, grid: Grid, fwhm_mm: float) -> Array:
    """A distribution as a Gaussian of a full width at half maximum [mm] shows it."""
    sigmas = [fwhm_mm * SIGMA_PER_FWHM / spacing for spacing in grid.spacing_mm]
    return np.asarray(
        ndimage.gaussian_filter(
            values.astype(np.float32, copy=False), sigmas, mode="constant", truncate=_REACH_SIGMAS
        )
    )


def self_recovery(weights: Array, grid: Grid, fwhm_mm: float) -> float:
    """
    Part of a volume's activity, evenly spread over it, that is seen within it.

    Parameters
    ----------
    weights : ndarray, shape (k, j, i)
        Part of each voxel that is of the volume: 1 inside, 0 outside.
    grid : Grid
    fwhm_mm : float
        Resolution of the SPECT.
    """
    box = around(weights > 0.0, grid, fwhm_mm)
    part = weights[box]
    seen = float((part * blurred(part, grid, fwhm_mm)).sum(dtype=np.float64))
    return seen / float(part.sum(dtype=np.float64))


def around(mask: Mask, grid: Grid, fwhm_mm: float) -> tuple[slice, slice, slice]:
    """Smallest array slices that hold all that a volume's blur reaches."""
    reach_mm = _REACH_SIGMAS * SIGMA_PER_FWHM * fwhm_mm
    k, j, i = (
        slice(max(0, s.start - margin), min(n, s.stop + margin))
        for s, n, margin in zip(
            bounding_box(mask),
            grid.shape,
            (1 + round(reach_mm / spacing) for spacing in grid.spacing_mm),
            strict=True,
        )
    )
    return k, j, i


@dataclass(frozen=True)
class Regions:
    """
    Volumes of interest cut so that they do not overlap.

    Attributes
    ----------
    names : tuple of str
        Names of the volumes of interest, region 1 first. A voxel of several is of the smallest.
    labels : ndarray of int, shape (k, j, i)
        1 ... n in the volumes of interest, 0 elsewhere.
    """

    names: tuple[str, ...]
    labels: NDArray[np.int16]

    @classmethod
    def of(cls, vois: Mapping[str, Mask], grid: Grid) -> "Regions":
        """The regions of volumes of interest."""
        names = tuple(sorted(vois, key=lambda name: -int(vois[name].sum())))
        labels = np.zeros(grid.shape, np.int16)
        for number, name in enumerate(names, start=1):
            labels[vois[name]] = number
        return cls(names, labels)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of voxels by label."""
        return np.bincount(self.labels.ravel(), minlength=len(self.names) + 1)

    def means(self, values: Array) -> NDArray[np.float64]:
        """Mean over each region, 0 where it has no voxel; index 0 counts as none."""
        sums = np.bincount(self.labels.ravel(), values.ravel(), len(self.names) + 1)
        sums[0] = 0.0
        return np.asarray(sums / np.maximum(self.sizes, 1))


@dataclass(frozen=True)
class Unblurred:
    """
    A distribution without the blur of the SPECT, and the model that takes it away.

    The model has an even concentration in each volume of interest and, around them, what is left
    when that which spilled out of the volumes is taken away. Volumes are multiplied by the ratio
    of the model to its blurred image, and their means make the next model: the iterative method
    of Yang (Erlandsson et al. 2012, Phys Med Biol 57:R119). Where surroundings are even it
    converges to the geometric transfer matrix of Rousset et al. 1998 (J Nucl Med 39:904); unlike that,
    it cannot go below zero, and uneven surroundings and noise do little to cold volumes.

    Attributes
    ----------
    values : ndarray, shape (k, j, i)
    concentration : ndarray, shape (n + 1,)
        Mean of `values` by label of the regions.
    """

    values: Array
    concentration: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        shown: Array,
        regions: Regions,
        grid: Grid,
        fwhm_mm: float,
        near: "Unblurred | None" = None,
        only: int | None = None,
    ) -> "Unblurred":
        """
        The distribution that a SPECT shows so.

        Parameters
        ----------
        shown : ndarray, shape (k, j, i)
        regions : Regions
        grid : Grid
        fwhm_mm : float
            Full width at half maximum of a point in the image.
        near : Unblurred, optional
            A solution to begin with, for a resolution close by or volumes drawn otherwise.
        only : int, optional
            The region whose concentration is sought; the others keep that of `near`.
        """
        box = around(regions.labels > 0, grid, fwhm_mm)
        whole, shown = shown, shown[box]
        regions = Regions(regions.names, regions.labels[box])
        inside = regions.labels > 0
        # beyond the box is rest too
        of_rest = np.maximum(1.0 - blurred(inside.astype(np.float32), grid, fwhm_mm), _LEAST_REST)
        concentration = regions.means(shown) if near is None else near.concentration
        for _ in range(_MOST_ITERATIONS):
            volumes = concentration.astype(np.float32)[regions.labels]
            background = np.maximum(shown - blurred(volumes, grid, fwhm_mm), 0.0) / of_rest
            model = np.where(inside, volumes, background)
            seen = np.maximum(blurred(model, grid, fwhm_mm), _TINY)
            values = np.asarray(shown * (model / seen), np.float32)
            before, means = concentration, regions.means(values)
            concentration = means if only is None else before.copy()
            if only is not None:
                concentration[only] = means[only]
            if (np.abs(concentration - before) <= _CONVERGED * before).all():
                break
        values = np.where(inside, values, background)
        found = whole.astype(np.float32)
        found[box] = values
        return cls(found, concentration)
