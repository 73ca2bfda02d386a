"""
A patient of ellipsoids on any grid, whose dose by local deposition is known in closed form.

Everything is defined in the patient's coordinates (LPS, mm), so that the truth does not depend on
the grid. `write_patient` writes a case; `dose_Gy` is the dose inside an organ, by hand.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from LuDosimetryLib.image.grid import Grid

HOURS = (4.0, 24.0, 96.0)
SPECT = Grid.axial((27, 18, 24), (12.0, 12.0, 12.0))
CT = Grid.axial((54, 36, 48), (6.0, 6.0, 6.0))
PHYSICAL_HALF_LIFE_H = 159.46
"""Of 177Lu, 6.644 d."""
LOCAL_GY_G_MBQ_H = 0.08532
"""Energy of the electrons of 177Lu that a gram takes up from 1 MBq in 1 h."""


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and semi-axes [mm], HU, activity concentration at 0 h [Bq/mL] and effective half-life [h]."""

    centre: tuple[float, float, float]
    half: tuple[float, float, float]
    hu: float
    Bq_mL: float = 0.0
    half_life_h: float = 60.0

    def inside(self, xyz: np.ndarray) -> np.ndarray:
        return (
            sum(((xyz[n] - self.centre[n]) / self.half[n]) ** 2 for n in range(3)) <= 1.0  # type: ignore[return-value]
        )

    def activity(self, hours: float) -> float:
        return self.Bq_mL * 2.0 ** (-hours / self.half_life_h)


BODY = Ellipsoid((0, 0, 0), (130, 90, 150), 40.0, 8e3, 40.0)
LUNG = Ellipsoid((0, -30, 95), (45, 35, 35), -700.0)
ORGANS = {
    "liver": Ellipsoid((-60, -10, 0), (50, 50, 50), 60.0, 4e5, 60.0),
    "kidney": Ellipsoid((60, 30, -60), (25, 25, 30), 40.0, 9e5, 50.0),
    "spleen": Ellipsoid((70, -10, 20), (22, 30, 25), 50.0, 6e5, 55.0),
}


def positions(grid: Grid) -> np.ndarray:
    """Patient positions of the voxels, shape (3, k, j, i)."""
    index = np.indices(grid.shape).reshape(3, -1)[::-1]
    return grid.positions(index).reshape(3, *grid.shape)


def activity(grid: Grid, hours: float) -> np.ndarray:
    """Activity concentration [Bq/mL]."""
    xyz = positions(grid)
    values = np.where(BODY.inside(xyz), BODY.activity(hours), 0.0)
    for organ in ORGANS.values():
        values[organ.inside(xyz)] = organ.activity(hours)
    return values.astype(np.float32)


def hounsfield(grid: Grid) -> np.ndarray:
    """CT numbers [HU]."""
    xyz = positions(grid)
    values = np.full(grid.shape, -1000.0)
    for part in (BODY, LUNG, *ORGANS.values()):
        values[part.inside(xyz)] = part.hu
    return values.astype(np.float32)


def labels(grid: Grid) -> np.ndarray:
    """The organs, numbered from 1."""
    xyz = positions(grid)
    values = np.zeros(grid.shape, np.uint8)
    for n, organ in enumerate(ORGANS.values(), start=1):
        values[organ.inside(xyz)] = n
    return values


def dose_Gy(name: str, density_g_cm3: float) -> float:
    """Dose inside an organ: from 0 to the first scan a triangle, then trapezoids, then physical decay."""
    a = [ORGANS[name].activity(h) * 1e-6 for h in HOURS]
    tia = 0.5 * HOURS[0] * a[0]
    for n in range(len(a) - 1):
        tia += 0.5 * (a[n] + a[n + 1]) * (HOURS[n + 1] - HOURS[n])
    tia += a[-1] * PHYSICAL_HALF_LIFE_H / math.log(2.0)
    return tia * LOCAL_GY_G_MBQ_H / density_g_cm3


def image_of(values: np.ndarray, grid: Grid) -> sitk.Image:
    """The image of values on a grid."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(values))
    image.SetSpacing(grid.spacing_mm[::-1])
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(grid.direction)
    return image


def write_patient(folder: Path, spect: Grid = SPECT, ct: Grid = CT, **changes: Any) -> Path:
    """Write the patient's case and images; the path of its case.json."""
    folder.mkdir(parents=True)
    for n, hours in enumerate(HOURS, start=1):
        image = image_of(activity(spect, hours), spect)
        sitk.WriteImage(image, str(folder / f"spect_{n}.nrrd"))
    sitk.WriteImage(image_of(hounsfield(ct), ct), str(folder / "ct.nrrd"))
    sitk.WriteImage(image_of(labels(ct), ct), str(folder / "labels.nrrd"))
    points = [
        {"hours": hours, "spect": f"spect_{n}.nrrd", "unit": "Bq/mL", "ct": "ct.nrrd"}
        for n, hours in enumerate(HOURS, start=1)
    ]
    case = {
        "schema": "ludosimetry-case/1",
        "patient_id": "ellipsoids",
        "time_points": points,
        "segmentation": {
            "file": "labels.nrrd",
            "labels": {str(n): name for n, name in enumerate(ORGANS, start=1)},
        },
        "options": {
            "dose_method": "local",
            "registration": "none",
            "integration": "trapezoid",
            "tail": "physical",
        },
    }
    file = folder / "case.json"
    file.write_text(json.dumps(case | changes), encoding="utf-8")
    return file
