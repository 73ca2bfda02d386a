"""Resampling of a volume onto another grid: interpolation, or averages that conserve the integral."""

from typing import Literal

import numpy as np
import SimpleITK as sitk

from .arrays import Array
from .grid import Grid
from .volume import Volume

_INTERPOLATORS = {
    "linear": sitk.sitkLinear,
    "nearest": sitk.sitkNearestNeighbor,
    "spline": sitk.sitkBSpline3,
}


def resample(
    volume: Volume,
    grid: Grid,
    outside: float,
    interpolation: Literal["linear", "nearest", "spline"] = "linear",
    transform: sitk.Transform | None = None,
) -> Array:
    """
    Interpolate a volume at the voxel centres of a grid.

    Parameters
    ----------
    volume : Volume
    grid : Grid
    outside : float
        Value outside the volume.
    interpolation : {"linear", "nearest", "spline"}
        "spline" is of third order and blurs least.
    transform : Transform, optional
        From positions on the grid to positions in the volume; the identity if not given.

    Returns
    -------
    ndarray, shape ``grid.shape``
    """
    if transform is None and volume.grid.same_as(grid):
        return volume.values
    image = sitk.Resample(
        volume.to_sitk(),
        grid.shape[::-1],
        transform or sitk.Transform(3, sitk.sitkIdentity),
        _INTERPOLATORS[interpolation],
        grid.origin_mm,
        grid.spacing_mm[::-1],
        grid.direction,
        outside,
    )
    return np.asarray(sitk.GetArrayFromImage(image))


_BLOCK_VOXELS = 8_000_000


def average_onto(volume: Volume, grid: Grid, outside: float) -> Array:
    """
    Average a volume over each voxel of a grid, so that its integral is conserved.

    Each voxel is sampled at evenly spaced points, at least two along each axis and no farther apart
    than the voxels of the volume, for any orientations.

    Parameters
    ----------
    volume, grid, outside
        As for `resample`.

    Returns
    -------
    ndarray of float32, shape ``grid.shape``
    """
    if volume.grid.same_as(grid):
        return volume.values
    mean = np.full(grid.shape, outside, np.float32)
    reached = grid.box_around(volume.grid)
    if any(s.start >= s.stop for s in reached):
        return mean
    factors = _sampling(volume.grid, grid)
    slices, rows, columns = reached
    per_slice = (rows.stop - rows.start) * (columns.stop - columns.start) * int(np.prod(factors))
    block = max(1, _BLOCK_VOXELS // per_slice)
    for start in range(slices.start, slices.stop, block):
        box = (slice(start, min(start + block, slices.stop)), rows, columns)
        part = grid.crop(box)
        fine = resample(volume, part.refined(factors), outside)
        k, j, i = part.shape
        fk, fj, fi = factors
        mean[box] = fine.reshape(k, fk, j, fj, i, fi).mean(axis=(1, 3, 5), dtype=np.float32)
    return mean


def _sampling(source: Grid, target: Grid) -> tuple[int, int, int]:
    """Sampling points per target voxel along (k, j, i), as fine as the source along that axis."""
    rotation = np.array(source.direction).reshape(3, 3).T @ np.array(target.direction).reshape(3, 3)
    steps = []
    for axis, spacing in enumerate(target.spacing_mm[::-1]):
        # how far a step along this target axis moves along each source axis, in source voxels
        moved = np.abs(rotation[:, axis]) * spacing / np.array(source.spacing_mm[::-1])
        steps.append(max(2, int(np.ceil(moved.max() - 1e-6))))
    i, j, k = steps
    return (k, j, i)
