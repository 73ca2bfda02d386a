"""Body of a virtual patient as a CT with known organs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...base.log import Log
from ...image.arrays import Array, Mask
from ...image.grid import Grid
from .physique import Physique
from .region import radius, tube_distance_mm, voxel_positions
from .skeleton import Skeleton, build_skeleton, iliac_depth_mm
from .texture import grain, smooth_field
from .trunk import Trunk, build_trunk
from .viscera import build_viscera

_AIR_HU, _SKIN_HU, _FAT_HU, _MUSCLE_HU = -1000.0, 20.0, -102.0, 52.0
_MEDIASTINUM_HU = -70.0
_CT_BLUR_MM = 1.5
_CT_NOISE_HU = 14.0
_SKIN_MM = 2.0


@dataclass(frozen=True)
class Anatomy:
    """
    Body without disease.

    Attributes
    ----------
    grid : Grid
        Grid of the CT.
    hu : ndarray, shape (k, j, i)
        CT numbers without blur and noise [HU].
    organs : mapping of str to ndarray of bool
        Masks by name.
    skeleton : Skeleton
    """

    grid: Grid
    hu: Array
    organs: Mapping[str, Mask]
    skeleton: Skeleton


def build_anatomy(
    physique: Physique,
    grid: Grid,
    rng: np.random.Generator,
    log: Log | None = None,
) -> Anatomy:
    """
    Draw a body from the outside in: skin, fat, muscle, cavities, organs, bone, then arms and couch.

    Parameters
    ----------
    physique : Physique
    grid : Grid
        Grid of the CT, along the patient axes.
    rng : numpy Generator
    log : Log, optional
        Receives the progress.
    """
    log = log or Log()
    log.at(0.0, "drawing the trunk")
    trunk = build_trunk(physique, grid, rng)
    log.at(0.25, "drawing the skeleton")
    skeleton = build_skeleton(physique, trunk)
    bone = np.isfinite(skeleton.hu)
    hu = np.full(grid.shape, _AIR_HU, np.float32)
    hu[trunk.depth > 0.0] = _SKIN_HU
    hu[trunk.depth > _SKIN_MM] = _FAT_HU
    hu[trunk.depth > trunk.fat] = _MUSCLE_HU
    inside = trunk.inner > 0.0
    hu[inside] = _FAT_HU
    hu[inside & (trunk.at[2] > trunk.diaphragm)] = _MEDIASTINUM_HU
    gluteal = (trunk.depth > trunk.fat) & (trunk.depth < trunk.fat + iliac_depth_mm(trunk))
    hu[gluteal & (trunk.at[2] < -125.0 * physique.height) & (trunk.angle < 1.9)] = _MUSCLE_HU
    log.at(0.5, "drawing the organs")
    organs = build_viscera(physique, trunk, bone, grid, rng)
    for mask, value in organs.values():
        hu[mask] = value
    log.at(0.75, "drawing vessels, arms and couch")
    _lung_vessels(hu, organs["lungs"][0], trunk, grid, rng)
    hu[bone] = skeleton.hu[bone]
    if physique.arms_down:
        _arms(hu, physique, trunk)
    _couch(hu, grid)
    _texture(hu, grid, rng)
    return Anatomy(grid, hu, {name: mask for name, (mask, _) in organs.items()}, skeleton)


def scanned(anatomy: Anatomy, hu: Array, rng: np.random.Generator) -> Array:
    """Simulate a low-dose CT with blur and noise [HU], shape (k, j, i)."""
    sigmas = [_CT_BLUR_MM / spacing for spacing in anatomy.grid.spacing_mm]
    noise = np.float32(_CT_NOISE_HU) * grain(hu.shape, 0.7, rng)
    return np.asarray(np.maximum(ndimage.gaussian_filter(hu, sigmas) + noise, -1024.0), np.float32)


def _lung_vessels(
    hu: Array, lungs: Mask, trunk: Trunk, grid: Grid, rng: np.random.Generator
) -> None:
    """Draw branches of vessels: lines along which two smooth random fields are both zero."""
    hilum = np.minimum(
        *(radius(trunk.at, (side * 45.0, 0.0, 145.0), (70.0, 60.0, 80.0)) for side in (-1.0, 1.0))
    )
    thick = 0.50 * np.exp(-1.1 * hilum) + 0.045
    for _ in range(2):
        line = smooth_field(grid, 10.0, rng) ** 2 + smooth_field(grid, 10.0, rng) ** 2
        hu[lungs & (line < thick**2)] = 20.0
    hu[lungs] += 22.0 * smooth_field(grid, 14.0, rng)[lungs]


def _texture(hu: Array, grid: Grid, rng: np.random.Generator) -> None:
    """Add slight unevenness of soft tissue, strands in fat, structure of spongy bone."""
    uneven = smooth_field(grid, 6.0, rng)
    soft = (hu > 0.0) & (hu < 100.0)
    hu[soft] += 5.0 * uneven[soft]
    fat = (hu > -130.0) & (hu < -60.0)
    hu[fat] += 8.0 * uneven[fat] + np.where(uneven[fat] > 2.0, 60.0, 0.0)
    bone = hu > 110.0
    hu[bone] *= 1.0 + 0.12 * uneven[bone]


def _arms(hu: Array, p: Physique, trunk: Trunk) -> None:
    x, y, z = trunk.at
    for side in (-1.0, 1.0):
        line = [
            (side * (p.half_width_mm + 46.0), 20.0, -400.0),
            (side * (p.half_width_mm + 52.0), 30.0, 400.0),
        ]
        axis = tube_distance_mm((x, y, z), line, 60.0)
        outside = hu <= _AIR_HU
        muscle = 24.0 + 0.3 * (40.0 - p.fat_mm)
        for reach, value in (
            (min(muscle + 0.6 * p.fat_mm, 48.0), _SKIN_HU),
            (min(muscle + 0.6 * p.fat_mm, 48.0) - _SKIN_MM, _FAT_HU),
            (muscle, _MUSCLE_HU),
            (11.0, 900.0 * p.bone),
            (6.0, 60.0),
        ):
            hu[outside & (axis < reach)] = value


def _couch(hu: Array, grid: Grid) -> None:
    """Draw a curved couch under the patient: two thin carbon skins about foam, and a mattress."""
    x, y, _ = voxel_positions(grid)
    bend = x**2 / 1900.0
    lowest = float((y + bend)[hu > _AIR_HU].max())
    below = y + bend - lowest
    free = (hu <= _AIR_HU) & (np.abs(x) < 215.0)
    for start, stop, value in (
        (1.0, 12.0, -945.0), (13.0, 15.5, -330.0), (15.5, 38.0, -965.0), (38.0, 40.5, -330.0),
    ):  # fmt: skip
        hu[free & (below >= start) & (below < stop)] = value
