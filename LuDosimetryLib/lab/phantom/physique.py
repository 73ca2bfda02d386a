"""Measures in which virtual patients differ: size, fat, bone, lungs, organs."""

from dataclasses import dataclass

import numpy as np

from ...image.grid import Grid

_CT_VOXEL_MM = 2.5
_CT_LENGTH_MM = 480.0
_ARM_MM = 100.0
_ROOM_MM = 14.0
_COUCH_MM = 62.0


@dataclass(frozen=True)
class Physique:
    """
    Measures of a body. Lengths are in mm; sizes are factors on those of an average adult.

    The origin is the middle of the first lumbar vertebra's level, on the axis of the trunk; x
    points to the left, y to the back, z to the head, as in DICOM.

    Attributes
    ----------
    half_width_mm, half_depth_mm : float
        Half the width and depth of the trunk, with skin.
    height : float
        Factor on lengths along the body.
    fat_mm : float
        Thickness of subcutaneous fat at the flank.
    bone : float
        Factor on the CT numbers of bone; below 1 with age.
    lung_g_mL : float
        Density of the lungs.
    liver, spleen, kidney : float
        Factors on the lengths of the organs.
    dome_mm : float
        Height of the diaphragm above the average.
    gas : float
        Part of the bowel that is gas, from 0 to 1.
    arms_down : bool
        Whether the arms lie beside the trunk.
    scan_centre_mm : float
        Level of the middle of the scan.
    """

    half_width_mm: float
    half_depth_mm: float
    height: float
    fat_mm: float
    bone: float
    lung_g_mL: float
    liver: float
    spleen: float
    kidney: float
    dome_mm: float
    gas: float
    arms_down: bool
    scan_centre_mm: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Physique":
        """Draw a random adult: lean bodies are narrow, and fat adds to width and depth."""
        fat = float(np.clip(rng.lognormal(np.log(16.0), 0.45), 5.0, 45.0))
        frame = float(rng.normal(1.0, 0.06))
        return cls(
            half_width_mm=141.0 * frame + 1.15 * fat,
            half_depth_mm=94.0 * frame + 1.10 * fat,
            height=float(np.clip(rng.normal(1.0, 0.05), 0.9, 1.12)),
            fat_mm=fat,
            bone=float(rng.uniform(0.65, 1.2)),
            lung_g_mL=float(rng.uniform(0.20, 0.35)),
            liver=float(np.clip(rng.normal(1.0, 0.06), 0.88, 1.15)),
            spleen=float(np.clip(rng.normal(1.0, 0.10), 0.8, 1.25)),
            kidney=float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.15)),
            dome_mm=float(rng.normal(0.0, 8.0)),
            gas=float(rng.uniform(0.0, 1.0)),
            arms_down=bool(rng.random() < 0.25),
            scan_centre_mm=float(rng.uniform(-45.0, 5.0)),
        )

    @property
    def x_scale(self) -> float:
        """Ratio of the width within the fat to the average."""
        return (self.half_width_mm - self.fat_mm) / 143.0

    @property
    def y_scale(self) -> float:
        """Ratio of the depth within the fat to the average."""
        return (self.half_depth_mm - self.fat_mm) / 96.0

    def ct_grid(self, voxel_mm: float = _CT_VOXEL_MM) -> Grid:
        """Grid of a CT of trunk, arms and couch."""
        half_width = 1.08 * self.half_width_mm + _ROOM_MM + (_ARM_MM if self.arms_down else 0.0)
        front = 1.08 * self.half_depth_mm + _ROOM_MM
        back = 1.08 * self.half_depth_mm + _COUCH_MM
        sizes = (_CT_LENGTH_MM, front + back, 2.0 * half_width)
        shape = tuple(int(np.ceil(size / voxel_mm)) for size in sizes)
        centre = (0.0, 0.5 * (back - front), self.scan_centre_mm)
        return Grid.axial(shape, (voxel_mm,) * 3, centre)  # type: ignore[arg-type]
