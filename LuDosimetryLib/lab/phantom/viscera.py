"""Organs of a virtual patient: lungs, heart, liver, spleen, kidneys, stomach, bowel, vessels."""

import numpy as np

from ...image.arrays import Array, Mask, Triple
from ...image.grid import Grid
from .physique import Physique
from .region import Positions, radius, tube_distance_mm
from .texture import smooth_field
from .trunk import Trunk

_MUSCLE_MM = 4.0
"""Thickness of the diaphragm."""
_ROUGHNESS = 0.05
_LUMEN_HU = -850.0

Organs = dict[str, tuple[Mask, float]]
"""Mask of shape (k, j, i) and CT number [HU] by name."""


class _Filling:
    """Fills the body with organs, none of which overlaps an earlier one."""

    def __init__(self, physique: Physique, trunk: Trunk, free: Mask) -> None:
        self.physique = physique
        self.trunk = trunk
        self.organs: Organs = {}
        self._free = free

    def take(self, name: str, mask: Mask, hu: float) -> None:
        self.organs[name] = (mask & self._free, hu)
        self._free = self._free & ~mask


def build_viscera(
    p: Physique, trunk: Trunk, bone: Mask, grid: Grid, rng: np.random.Generator
) -> Organs:
    """
    Draw the organs of a body; no two overlap, and none overlaps bone.

    Parameters
    ----------
    p : Physique
    trunk : Trunk
    bone : ndarray of bool
        Skeleton, discs and spinal canal, which take precedence over all organs.
    grid : Grid
    rng : numpy Generator

    Returns
    -------
    Organs
        Organs by anatomical name, such as "liver" and "left kidney".
    """
    rough = 1.0 + np.float32(_ROUGHNESS) * smooth_field(grid, 16.0, rng)
    filling = _Filling(p, trunk, (trunk.inner > 0.0) & ~bone)
    take = filling.take
    _, y, z = trunk.at
    above = z > trunk.diaphragm
    below = z < trunk.diaphragm - _MUSCLE_MM
    take("airways", _airways(p, trunk) & above, _LUMEN_HU)
    heart = _ellipsoid(p, trunk.at, (24.0, -36.0, 122.0), (50.0, 46.0, 54.0)) < rough
    take("vessels", _vessels(p, trunk) & ~(heart & above), 44.0)
    take("heart", heart & above & (trunk.inner > 4.0), 42.0)
    take("lungs", above & ~_mediastinum(p, trunk), _lung_hu(p))
    take("diaphragm", ~above & ~below, 45.0)
    take("psoas", _psoas(p, trunk), 52.0)
    for name, side, level in (("left kidney", 1.0, 4.0), ("right kidney", -1.0, -11.0)):
        take(name, _kidney(p, trunk, rough, side, level) & (trunk.inner > 3.0) & below, 34.0)
    stomach = _ellipsoid(p, trunk.at, (58.0, -34.0, 42.0), (44.0, 36.0, 52.0)) / rough
    within = below & (trunk.inner > 3.0)
    take("liver", _liver(p, trunk, rough) & within & (stomach > 1.06), 56.0)
    spleen = _ellipsoid(
        p, trunk.at, (90.0, 36.0, 38.0), tuple(s * p.spleen for s in (40.0, 50.0, 60.0))
    )
    hilum = _ellipsoid(p, trunk.at, (52.0, 8.0, 36.0), (26.0, 32.0, 42.0)) > 1.0
    take("spleen", (spleen < rough) & hilum & within & (stomach > 1.06), 48.0)
    gas_level = y < (-46.0 + 20.0 * (1.0 - p.gas)) * p.y_scale
    take("stomach gas", (stomach < 0.93) & gas_level & within, _LUMEN_HU)
    take("stomach", (stomach < 1.0) & within, 32.0)
    pancreas = _tube(
        p, trunk, [(-28.0, -48.0, -12.0), (10.0, -40.0, 2.0), (58.0, -12.0, 26.0)], 20.0
    )
    take("pancreas", (pancreas < 11.0) & within, 38.0)
    take(
        "urinary bladder",
        _ellipsoid(p, trunk.at, (0.0, -28.0, -262.0), (42.0, 36.0, 32.0)) < rough,
        8.0,
    )
    _bowel(filling, within, grid, rng)
    return filling.organs


def _lung_hu(p: Physique) -> float:
    """CT number of the lungs, from the line between Schneider's nodes at -1000 and -98 HU."""
    return -1000.0 + 902.0 * (p.lung_g_mL - 0.00121) / 0.92879


def _ellipsoid(p: Physique, at: Positions, centre: Triple, semi_axes: tuple[float, ...]) -> Array:
    """`radius` of an ellipsoid whose place and size scale with the body."""
    scales = (p.x_scale, p.y_scale, p.height)
    x, y, z = (c * s for c, s in zip(centre, scales, strict=True))
    a, b, c = (axis * s for axis, s in zip(semi_axes, scales, strict=True))
    return radius(at, (x, y, z), (a, b, c))


def _tube(p: Physique, trunk: Trunk, points: list[Triple], reach_mm: float) -> Array:
    """Distance from a line through points, whose y is relative to the spine [mm]."""
    x, y, z = trunk.at
    scaled = [(a * p.x_scale, b * p.y_scale, c * p.height) for a, b, c in points]
    return tube_distance_mm((x, y - trunk.spine_y, z), scaled, reach_mm)


def _airways(p: Physique, trunk: Trunk) -> Mask:
    trachea = _tube(p, trunk, [(0.0, -42.0, 300.0), (0.0, -36.0, 178.0)], 12.0) < 8.5
    main = [[(0.0, -36.0, 180.0), (side * 42.0, -36.0, 142.0)] for side in (-1.0, 1.0)]
    return np.asarray(
        trachea | np.any([_tube(p, trunk, line, 10.0) < 6.0 for line in main], axis=0)
    )


def _vessels(p: Physique, trunk: Trunk) -> Mask:
    aorta = [(14.0, -29.0, z) for z in (-112.0, 0.0, 120.0, 190.0)] + [
        (0.0, -70.0, 205.0),
        (-12.0, -85.0, 165.0),
    ]
    vena_cava = [
        (-19.0, -28.0, -120.0),
        (-20.0, -33.0, 0.0),
        (-24.0, -50.0, 60.0),
        (-20.0, -70.0, 100.0),
    ]
    iliac = [
        [(0.0, -29.0, -112.0), (side * 48.0, -40.0, -180.0), (side * 60.0, -75.0, -240.0)]
        for side in (-1.0, 1.0)
    ]
    return np.asarray(
        (_tube(p, trunk, aorta, 16.0) < 10.5)
        | (_tube(p, trunk, vena_cava, 16.0) < 11.0)
        | np.any([_tube(p, trunk, line, 12.0) < 7.0 for line in iliac], axis=0)
    )


def _psoas(p: Physique, trunk: Trunk) -> Mask:
    lines = [
        [
            (s * 30.0, 2.0, 8.0),
            (s * 40.0, -4.0, -70.0),
            (s * 62.0, -30.0, -180.0),
            (s * 78.0, -62.0, -250.0),
        ]
        for s in (-1.0, 1.0)
    ]
    thick = np.clip(11.0 - 0.06 * trunk.at[2], 7.0, 20.0)
    return np.asarray(np.any([_tube(p, trunk, line, 24.0) < thick for line in lines], axis=0))


def _mediastinum(p: Physique, trunk: Trunk) -> Mask:
    """Mediastinum, between the lungs: narrow in front, wide about heart and spine."""
    x, y, _ = trunk.at
    to_spine = np.clip((y - trunk.spine_y + 75.0) / 60.0, 0.0, 1.0)
    around = _ellipsoid(p, trunk.at, (24.0, -36.0, 122.0), (57.0, 54.0, 64.0)) < 1.0
    return np.asarray((np.abs(x) < 9.0 + 19.0 * to_spine) | around)


def _kidney(p: Physique, trunk: Trunk, rough: Array, side: float, level: float) -> Mask:
    """Kidney: an ellipsoid that leans outwards at its lower pole, less a sinus on the inner side."""
    x, y, z = trunk.at
    size = p.kidney
    height = z - level * p.height
    lateral = side * x - 62.0 * p.x_scale**0.7 + 0.22 * height
    at = (lateral, y - trunk.spine_y - 3.0 + 0.15 * height, height)
    bean = radius(at, (0.0, 0.0, 0.0), (27.0 * size, 26.0 * size, 55.0 * size))
    sinus = radius(at, (-20.0, -4.0, 0.0), (19.0, 12.0, 20.0))
    return np.asarray((bean < rough) & (sinus > 1.0))


def _liver(p: Physique, trunk: Trunk, rough: Array) -> Mask:
    """Liver: two lobes that fill the right dome; the lower border rises to the left."""
    x, y, z = trunk.at
    s = p.liver
    right = _ellipsoid(p, trunk.at, (-80.0, 0.0, 34.0), (90.0 * s, 94.0 * s, 92.0 * s))
    left = _ellipsoid(p, trunk.at, (-4.0, -44.0, 50.0), (90.0 * s, 44.0 * s, 44.0 * s))
    across = x / p.x_scale + 95.0
    border = p.height * (-58.0 / s + 0.58 * np.maximum(across, 0.0) + 0.15 * np.maximum(y, 0.0))
    return np.asarray((np.minimum(right, left) < rough) & (z > border))


def _bowel(filling: _Filling, within: Mask, grid: Grid, rng: np.random.Generator) -> None:
    """Draw the colon along its frame, and loops of small bowel within it with fat and gas between."""
    p, trunk, take = filling.physique, filling.trunk, filling.take
    _, y, z = trunk.at
    frame = [
        (-98.0, -52.0, -150.0), (-100.0, -50.0, -40.0), (-62.0, -105.0, -35.0), (0.0, -128.0, -52.0),
        (62.0, -110.0, -18.0), (98.0, -48.0, 4.0), (103.0, -32.0, -60.0), (98.0, -42.0, -140.0),
        (50.0, -60.0, -185.0), (10.0, -30.0, -215.0),
    ]  # fmt: skip
    haustra = 19.0 + 3.0 * smooth_field(grid, 11.0, rng)
    colon = _tube(p, trunk, frame, 32.0) / haustra
    pockets = smooth_field(grid, 13.0, rng) + 0.012 * (-y)
    inside = within & (trunk.inner > 4.0)
    take("colon gas", (colon < 0.85) & (pockets > 1.6 - 1.2 * p.gas) & inside, _LUMEN_HU)
    take("colon", (colon < 1.0) & inside, 22.0)
    loops = smooth_field(grid, 10.0, rng)
    # bowel lies deeper in the pelvis than before the kidneys
    deepest = trunk.spine_y - 34.0 + 0.35 * np.clip(-100.0 - z, 0.0, 90.0)
    region = inside & (z < 15.0 * p.height) & (y < deepest) & (trunk.inner > 9.0)
    fat_part = 0.015 * p.fat_mm - 0.7
    take("bowel gas", region & (loops > 1.1) & (pockets > 2.4 - 0.8 * p.gas), _LUMEN_HU)
    take("bowel", region & (loops > fat_part), 34.0)
