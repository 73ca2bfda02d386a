"""Media of multiple voxel S values and of Monte Carlo, and their assignment to voxels."""

import csv
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..base.resources import resource
from ..image.arrays import Array


@dataclass(frozen=True)
class Medium:
    """
    Medium of multiple voxel S values or of Monte Carlo.

    Attributes
    ----------
    composition : str
        Name in ``Resources/Media/compositions.csv``.
    density_g_cm3 : float
        Density for which the kernel is made.
    from_g_cm3, to_g_cm3 : float
        Range of the densities of its voxels.
    """

    composition: str
    density_g_cm3: float
    from_g_cm3: float
    to_g_cm3: float


def read_media(number: int) -> list[Medium]:
    """
    Read the list of so many media, ``Resources/Media/media_N.csv``, by ascending density.

    Raises
    ------
    InvalidInput
        If there is no list of that number.
    """
    numbers = sorted(
        int(p.stem.removeprefix("media_")) for p in resource("Media").glob("media_*.csv")
    )
    if number not in numbers:
        raise InvalidInput(f"options.media is {number}; allowed: {', '.join(map(str, numbers))}.")
    return _read_media(f"media_{number}.csv")


def read_monte_carlo_media() -> list[Medium]:
    """
    Read the media of the Monte Carlo in the patient, ``Resources/Media/monte_carlo.csv``.

    The first, air, stands for everything outside the patient.
    """
    return _read_media("monte_carlo.csv")


def _read_media(file_name: str) -> list[Medium]:
    with resource("Media", file_name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return [
        Medium(
            row["composition"],
            float(row["density_g_cm3"]),
            float(row["from_g_cm3"]),
            float(row["to_g_cm3"]),
        )
        for row in rows
    ]


def classify(density: Array, media: list[Medium]) -> NDArray[np.int8]:
    """Index of the medium of each voxel; densities beyond the list get its first or last. Any shape."""
    edges = [medium.from_g_cm3 for medium in media[1:]]
    return np.digitize(density, edges).astype(np.int8)
