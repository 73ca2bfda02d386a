"""Kinetics of tissue that no volume of interest holds: of small neighbourhoods, scaled to each voxel."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..image.arrays import Array, Mask

__all__ = ["edge_voxels", "hours_of_sum"]

_EDGE_MM = 8.0
"""Edge of a neighbourhood: about the resolution of a SPECT, within which kinetics cannot differ much."""

HoursOfSum = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Time-integrated activity over the sum of the scans [h] by activity of shape (scans, neighbourhoods), none of it empty."""


def edge_voxels(voxel_mL: float) -> int:
    """Edge of a neighbourhood in voxels, at least one."""
    return max(1, round(_EDGE_MM / float(np.cbrt(1e3 * voxel_mL))))


def hours_of_sum(
    activity: Sequence[Array], where: Mask, edge: int, of: HoursOfSum
) -> NDArray[np.float32]:
    """
    What each voxel's sum of scans is multiplied by to give its time-integrated activity.

    Voxels are put together in cubes, where noise averages out, and the kinetics of these are
    interpolated between their centres.

    Parameters
    ----------
    activity : sequence of ndarray, shape (k, j, i)
        At each scan.
    where : ndarray of bool, shape (k, j, i)
        Voxels whose activity counts.
    edge : int
        Edge of a cube, in voxels.
    of : callable

    Returns
    -------
    ndarray of float32, shape (k, j, i)
        [h]; 0 far from all activity.
    """
    pooled = np.stack([_cubes(np.where(where, scan, 0.0), edge) for scan in activity])
    active = pooled.sum(axis=0) > 0.0
    hours = np.zeros(active.shape, np.float32)
    if active.any():
        hours[active] = of(pooled[:, active])
    weight = active.astype(np.float32)
    if edge == 1:
        return hours
    for axis, count in enumerate(where.shape):
        hours, weight = (_between_centres(v, axis, count, edge) for v in (hours, weight))
    return np.asarray(np.divide(hours, weight, out=np.zeros_like(hours), where=weight > 0.0))


def _cubes(values: Array, edge: int) -> NDArray[np.float64]:
    """Sum over each cube; those at the far ends may be smaller."""
    padded = np.pad(values, [(0, -count % edge) for count in values.shape])
    k, j, i = (count // edge for count in padded.shape)
    split = padded.reshape(k, edge, j, edge, i, edge)
    return np.asarray(split.sum(axis=(1, 3, 5), dtype=np.float64))


def _between_centres(values: Array, axis: int, count: int, edge: int) -> Array:
    """Values at every voxel along an axis, linear between the centres of the cubes."""
    at = (np.arange(count) - 0.5 * (edge - 1)) / edge
    at = np.clip(at, 0.0, values.shape[axis] - 1.0)
    before = np.minimum(at.astype(np.intp), max(0, values.shape[axis] - 2))
    after = np.minimum(before + 1, values.shape[axis] - 1)
    part = np.expand_dims((at - before).astype(np.float32), [n for n in range(3) if n != axis])
    low, high = np.take(values, before, axis), np.take(values, after, axis)
    return np.asarray(low + part * (high - low))
