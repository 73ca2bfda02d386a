"""What every dose method is given, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..base.log import Log
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..kernels.voxel import KEV_TO_J
from ..tissue.calcium import calcium_of_density
from ..tissue.nuclide import Nuclide

__all__ = ["GY_G_PER_KEV_MBQ_H", "DoseMethod", "DoseProblem", "Effort", "MethodDose"]

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
    vois : mapping of str to ndarray of bool, shape (k, j, i)
        Volumes of interest, for what a method says of their mean doses.
    effort : Effort
        How long a statistical method goes on.
    model : Path or None
        Files of a network of the user's own; None for the shipped one.
    calcium_shown : ndarray of float32, shape (k, j, i), or None
        Mass fraction of calcium as CT numbers show it; None where only the density is known.
    """

    grid: Grid
    tia_MBq_h_mL: Array
    density_g_cm3: Array
    reported: Mask
    nuclide: Nuclide
    media: int = 20
    device: str = "cpu"
    vois: Mapping[str, Mask] = field(default_factory=dict)
    effort: Effort = Effort()
    model: Path | None = None
    calcium_shown: Array | None = None

    @cached_property
    def calcium(self) -> Array:
        """Mass fraction of calcium, shape (k, j, i): as shown, else all that is dense is bone."""
        if self.calcium_shown is None:
            return calcium_of_density(self.density_g_cm3)
        return self.calcium_shown


@dataclass(frozen=True)
class MethodDose:
    """
    The dose by one method.

    Attributes
    ----------
    dose : ndarray of float32, shape (k, j, i)
        Absorbed dose [Gy], 0 where none is reported.
    standard_error : ndarray of float32, shape (k, j, i), or None
        Standard error of the dose (one standard deviation) [Gy], 0 where none is reported; None
        for a dose that is no average over random samples.
    organ_standard_error_Gy : mapping of str to float
        Standard error of the mass-weighted mean dose of each of `DoseProblem.vois` [Gy]; empty
        without `standard_error`.
    correction_percent : mapping of str to float
        What a network changed of the mean dose of each of `DoseProblem.vois` [%]; empty for
        methods without.
    how : mapping
        How the dose was made, for the provenance; empty where name and options of the method say
        all. What is under ``"model"`` names the weights of a network.
    """

    dose: Array
    standard_error: Array | None = None
    organ_standard_error_Gy: Mapping[str, float] = field(default_factory=dict)
    correction_percent: Mapping[str, float] = field(default_factory=dict)
    how: Mapping[str, Any] = field(default_factory=dict)


DoseMethod = Callable[[DoseProblem, Log], MethodDose]
"""
A dose method. Remarks and progress go to the log; `Cancelled` may come from it.

A method raises `InvalidInput` where it cannot do what is asked, and changes no input.
"""
