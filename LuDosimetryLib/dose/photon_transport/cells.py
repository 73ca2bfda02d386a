"""Cells of photon transport, coarser than voxels: from one to the other and back."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ...image.arrays import Array, Shape, Triple

CELL_CM = 1.1
"""Size of a cell; what is smaller is left to voxel S values."""


@dataclass(frozen=True)
class Cells:
    """
    A grid of cells over that of the voxels, with the same middle.

    Attributes
    ----------
    shape : tuple of int
        Shape of the voxels (k, j, i).
    voxel_cm, cell_cm : tuple of float
    """

    shape: Shape
    voxel_cm: Triple
    cell_cm: Triple

    @classmethod
    def of(cls, shape: Shape, voxel_cm: Triple) -> "Cells":
        """Cells of `CELL_CM`, or of a voxel where that is larger."""
        k, j, i = (max(CELL_CM, size) for size in voxel_cm)
        return cls(shape, voxel_cm, (k, j, i))

    def mean(self, values: Array) -> Array:
        """Mean of each cell, with 0 beyond the voxels."""
        for axis in range(3):
            overlap = self._overlap(axis)
            values = np.moveaxis(np.tensordot(overlap, values, axes=(1, axis)), 0, axis)
        return np.ascontiguousarray(values, np.float32)

    def at_voxels(self, values: Array) -> Array:
        """Values of cells, interpolated linearly at the voxels."""
        for axis, number in enumerate(self.shape):
            count = values.shape[axis]
            if count == 1:
                values = np.repeat(values, number, axis)
                continue
            middle = (np.arange(number) + 0.5) * self.voxel_cm[axis] - self._start_cm(axis)
            place = middle / self.cell_cm[axis] - 0.5
            first = np.floor(place).astype(int).clip(0, count - 2)
            share = (place - first).clip(0.0, 1.0).astype(np.float32)
            share = share.reshape([-1 if n == axis else 1 for n in range(3)])
            low, high = np.take(values, first, axis), np.take(values, first + 1, axis)
            values = low + share * (high - low)
        return values

    def _number(self, axis: int) -> int:
        length = self.shape[axis] * self.voxel_cm[axis]
        return max(1, ceil(length / self.cell_cm[axis] - 1e-6))

    def _start_cm(self, axis: int) -> float:
        """Where the cells begin, from where the voxels do."""
        length = self.shape[axis] * self.voxel_cm[axis]
        return 0.5 * (length - self._number(axis) * self.cell_cm[axis])

    def _overlap(self, axis: int) -> NDArray[np.float32]:
        """Part of each cell that each voxel fills, shape (cells, voxels)."""
        cell, voxel = self.cell_cm[axis], self.voxel_cm[axis]
        cells = self._start_cm(axis) + np.arange(self._number(axis) + 1)[:, None] * cell
        voxels = np.arange(self.shape[axis] + 1) * voxel
        reach = np.minimum(cells[1:], voxels[1:]) - np.maximum(cells[:-1], voxels[:-1])
        return np.asarray(reach.clip(0.0) / cell, np.float32)
