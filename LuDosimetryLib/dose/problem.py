"""What every dose method is given, and the method's form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.progress import Progress
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..kernels.voxel import KEV_TO_J
from ..tissue.nuclide import Nuclide

GY_G_PER_KEV_MBQ_H = KEV_TO_J * 1e3 * 3.6e9
"""Dose [Gy g] of one keV absorbed in each decay of one MBq h."""


@dataclass(frozen=True)
class Effort:
    """
    How long a Monte Carlo goes on, and where.

    Attributes
    ----------
    histories : int
        Decays to follow.
    uncertainty_percent : float or None
        Instead of a number of decays: standard error of the mean dose of every volume of
        interest; voxels above a fifth of the maximum are to have four times as much.
    seed : int
    scheduler : str or None
        Address of a scheduler of dask.distributed; None for this process.
    unfinished : Path or None
        Folder for finished batches, from which a run that was killed goes on.
    """

    histories: int = 100_000_000
    uncertainty_percent: float | None = None
    seed: int = 1
    scheduler: str | None = None
    unfinished: Path | None = None


@dataclass(frozen=True)
class DoseProblem:
    """
    A time-integrated activity in a patient.

    Attributes
    ----------
    grid : Grid
    tia_MBq_h_mL : ndarray of float32, shape (k, j, i)
        Time-integrated activity concentration.
    density_g_cm3 : ndarray of float32, shape (k, j, i)
    reported : ndarray of bool, shape (k, j, i)
        Voxels to be given a dose: of the patient, and not air.
    nuclide : Nuclide
    media : int
        Number of media of the multiple voxel S values.
    device : {"cpu", "cuda"}
    warnings : list of str
        A method adds what it has to say.
    vois : mapping of str to ndarray of bool, shape (k, j, i)
        Of which a statistical method gives the standard error.
    effort : Effort
        Of a statistical method.
    how : dict of str to dict
        A method adds, under its name, what the provenance is to say of it.
    """

    grid: Grid
    tia_MBq_h_mL: Array
    density_g_cm3: Array
    reported: Mask
    nuclide: Nuclide
    media: int = 20
    device: str = "cpu"
    warnings: list[str] = field(default_factory=list)
    vois: Mapping[str, Mask] = field(default_factory=dict)
    effort: Effort = Effort()
    how: dict[str, dict[str, Any]] = field(default_factory=dict)


DoseMethod = Callable[[DoseProblem, Progress], Array]
"""Absorbed dose [Gy], float32, shape (k, j, i), 0 where none is reported."""


@dataclass(frozen=True)
class StatisticalDose:
    """
    A dose that is an average over random samples.

    Attributes
    ----------
    dose, standard_error : ndarray of float32, shape (k, j, i)
        Absorbed dose and its standard error (one standard deviation) [Gy], 0 where none is
        reported.
    organ_standard_error_Gy : dict of str to float
        Standard error of the mass-weighted mean dose of each of `DoseProblem.vois` [Gy].
    how : dict
        For the provenance.
    """

    dose: Array
    standard_error: Array
    organ_standard_error_Gy: dict[str, float]
    how: dict[str, Any]


StatisticalDoseMethod = Callable[[DoseProblem, Progress], StatisticalDose]
