"""One patient and cycle to learn from: what is known before, and the dose by Monte Carlo."""

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import InvalidInput
from ...base.storage import write_atomically
from ...dose.problem import DoseProblem
from ...image.arrays import Array, Mask
from ...image.grid import Grid
from ...tissue.nuclide import read_nuclide

SCHEMA = "ludosimetry-dataset/1"
SUFFIX = ".npz"


@dataclass(frozen=True)
class Dataset:
    """
    A patient's cycle with the dose by Monte Carlo, cut to where there is a patient or activity.

    Attributes
    ----------
    patient : str
        Datasets of one patient stay together in cross-validation.
    cycle : int
    grid : Grid
    tia : ndarray of float32, shape (k, j, i)
        Time-integrated activity [MBq h/mL].
    density : ndarray of float32, shape (k, j, i)
        [g/cm3].
    reported : ndarray of bool, shape (k, j, i)
        Voxels that have a dose.
    dose, standard_error : ndarray of float32, shape (k, j, i)
        By Monte Carlo [Gy].
    vois : dict of str to ndarray of bool, shape (k, j, i)
    organ_standard_error_Gy : dict of str to float
        Standard error of the mean dose of each volume of interest.
    nuclide : str
    how : dict
        How the Monte Carlo was run: engine, decays, seed.
    source : str
        Whose CT it is, and under which licence; empty if that was not stated.
    """

    patient: str
    cycle: int
    grid: Grid
    tia: Array
    density: Array
    reported: Mask
    dose: Array
    standard_error: Array
    vois: dict[str, Mask]
    organ_standard_error_Gy: dict[str, float]
    nuclide: str
    how: dict[str, Any]
    source: str = ""

    @property
    def name(self) -> str:
        """Name of its file, without the ending."""
        return f"{self.patient}-{self.cycle}"

    def problem(self, device: str = "cpu") -> DoseProblem:
        """What the dose methods are given."""
        nuclide = read_nuclide(self.nuclide)
        return DoseProblem(
            self.grid, self.tia, self.density, self.reported, nuclide, device=device, vois=self.vois
        )

    def check(self) -> None:
        """
        Refuse what nothing can be learned from, or judged by.

        Raises
        ------
        InvalidInput
            One sentence that names the dataset and what is wrong with it.
        """
        for name, values, unit in (
            ("density", self.density, "g/cm3"),
            ("time-integrated activity", self.tia, "MBq h/mL"),
            ("dose", self.dose, "Gy"),
            ("standard error", self.standard_error, "Gy"),
        ):
            if not np.isfinite(values).all():
                wrong = int(np.count_nonzero(~np.isfinite(values)))
                raise self._worthless(f"its {name} is not a number in {wrong} voxels")
            # a dose that was smoothed may fall below 0 where there is next to none
            if name != "dose" and values.min() < 0.0:
                raise self._worthless(f"its {name} is {values.min():.3g} {unit} somewhere")
        if not self.reported.any():
            raise self._worthless("no voxel of it has a dose")
        if not self.tia.any():
            raise self._worthless("it has no activity")
        if not self.dose[self.reported].any():
            raise self._worthless("its dose is 0 everywhere")
        if not self.standard_error[self.reported].any():
            raise self._worthless("its dose has no standard errors")

    def _worthless(self, reason: str) -> InvalidInput:
        return InvalidInput(
            f"the dataset {self.name} cannot be used for training or testing: {reason}; make it again with 'training-data'."
        )

    def write(self, folder: Path) -> Path:
        """Write the file; complete or not at all."""
        grid = self.grid
        description = {
            "schema": SCHEMA,
            "patient": self.patient,
            "cycle": self.cycle,
            "nuclide": self.nuclide,
            "origin_mm": grid.origin_mm,
            "spacing_mm": grid.spacing_mm,
            "direction": grid.direction,
            "source": self.source,
            "vois": list(self.vois),
            "organ_standard_error_Gy": self.organ_standard_error_Gy,
            "how": self.how,
        }
        path = folder / f"{self.name}{SUFFIX}"
        with write_atomically(path) as file:
            arrays: dict[str, Any] = {f"voi_{n}": voi for n, voi in enumerate(self.vois.values())}
            np.savez_compressed(
                file,
                said=np.frombuffer(json.dumps(description).encode(), np.uint8),
                tia=self.tia,
                density=self.density,
                reported=self.reported,
                dose=self.dose,
                standard_error=self.standard_error,
                **arrays,
            )
        return path


def read_dataset(path: Path) -> Dataset:
    """
    Read a file of `Dataset.write`.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        description = json.loads(arrays.pop("said").tobytes())
        schema = description.get("schema")
        if schema == SCHEMA:
            return _dataset_of(description, arrays)
        reason = f"its schema is {schema!r}, expected {SCHEMA!r}"
    except _UNREADABLE as error:
        reason = f"{type(error).__name__}: {error}"
    raise InvalidInput(
        f"{path} is no complete training dataset ({' '.join(reason.split())}); make it with 'training-data'."
    )


# what numpy, zipfile and json raise for files that are damaged or not theirs
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def _dataset_of(description: dict[str, Any], arrays: dict[str, Any]) -> Dataset:
    shape = arrays["tia"].shape
    if other := {a.shape for a in arrays.values()} - {shape}:
        raise ValueError(f"arrays of shape {shape} and {', '.join(map(str, other))}")
    return Dataset(
        patient=description["patient"],
        cycle=description["cycle"],
        grid=Grid(
            shape,
            tuple(description["spacing_mm"]),
            tuple(description["origin_mm"]),
            tuple(description["direction"]),
        ),
        tia=arrays["tia"],
        density=arrays["density"],
        reported=arrays["reported"],
        dose=arrays["dose"],
        standard_error=arrays["standard_error"],
        vois={name: arrays[f"voi_{n}"] for n, name in enumerate(description["vois"])},
        organ_standard_error_Gy=description["organ_standard_error_Gy"],
        nuclide=description["nuclide"],
        how=description["how"],
        source=description.get("source", ""),
    )


def read_datasets(folder: Path) -> list[Dataset]:
    """All datasets of a folder, in order of their names."""
    datasets = [read_dataset(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    if not datasets:
        raise InvalidInput(f"there are no datasets in {folder}; make them with 'training-data'.")
    return datasets
