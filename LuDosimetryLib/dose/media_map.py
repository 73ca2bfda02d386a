"""Which medium each voxel of the patient is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..image.arrays import Array, Shape, Triple, bounding_box
from ..tissue.media import Medium, classify, read_media
from .problem import DoseProblem


@dataclass(frozen=True)
class MediaMap:
    """
    The part of the grid that matters, and the media in it.

    Attributes
    ----------
    box : tuple of slice
        Smallest part of the grid with all activity and all voxels to be given a dose.
    grid_shape, shape : tuple of int
        Shapes of the whole grid and of the box (k, j, i).
    voxel_cm : tuple of float
    media : list of Medium
        Media that are present.
    index : ndarray of int, shape `shape`
        Into `media`; where no dose is reported, one that is present.
    per_own_density, per_nominal_density : ndarray, shape `shape`
        One over the voxel's density, and over its medium's [cm3/g]; 0 where no dose is reported.
    """

    box: tuple[slice, slice, slice]
    grid_shape: Shape
    shape: Shape
    voxel_cm: Triple
    media: list[Medium]
    index: NDArray[np.intp]
    per_own_density: Array
    per_nominal_density: Array

    @classmethod
    def of(cls, problem: DoseProblem) -> "MediaMap":
        """The media of a problem."""
        active = problem.tia_MBq_h_mL > 0.0
        box = bounding_box(problem.reported | active)
        density, reported = problem.density_g_cm3[box], problem.reported[box]
        listed = read_media(problem.media)
        medium = classify(density, problem.calcium[box], listed)
        present = np.unique(medium[reported | active[box]])
        media = [listed[m] for m in present]
        index = np.searchsorted(present, medium).clip(0, len(present) - 1)
        nominal = np.array([m.density_g_cm3 for m in media], np.float32)[index]
        return cls(
            box=box,
            grid_shape=problem.grid.shape,
            shape=density.shape,
            voxel_cm=problem.grid.voxel_cm,
            media=media,
            index=index,
            per_own_density=np.where(reported, 1.0 / np.maximum(density, 1e-6), 0.0).astype(
                np.float32
            ),
            per_nominal_density=np.where(reported, 1.0 / nominal, 0.0).astype(np.float32),
        )

    def whole(self, part: Array) -> Array:
        """The box's values on the whole grid, 0 elsewhere."""
        values = np.zeros(self.grid_shape, np.float32)
        values[self.box] = part
        return values
