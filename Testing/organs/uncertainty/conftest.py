"""A patient whose truth is known, seen through a chain of measurement that can err."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from LuDosimetryLib import Case, Result, run_case
from LuDosimetryLib.activity.partial_volume import blurred
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.parts import Segmentation, TimePoint
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.resampling import average_onto
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.tissue.density import density_of

FINE = Grid.axial((64, 64, 64), (2.5, 2.5, 2.5))
SPECT = Grid.axial((32, 32, 32), (5.0, 5.0, 5.0))
HOURS = (4.0, 24.0, 72.0, 168.0)
FWHM_MM = 10.0
FWHM_STEP = 0.05
DENSITY_G_CM3 = 1.03

# centre (z, y, x) [mm], radius [mm], activity at the start [Bq/mL], effective half-life [h]
ORGANS = {
    "kidney": ((0.0, 2.0, -32.0), 21.0, 6e5, 50.0),
    "tumour": ((6.0, -3.0, 33.0), 14.0, 9e5, 85.0),
}
BODY = (72.0, 4e4, 40.0)


@dataclass(frozen=True)
class Errors:
    """What goes wrong in one measurement; none by default."""

    calibration: float = 0.0
    scans: tuple[float, ...] = (0.0,) * len(HOURS)
    hours: tuple[float, ...] = (0.0,) * len(HOURS)
    border_mm: dict[str, float] = field(default_factory=dict)
    fwhm: float = 0.0
    recovery: float = 0.0
    density: float = 0.0
    noise: np.random.Generator | None = None


def _axes() -> list[np.ndarray]:
    n, h = FINE.shape[0], FINE.spacing_mm[0]
    at = (np.arange(n) - 0.5 * (n - 1)) * h
    return [at[:, None, None], at[None, :, None], at]


def _radius(centre: tuple[float, float, float]) -> np.ndarray:
    return np.sqrt(sum((a - c) ** 2 for a, c in zip(_axes(), centre, strict=True)))


@cache
def _body() -> np.ndarray:
    _, y, x = _axes()
    return np.hypot(y, x) * np.ones(FINE.shape) < BODY[0]


@cache
def _seen(step: int) -> list[np.ndarray]:
    """What the SPECT makes of the body around the organs and of each organ, by resolution."""
    rest, parts = _body().copy(), []
    for centre, radius, *_ in ORGANS.values():
        parts.append(_radius(centre) < radius)
        rest &= ~parts[-1]
    fwhm_mm = FWHM_MM * (1.0 + step * FWHM_STEP)
    return [
        average_onto(Volume(blurred(part.astype(np.float32), FINE, fwhm_mm), FINE), SPECT, 0.0)
        for part in (rest, *parts)
    ]


def _scan(hours: float, fwhm: float) -> np.ndarray:
    """The scan at a time; between resolutions that are calculated it is linear."""
    step = int(np.floor(fwhm / FWHM_STEP))
    part = fwhm / FWHM_STEP - step
    curves = [BODY[1:], *(organ[2:] for organ in ORGANS.values())]
    amounts = [start * 2.0 ** (-hours / half_life) for start, half_life in curves]
    return np.asarray(
        sum(
            a * ((1.0 - part) * near + part * far)
            for a, near, far in zip(amounts, _seen(step), _seen(step + 1), strict=True)
        ),
        np.float32,
    )


def measured(folder: Path, errors: Errors, **options: Any) -> Result:
    """Scan the patient, draw its volumes, calculate the case; each with its errors."""
    folder.mkdir(exist_ok=True)
    body = _body()
    points = []
    for n, stated in enumerate(HOURS):
        scan = _scan(stated + errors.hours[n], errors.fwhm)
        scan *= np.float32((1.0 + errors.calibration) * (1.0 + errors.scans[n]))
        if errors.noise is not None:
            counts = 4e-3  # per Bq/mL: some 1000 in a voxel of the kidney
            scan = errors.noise.poisson(scan * counts).astype(np.float32) / np.float32(counts)
        path = folder / f"spect_{n}.nrrd"
        write_volume(path, Volume(scan, SPECT), "")
        points.append(TimePoint(stated, path, folder / "ct.nrrd"))
    write_volume(folder / "ct.nrrd", Volume(_hounsfield(body, errors.density), FINE), "")
    labels = np.zeros(FINE.shape, np.uint8)
    for number, (name, (centre, radius, *_)) in enumerate(ORGANS.items(), start=1):
        labels[_radius(centre) < radius + errors.border_mm.get(name, 0.0)] = number
    write_volume(folder / "organs.nrrd", Volume(labels, FINE), "")  # type: ignore[arg-type]
    if "recovery_coefficients" in options:
        options["recovery_coefficients"] = tuple(
            (v, c * (1.0 + errors.recovery)) for v, c in options["recovery_coefficients"]
        )
    return run_case(
        Case(
            tuple(points),
            segmentation=Segmentation(
                folder / "organs.nrrd", {str(n): name for n, name in enumerate(ORGANS, start=1)}
            ),
            options=Options(dose_method="local", device="cpu", **options),
        )
    )


def _hounsfield(body: np.ndarray, density: float) -> np.ndarray:
    """A CT whose density is off by a part."""
    hu = np.arange(-200.0, 101.0)
    wanted = DENSITY_G_CM3 * (1.0 + density)
    value = np.interp(wanted, density_of(hu.astype(np.float32)), hu)
    return np.where(body, np.float32(value), np.float32(-1000.0)).astype(np.float32)


@pytest.fixture
def measure(tmp_path: Path) -> Callable[..., Result]:
    def run(errors: Errors | None = None, **options: Any) -> Result:
        return measured(tmp_path / "case", errors or Errors(), **options)

    return run


@pytest.fixture
def errors_of() -> type[Errors]:
    return Errors
