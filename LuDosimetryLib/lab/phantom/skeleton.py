"""Skeleton of a virtual patient: spine, ribs, breastbone, shoulder blades, pelvis."""

from dataclasses import dataclass

import numpy as np

from ...image.arrays import Array, Mask, bounding_box
from .physique import Physique
from .region import radius
from .trunk import Trunk

LUMBAR = range(5)
"""Indices of L5 to L1 in the spine, counted upwards."""
THORACIC = range(5, 17)
"""Indices of T12 to T1."""

_CORTEX_MM = 1.9
_CORTICAL_HU = 620.0
_SPONGY_HU = 175.0
_DISC_HU = 85.0
_CARTILAGE_HU = 110.0
_CANAL_HU = 25.0

# by index from L5 upwards, average adult [mm]; chosen to look like a CT
_PITCH = np.array([35.0, 35.5, 35.0, 34.0, 33.0, *np.linspace(30.0, 19.0, 12)])
_HALF_WIDTH = np.array([25.5, 24.5, 23.5, 22.5, 21.5, *np.linspace(21.0, 14.0, 12)])
_HALF_DEPTH = np.array([17.5, 17.5, 17.0, 16.5, 16.0, *np.linspace(16.0, 10.5, 12)])
# angles from the back at which a rib turns into cartilage, and at which the cartilage ends; from
# the twelfth rib upwards
_BONE_TO = np.array([0.75, 1.25, 1.75, 1.95, *[2.15] * 8])
_CARTILAGE_TO = np.array([0.75, 1.25, 2.05, 2.35, 2.6, *[2.95] * 7])


@dataclass(frozen=True)
class Skeleton:
    """
    Parts of the bone; masks of shape (k, j, i).

    Attributes
    ----------
    hu : ndarray
        CT number of bone, disc and canal [HU]; NaN where there is none of them.
    bodies : ndarray of int
        Index of the vertebra whose spongy body a voxel belongs to; -1 elsewhere.
    marrow : ndarray of bool
        Spongy bone of vertebrae, ribs, sternum and pelvis.
    """

    hu: Array
    bodies: Array
    marrow: Mask

    @property
    def lumbar_marrow(self) -> Mask:
        """Spongy bodies of L1 to L5."""
        return np.asarray((self.bodies >= LUMBAR.start) & (self.bodies < LUMBAR.stop))


def spine_levels_mm(physique: Physique) -> Array:
    """Level z of the middle of each vertebra, from L5 upwards [mm]."""
    edges = np.concatenate([[0.0], np.cumsum(_PITCH)])
    middles = 0.5 * (edges[1:] + edges[:-1])
    return np.asarray(physique.height * (middles - middles[LUMBAR.stop - 1]), np.float32)


def build_skeleton(physique: Physique, trunk: Trunk) -> Skeleton:
    """Draw the skeleton of a body."""
    shape = trunk.depth.shape
    skeleton = Skeleton(
        np.full(shape, np.nan, np.float32), np.full(shape, -1, np.float32), np.zeros(shape, bool)
    )
    _pelvis(physique, trunk, skeleton)
    _ribs(physique, trunk, skeleton)
    _flat_bones(physique, trunk, skeleton)
    _spine(physique, trunk, skeleton)
    return skeleton


def _paint_bone(
    skeleton: Skeleton, where: Mask | tuple[slice, ...], bone: Mask, spongy: Mask, factor: float
) -> None:
    """Draw cortical bone with a spongy inside, in a box or a selection of voxels."""
    hu, marrow = skeleton.hu[where], skeleton.marrow[where]
    hu[bone] = _CORTICAL_HU * factor
    hu[bone & spongy] = _SPONGY_HU * factor
    marrow[bone] = spongy[bone]
    skeleton.hu[where], skeleton.marrow[where] = hu, marrow


def _spine(p: Physique, trunk: Trunk, skeleton: Skeleton) -> None:
    box = bounding_box((np.abs(trunk.at[0]) < 46.0) & (np.abs(trunk.at[1] - trunk.spine_y) < 85.0))
    x, y, z = (np.abs(trunk.at[0][box]), trunk.at[1][box] - trunk.spine_y[box], trunk.at[2][box])
    levels = spine_levels_mm(p)
    borders = 0.5 * (levels[1:] + levels[:-1])
    index = np.searchsorted(borders, z).astype(np.int64)
    pitch = (p.height * _PITCH).astype(np.float32)[index]
    high = (z - levels[index]) / pitch  # from -1/2 to 1/2 over a vertebra and half a disc each side
    known = np.abs(high) < 0.5
    half_width = (_HALF_WIDTH * p.x_scale**0.5).astype(np.float32)[index]
    half_depth = (_HALF_DEPTH * p.y_scale**0.5).astype(np.float32)[index]
    lumbar = index < LUMBAR.stop
    waist = 0.90 + 0.6 * high**2
    ratio = ((x / (half_width * waist)) ** 2.4 + (np.abs(y) / (half_depth * waist)) ** 2.4) ** (
        1 / 2.4
    )
    end = np.where(lumbar, 0.39, 0.42)
    depth = np.minimum((1.0 - ratio) * half_depth, (end - np.abs(high)) * pitch)
    body = known & (depth > 0.0)
    disc = known & ~body & (ratio < 0.97)

    canal_y = y - half_depth - 8.0
    from_canal = np.sqrt((x * 0.9) ** 2 + canal_y**2)
    canal = (from_canal < 8.5) & known
    arch = (from_canal < 14.0) & ~canal & (canal_y > -9.0) & (high > -0.30) & (high < 0.36)
    length = np.where(lumbar, 30.0, 26.0)
    sloped = high + np.where(lumbar, 0.05, 0.30) * np.clip(canal_y / 30.0, 0.0, 1.5)
    spinous = (x < 3.8) & (canal_y > 8.0) & (canal_y < 8.0 + length) & (np.abs(sloped) < 0.27)
    transverse = (
        (np.abs(canal_y - 3.0) < 4.5)
        & (x < half_width + 13.0)
        & (x > 8.0)
        & (np.abs(high - 0.08) < 0.16)
    )
    facets = ((x - 15.0) / 6.5) ** 2 + ((canal_y - 5.0) / 8.0) ** 2 + (
        (np.abs(high) - 0.45) / 0.25
    ) ** 2 < 1.0
    processes = (arch | spinous | transverse | facets) & known & ~canal & ~body

    skeleton.hu[box][disc] = _DISC_HU
    skeleton.hu[box][canal] = _CANAL_HU
    skeleton.marrow[box][disc | canal] = False
    _paint_bone(skeleton, box, processes, np.zeros_like(processes), 0.75 * p.bone)
    spongy = depth > _CORTEX_MM
    _paint_bone(skeleton, box, body, spongy, p.bone)
    skeleton.bodies[box][body & spongy] = index[body & spongy]


def _ribs(p: Physique, trunk: Trunk, skeleton: Skeleton) -> None:
    """Draw the ribs in the wall of the chest, from their vertebra downwards to the front."""
    x, _, z = trunk.at
    near = (np.abs(trunk.cage) < 5.0) & (np.abs(x) > 16.0) & (z > -45.0 * p.height)
    angle, cage, level = trunk.angle[near], trunk.cage[near], z[near]
    drop = np.where(angle < 1.9, 66.0 * np.sin(angle * np.pi / 3.8), 66.0 - 42.0 * (angle - 1.9))
    start = spine_levels_mm(p)[THORACIC.start :] + 6.0
    along = level + p.height * drop
    rib = np.abs(along[:, None] - start).argmin(axis=1)
    ratio = np.sqrt((cage / 3.9) ** 2 + ((along - start[rib]) / 6.6) ** 2)
    bone = (ratio < 1.0) & (angle < _BONE_TO[rib])
    cartilage = (ratio < 1.0) & ~bone & (angle < _CARTILAGE_TO[rib])
    hu = skeleton.hu[near]
    hu[cartilage] = _CARTILAGE_HU
    skeleton.hu[near] = hu
    _paint_bone(skeleton, near, bone, ratio < 0.62, 0.95 * p.bone)


def _flat_bones(p: Physique, trunk: Trunk, skeleton: Skeleton) -> None:
    """Draw the breastbone, and the shoulder blades where the scan reaches them."""
    x, _, z = trunk.at
    across = np.abs(x) / np.where(z > 190.0 * p.height, 26.0, 17.0)
    ratio = np.maximum(across, np.abs(trunk.cage) / 5.5)
    sternum = (ratio < 1.0) & (trunk.angle > 2.6) & (z > 100.0 * p.height)
    everything = (slice(None),) * 3
    _paint_bone(skeleton, everything, sternum, ratio < 0.68, 0.7 * p.bone)
    tip = (150.0 + 90.0 * np.abs(trunk.angle - 0.75)) * p.height
    blade = (np.abs(trunk.cage + 11.0) < 2.2) & (np.abs(trunk.angle - 0.75) < 0.32) & (z > tip)
    _paint_bone(skeleton, everything, blade, np.zeros_like(blade), 0.8 * p.bone)


def _pelvis(p: Physique, trunk: Trunk, skeleton: Skeleton) -> None:
    """Draw the sacrum and the iliac wings, which flare from the sacrum to the flanks."""
    x, y, z = trunk.at
    top = float(spine_levels_mm(p)[0] - 0.5 * p.height * _PITCH[0])
    everything = (slice(None),) * 3
    leaning = y - trunk.spine_y - 8.0 - 0.35 * (top - z)
    taper = np.clip(1.0 - 0.5 * (top - z) / 100.0, 0.3, 1.0)
    ratio = radius((x / taper, leaning, z), (0.0, 0.0, top - 42.0), (54.0, 17.0, 60.0))
    sacrum = (ratio < 1.0) & (z < top)
    _paint_bone(skeleton, everything, sacrum, ratio < 0.86, 0.9 * p.bone)
    surface = trunk.depth - trunk.fat - iliac_depth_mm(trunk)
    crest = top + 42.0 - 70.0 * (trunk.angle - 1.15) ** 2
    wing = np.maximum(np.abs(surface) / 5.5, np.abs(trunk.angle - 1.05) / 0.75)
    ilium = (wing < 1.0) & (z < crest) & (z > top - 95.0) & (np.abs(x) > 38.0)
    _paint_bone(skeleton, everything, ilium, (wing < 0.6) & (z < crest - 3.0), p.bone)


def iliac_depth_mm(trunk: Trunk) -> Array:
    """Depth of the iliac wings below the fat [mm]; the gluteal muscles lie outside them."""
    return np.asarray(30.0 + 26.0 * np.exp(-((trunk.angle / 0.62) ** 2)), np.float32)
