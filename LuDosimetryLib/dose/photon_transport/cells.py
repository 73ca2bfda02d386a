"""Cells of photon transport, coarser than voxels: from one to the other and back."""

from dataclasses import dataclass

import numpy as np

from ...image.arrays import Array, Shape, Triple

CELL_CM = 1.1
"""Size of a cell; what is smaller is left to voxel S values."""


@dataclass(frozen=True)
class Cells:
    """
    Blocks of voxels.

    Attributes
    ----------
    voxels : tuple of int
        Voxels along each axis of a cell.
    shape : tuple of int
        Shape of the voxels (k, j, i).
    cell_cm : tuple of float
    """

    voxels: Shape
    shape: Shape
    cell_cm: Triple

    @classmethod
    def of(cls, shape: Shape, voxel_cm: Triple) -> "Cells":
        """Cells of about `CELL_CM` for voxels of a shape and size."""
        voxels = tuple(max(1, round(CELL_CM / size)) for size in voxel_cm)
        cell_cm = tuple(n * size for n, size in zip(voxels, voxel_cm, strict=True))
        return cls(voxels, shape, cell_cm)  # type: ignore[arg-type]

    def mean(self, values: Array) -> Array:
        """Mean of each cell, with 0 beyond the voxels."""
        missing = [(0, -n % m) for n, m in zip(self.shape, self.voxels, strict=True)]
        padded = np.pad(values, missing)
        (k, fk), (j, fj), (i, fi) = (
            (n // m, m) for n, m in zip(padded.shape, self.voxels, strict=True)
        )
        return np.asarray(
            padded.reshape(k, fk, j, fj, i, fi).mean(axis=(1, 3, 5)), dtype=np.float32
        )

    def at_voxels(self, values: Array) -> Array:
        """Values of cells, interpolated linearly at the voxels."""
        for axis, (size, number) in enumerate(zip(self.voxels, self.shape, strict=True)):
            count = values.shape[axis]
            if size == 1 or count == 1:
                values = np.take(values, np.arange(number) // size, axis)
                continue
            place = (np.arange(number) + 0.5) / size - 0.5
            first = np.floor(place).astype(int).clip(0, count - 2)
            share = (place - first).clip(0.0, 1.0).astype(np.float32)
            share = share.reshape([-1 if n == axis else 1 for n in range(3)])
            low, high = np.take(values, first, axis), np.take(values, first + 1, axis)
            values = low + share * (high - low)
        return values
