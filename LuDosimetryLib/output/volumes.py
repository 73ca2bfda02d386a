"""The volumes of a result folder: which there are, how their files are called, read back."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..agreement.error_map import relative_error_percent
from ..base.errors import InvalidInput
from ..image.arrays import Array
from ..image.grid import Grid
from ..image.volume import Volume, read_volume, write_volume
from ..result.result import ResultData
from .summary import STANDARD_ERROR, dose_key

VOLUME_NAME = re.compile(
    r"(tia|tia_model|density|dose|(dose|error|relative_error)_[\w-]+)\.nrrd", re.ASCII
)
"""Names that volumes of a result folder can have."""
_ERROR, _RELATIVE_ERROR = "error_", "relative_error_"


@dataclass(frozen=True)
class ResultVolume:
    """
    One volume of a result folder.

    Attributes
    ----------
    file : str
        Name in the folder.
    unit : str
        UCUM.
    values : ndarray of float32 or uint8, shape (k, j, i)
    """

    file: str
    unit: str
    values: Array | NDArray[np.uint8]


def volumes_of(result: ResultData) -> dict[str, ResultVolume]:
    """Volumes of the folder of a result by key."""
    chosen = result.dose_method
    found = {
        "tia": ("MBq.h/mL", result.tia),
        "density": ("g/cm3", result.density),
        "dose": ("Gy", result.dose),
    }
    for name, dose in result.doses.items():
        if name == chosen:
            continue
        found[dose_key(name, chosen)] = ("Gy", dose)
        found[_ERROR + name] = ("Gy", dose - result.dose)
        found[_RELATIVE_ERROR + name] = ("%", relative_error_percent(dose, result.dose))
    for name, error in result.standard_errors.items():
        found[dose_key(name, chosen) + STANDARD_ERROR] = ("Gy", error)
    volumes = {
        key: ResultVolume(f"{key}.nrrd", unit, values) for key, (unit, values) in found.items()
    }
    if result.tia_model is not None:
        volumes["tia_model"] = ResultVolume("tia_model.nrrd", "1", result.tia_model)
    return volumes


def write_volumes(result: ResultData, folder: Path) -> None:
    """Write the volumes of a result into a folder."""
    for volume in volumes_of(result).values():
        kind = np.uint8 if volume.values.dtype == np.uint8 else np.float32
        values = Volume(volume.values.astype(kind, copy=False), result.grid)
        write_volume(folder / volume.file, values, volume.unit)


def read_on_grid(path: Path, key: str, grid: Grid) -> Array:
    """
    Read a volume of a result folder.

    Raises
    ------
    InvalidInput
        If it cannot be read, or lies on another grid than the dose.
    """
    volume = read_volume(path, key)
    if not volume.grid.same_as(grid):
        raise InvalidInput(
            f"{key}: {path} lies on another grid than the dose beside it; calculate the case again."
        )
    return volume.values
