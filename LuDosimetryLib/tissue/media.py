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
    from_g_cm3 : float
        Least density of its voxels, for media without calcium.
    from_calcium : float
        Least mass fraction of calcium of its voxels; 0 for media that are chosen by density.
    """

    composition: str
    density_g_cm3: float
    from_g_cm3: float = 0.0
    from_calcium: float = 0.0


def read_media(number: int) -> list[Medium]:
    """
    Read the list of so many media, ``Resources/Media/media_N.csv``.

    Those without calcium come first, by ascending density, then those with, by ascending calcium.

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
            float(row["from_g_cm3"] or 0.0),
            0.01 * float(row["from_calcium_percent"] or 0.0),
        )
        for row in rows
    ]


def classify(density: Array, calcium: Array, media: list[Medium]) -> NDArray[np.int8]:
    """
    Index of the medium of each voxel.

    Parameters
    ----------
    density, calcium : ndarray, any shape
        Mass density [g/cm3], and mass fraction of calcium. Values beyond the list get its first or
        last medium.
    media : list of Medium
        As `read_media` has them.
    """
    soft = [medium.from_g_cm3 for medium in media if not medium.from_calcium]
    skeletal = [medium.from_calcium for medium in media if medium.from_calcium]
    index = np.digitize(density, soft[1:])
    bone = np.digitize(calcium, skeletal)
    return np.where(bone > 0, len(soft) - 1 + bone, index).astype(np.int8)
