"""Random fields and shapes: unevenness of organs, uneven lumps, noise of a CT."""

from math import ceil, sqrt

import numpy as np
from scipy import ndimage

from ...image.arrays import Array, Mask, Triple
from ...image.grid import Grid
from .region import radius, voxel_positions

_KNOTS_PER_LENGTH = 1.5


def smooth_field(grid: Grid, length_mm: float, rng: np.random.Generator) -> Array:
    """
    Draw a smooth random field of zero mean and unit variance at every voxel.

    It is a sum of Gaussian bumps of random height on coarse knots; as the bumps are products along
    the axes, three small matrix products give the sum.

    Parameters
    ----------
    grid : Grid
    length_mm : float
        Correlation length: standard deviation of a bump.
    rng : numpy Generator

    Returns
    -------
    ndarray of float32, shape ``grid.shape``
    """
    bases = []
    for count, spacing in zip(grid.shape, grid.spacing_mm, strict=True):
        pitch = length_mm / _KNOTS_PER_LENGTH
        knots = np.arange(-4, ceil(count * spacing / pitch) + 5) * pitch
        basis = np.exp(-0.5 * ((np.arange(count)[:, None] * spacing - knots) / length_mm) ** 2)
        basis /= np.sqrt((basis**2).sum(axis=1, keepdims=True))
        bases.append(basis.astype(np.float32))
    heights = rng.standard_normal([basis.shape[1] for basis in bases], np.float32)
    k, j, i = bases
    return np.asarray(np.einsum("ka,jb,ic,abc->kji", k, j, i, heights, optimize=True), np.float32)


def grain(shape: tuple[int, int, int], sigma_voxels: float, rng: np.random.Generator) -> Array:
    """Draw noise of unit variance, correlated between neighbours; float32, axes (k, j, i)."""
    noise = ndimage.gaussian_filter(
        rng.standard_normal(shape, np.float32), sigma_voxels, mode="wrap"
    )
    return np.asarray(noise / np.float32(sqrt(float((noise**2).mean()))), np.float32)


def blob(
    grid: Grid, centre: tuple[int, int, int], semi_axes_mm: Triple, rng: np.random.Generator
) -> Mask:
    """Draw an ellipsoid with an uneven surface about a voxel (k, j, i); semi-axes x, y, z [mm]."""
    at = voxel_positions(grid)
    x, y, z = (float(position[centre]) for position in at)
    uneven = 1.0 + 0.08 * smooth_field(grid, 9.0, rng)
    return np.asarray(radius(at, (x, y, z), semi_axes_mm) < uneven)
