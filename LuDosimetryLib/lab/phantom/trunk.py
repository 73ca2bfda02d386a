"""Trunk of a virtual patient: outline, fat, muscle wall, line of the spine, diaphragm."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...image.arrays import Array
from ...image.grid import Grid
from .physique import Physique
from .region import Positions, voxel_positions
from .texture import smooth_field

Floats = NDArray[np.floating[Any]]

_WARP_MM = 3.5
_WARP_LENGTH_MM = 55.0


@dataclass(frozen=True)
class Trunk:
    """
    Coordinates in which organs are drawn, at every voxel.

    Attributes
    ----------
    at : Positions
        Position x, y, z [mm] after a smooth random warp, which makes shapes irregular.
    depth : ndarray, shape (k, j, i)
        Approximate depth below the skin [mm]; negative outside.
    cage : ndarray
        Distance inwards from the middle of the ribs [mm].
    inner : ndarray
        Distance inwards from the inner surface of the muscle wall [mm].
    angle : ndarray
        Angle from the back (0) along either side to the front (pi) [rad].
    fat : ndarray
        Thickness of subcutaneous fat [mm].
    spine_y : ndarray
        Position y of the middle of the vertebral bodies at this level [mm].
    diaphragm : ndarray
        Level z of the diaphragm above or below this voxel [mm].
    """

    at: Positions
    depth: Array
    cage: Array
    inner: Array
    angle: Array
    fat: Array
    spine_y: Array
    diaphragm: Array


def build_trunk(physique: Physique, grid: Grid, rng: np.random.Generator) -> Trunk:
    """Draw the trunk of a body on the grid of a CT."""
    p = physique
    x, y, z = (
        position + np.float32(_WARP_MM) * smooth_field(grid, _WARP_LENGTH_MM, rng)
        for position in voxel_positions(grid)
    )
    level = z / np.float32(p.height)
    # a waist above the hips, shoulders towards the top
    shape = 1.0 - 0.05 * _bump(level, -35.0, 60.0) + 0.05 * _rise(level, -190.0, -30.0)
    half_width = p.half_width_mm * (shape + 0.05 * _rise(level, 190.0, 40.0))
    half_depth = p.half_depth_mm * (1.0 - 0.04 * _bump(level, -60.0, 60.0))
    beside, behind = np.abs(x), y
    exponent = 2.5
    ratio = (beside / half_width) ** exponent + (np.abs(behind) / half_depth) ** exponent
    ratio = np.maximum(ratio, 1e-6) ** (1.0 / exponent)
    from_axis = np.sqrt(np.maximum(x**2 + y**2, 1e-3))
    depth = from_axis / ratio - from_axis
    angle = np.arctan2(beside, behind)
    # less fat over the ribs, more over belly and buttocks
    plump = 0.75 + 0.45 * _bump(level, -110.0, 90.0) * _rise(angle, 1.6, 0.5)
    fat = p.fat_mm * np.clip(plump + 0.12 * smooth_field(grid, 50.0, rng), 0.25, None)
    back = _rise(y, 10.0, 15.0)
    wall = 18.0 + 26.0 * np.exp(-((x / 46.0) ** 2)) * back - 5.0 * _rise(angle, 2.5, 0.2)
    inner = depth - fat - wall
    curve = -9.0 * _bump(level, -75.0, 60.0) + 8.0 * _bump(level, 180.0, 80.0)
    spine_y = half_depth - 0.75 * p.fat_mm - 71.0 + curve
    return Trunk(
        at=(_float(x), _float(y), _float(z)),
        depth=_float(depth),
        cage=_float(inner + 5.0),
        inner=_float(inner),
        angle=_float(angle),
        fat=_float(fat),
        spine_y=_float(spine_y),
        diaphragm=_diaphragm(physique, _float(x), _float(y)),
    )


def _diaphragm(p: Physique, x: Array, y: Array) -> Array:
    """Level of the diaphragm: two domes, the right one higher."""
    domes = []
    for side, lower in ((-1.0, 0.0), (1.0, 13.0)):
        across = (x - side * 72.0 * p.x_scale) / (84.0 * p.x_scale)
        along = (y + 12.0 * p.y_scale) / (92.0 * p.y_scale)
        top = 92.0 * p.height + p.dome_mm - lower
        domes.append(top - 68.0 * (across**2 + along**2))
    return _float(np.maximum(np.maximum(*domes), -12.0 * p.height))


def _bump(at: Floats, middle: float, width: float) -> Floats:
    return np.asarray(np.exp(-(((at - middle) / width) ** 2)))


def _rise(at: Floats, middle: float, width: float) -> Floats:
    """Smooth step from 0 to 1 about a middle."""
    return np.asarray(0.5 * (1.0 + np.tanh((at - middle) / width)))


def _float(values: Floats) -> Array:
    return np.asarray(values, np.float32)
