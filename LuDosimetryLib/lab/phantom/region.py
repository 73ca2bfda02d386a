"""Geometry on a grid: positions, depth within a mask, ellipsoids and tubes."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ...image.arrays import Array, Mask, Triple, bounding_box
from ...image.grid import Grid

Positions = tuple[Array, Array, Array]
"""Patient coordinates x, y, z (left, posterior, superior) [mm], each of shape (k, j, i)."""


def voxel_positions(grid: Grid) -> Positions:
    """Calculate the patient coordinates of all voxel centres."""
    index = [np.arange(n, dtype=np.float32) for n in grid.shape]
    columns = np.array(grid.direction).reshape(3, 3) * np.array(grid.spacing_mm[::-1])
    k, j, i = np.meshgrid(*index, indexing="ij", sparse=True)
    x, y, z = (
        np.asarray(o + c[0] * i + c[1] * j + c[2] * k, np.float32)
        for o, c in zip(grid.origin_mm, columns, strict=True)
    )
    return x, y, z


def depth_mm(mask: Mask, grid: Grid) -> Array:
    """Distance of each voxel of a mask to the nearest outside it [mm]; the image border is outside."""
    box = bounding_box(mask)
    padded = np.pad(mask[box], 1)
    inside = np.asarray(ndimage.distance_transform_edt(padded, sampling=grid.spacing_mm))
    depth = np.zeros(mask.shape, np.float32)
    depth[box] = inside[1:-1, 1:-1, 1:-1]
    return depth


def distance_mm(mask: Mask, grid: Grid, reach_mm: float) -> Array:
    """Distance of each voxel to the nearest of a mask [mm], 0 within it; infinite beyond a reach."""
    distance = np.full(mask.shape, np.inf, np.float32)
    if mask.any():
        reach = [int(np.ceil(reach_mm / spacing)) for spacing in grid.spacing_mm]
        box = tuple(
            slice(max(0, part.start - more), part.stop + more)
            for part, more in zip(bounding_box(mask), reach, strict=True)
        )
        near = np.asarray(ndimage.distance_transform_edt(~mask[box], sampling=grid.spacing_mm))
        distance[box] = np.where(near <= reach_mm, near, np.inf)
    return distance


def radius(at: Positions, centre_mm: Triple, semi_axes_mm: Triple) -> Array:
    """
    Distance from the centre of an ellipsoid, relative to its surface in the same direction.

    Parameters
    ----------
    at : Positions
    centre_mm, semi_axes_mm : tuple of float
        Along x, y, z.

    Returns
    -------
    ndarray
        Below 1 inside the ellipsoid.
    """
    square = np.zeros_like(at[0])
    for position, middle, axis in zip(at, centre_mm, semi_axes_mm, strict=True):
        square += ((position - np.float32(middle)) * np.float32(1.0 / axis)) ** 2
    return np.sqrt(square)


def tube_distance_mm(at: Positions, points_mm: Sequence[Triple], reach_mm: float) -> Array:
    """
    Distance from a line through points [mm]; infinite beyond `reach_mm`.

    Parameters
    ----------
    at : Positions
    points_mm : sequence of tuple of float
        Corners (x, y, z) of the line, two or more.
    reach_mm : float
        Largest distance that is calculated.
    """
    distance = np.full(at[0].shape, np.inf, np.float32)
    for start, end in pairwise(points_mm):
        first, last = np.array(start, np.float32), np.array(end, np.float32)
        near = np.ones(at[0].shape, bool)
        for position, a, b in zip(at, first, last, strict=True):
            near &= (position > min(a, b) - reach_mm) & (position < max(a, b) + reach_mm)
        points = np.stack([position[near] for position in at], axis=-1) - first
        along = last - first
        part = np.clip(points @ along / max(float(along @ along), 1e-6), 0.0, 1.0)
        apart = np.linalg.norm(points - part[:, None] * along, axis=-1)
        distance[near] = np.minimum(distance[near], apart)
    return distance
