"""The files of a comparison, read onto the grid of the reference."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.storage import file_sha256
from ..case.parts import Segmentation
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..image.resampling import resample
from ..image.volume import Volume, read_volume
from ..voi.read import read_vois

_DENSEST_G_CM3 = 25.0


@dataclass(frozen=True)
class ComparisonInputs:
    """
    What is compared, on the grid of the reference.

    Attributes
    ----------
    grid : Grid
    dose, reference : ndarray, shape (k, j, i)
        Absorbed dose [Gy]; 0 where the dose is not known.
    reached : ndarray of bool, shape (k, j, i)
        Where the dose is known.
    vois : dict of str to ndarray of bool, shape (k, j, i)
    density : ndarray, shape (k, j, i), or None
        Mass density [g/cm3].
    standard_error : ndarray, shape (k, j, i), or None
        Standard error of the voxels of the reference [Gy].
    files : dict
        Name and SHA-256 of every file, by what it is.
    """

    grid: Grid
    dose: Array
    reference: Array
    reached: Mask
    vois: dict[str, Mask]
    density: Array | None
    standard_error: Array | None
    files: dict[str, dict[str, str]]


def read_comparison_inputs(paths: Mapping[str, Path], log: Log) -> ComparisonInputs:
    """
    Read the files of a comparison; those on another grid than the reference are resampled.

    Parameters
    ----------
    paths : mapping of str to Path
        "dose" and "reference"; if given "segmentation", "density", "reference_standard_error".
    log : Log

    Raises
    ------
    InvalidInput
        For a file that cannot be used, and for doses that do not overlap.
    """
    for what, path in paths.items():
        if not path.exists():
            raise InvalidInput(f"{_in_words(what)}: there is no file {path}.")
    reference = _read(paths["reference"], "reference", "Gy")
    grid = reference.grid
    dose = _on_grid(_read(paths["dose"], "dose", "Gy"), grid, "dose", log)
    reached = np.isfinite(dose)
    if not reached.any():
        raise InvalidInput(
            f"the dose {paths['dose']} and the reference {paths['reference']} do not overlap in space."
        )
    with_dose = reference.values > 0.0
    missed = int((with_dose & ~reached).sum())
    if missed:
        log.remark(
            f"The dose does not reach {100.0 * missed / int(with_dose.sum()):.3g} % of the voxels with "
            "reference dose; they are left out."
        )
    density = standard_error = None
    if "density" in paths:
        density = _density(paths["density"], grid, log)
    else:
        log.remark("Organ means are weighted by volume, not by mass: no density was given.")
    if "reference_standard_error" in paths:
        volume = _read(paths["reference_standard_error"], "reference_standard_error", "Gy")
        standard_error = np.nan_to_num(
            _on_grid(volume, grid, "reference_standard_error", log), nan=0.0
        )
    vois = read_vois(Segmentation(paths["segmentation"]), grid) if "segmentation" in paths else {}
    for name, voi in vois.items():
        if not reached[voi].all():
            log.remark(f"The dose does not reach all of {name}; only what it reaches counts.")
    return ComparisonInputs(
        grid=grid,
        dose=np.where(reached, dose, np.float32(0.0)),
        reference=reference.values,
        reached=reached,
        vois=vois,
        density=density,
        standard_error=standard_error,
        files={what: {"name": path.name, "sha256": _sha256(path)} for what, path in paths.items()},
    )


def _density(path: Path, grid: Grid, log: Log) -> Array:
    volume = _read(path, "density", "g/cm3")
    least, greatest = float(volume.values.min()), float(volume.values.max())
    if least < 0.0 or greatest > _DENSEST_G_CM3:
        raise InvalidInput(
            f"density: {path} has values from {least:g} to {greatest:g}; expected mass densities in g/cm3."
        )
    return np.nan_to_num(_on_grid(volume, grid, "density", log), nan=0.0)


def _read(path: Path, what: str, unit: str) -> Volume:
    """Read a volume whose header, if it names a unit, must name this one."""
    volume = read_volume(path, _in_words(what))
    if path.is_file():
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        found = reader.GetMetaData("unit").strip() if reader.HasMetaDataKey("unit") else ""
        if found not in ("", unit):
            raise InvalidInput(f"{_in_words(what)}: {path} is in {found}; expected {unit}.")
    return volume


def _on_grid(volume: Volume, grid: Grid, what: str, log: Log) -> Array:
    """Values on a grid, NaN where the volume does not reach, with a warning if resampled."""
    if not volume.grid.same_as(grid):
        log.remark(
            f"The {_in_words(what)} lies on another grid than the reference and was resampled onto it (linear)."
        )
    return resample(volume, grid, float("nan"))


def _in_words(what: str) -> str:
    return what.replace("_", " ")


def _sha256(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder in order of name."""
    if path.is_file():
        return file_sha256(path)
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()
