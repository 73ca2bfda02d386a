"""A finished calculation in memory."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..activity.curve import VoiCurve
from ..base.typed_json import read_as
from ..dicom.source import DicomSource
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..organs.organ_dose import DoseVolumeHistograms
from ..organs.quantities import OrganDose
from ..registration.alignment import Alignment
from .asked import AskedCase

__all__ = ["ResultData"]


@dataclass
class ResultData:
    """
    A finished calculation, everything on one grid.

    Attributes
    ----------
    case : dict
        The case as asked, in the form of case.json.
    dose_method : str
        The method of `dose`; it differs from the one asked for only with a warning that says so.
    grid : Grid
        Grid of the reference SPECT.
    tia : ndarray, shape (k, j, i)
        Time-integrated activity [MBq h/mL].
    density : ndarray, shape (k, j, i)
        Mass density [g/cm3].
    reported : ndarray of bool, shape (k, j, i)
        Voxels that have a dose; 0 elsewhere.
    doses : dict of str to ndarray
        Absorbed dose [Gy] by method; the chosen one comes first.
    vois : dict of str to ndarray of bool
        Masks of the volumes of interest by name.
    organs : list of OrganDose
    dvh : DoseVolumeHistograms
    timing_s : dict of str to float
        Time of each stage [s].
    provenance : dict
        Versions, and hashes of everything that was read.
    warnings : list of str
    warnings_of_vois : dict of str to list of int
        Places in `warnings` of those that concern a volume of interest in particular, by its name.
    inputs : tuple of Path
        Files and folders that writing the result must leave alone.
    standard_errors : dict of str to ndarray
        Standard error of the dose [Gy] of statistical methods.
    checkpoint : Path or None
        Folder in which Monte Carlo keeps finished batches; writing the result removes it.
    dicom : DicomSource or None
        The study that the case comes from, to which the DICOM objects are added.
    curves : dict of str to VoiCurve
        Time-activity curve of every volume of interest; empty for a single scan.
    tia_model : ndarray of uint8, shape (k, j, i), or None
        The model that gave each voxel's `tia`, by its number in `activity.tia.MODELS`; None where
        all are trapezoids.
    alignments : list of Alignment
        How every scan was brought to the reference; empty where they were taken as aligned.
    """

    case: dict[str, Any]
    dose_method: str
    grid: Grid
    tia: Array
    density: Array
    reported: Mask
    doses: dict[str, Array]
    vois: dict[str, Mask]
    organs: list[OrganDose]
    dvh: DoseVolumeHistograms
    timing_s: dict[str, float]
    provenance: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    inputs: tuple[Path, ...] = ()
    standard_errors: dict[str, Array] = field(default_factory=dict)
    checkpoint: Path | None = None
    dicom: DicomSource | None = None
    curves: dict[str, VoiCurve] = field(default_factory=dict)
    tia_model: NDArray[np.uint8] | None = None
    alignments: list[Alignment] = field(default_factory=list)
    warnings_of_vois: dict[str, list[int]] = field(default_factory=dict)

    @property
    def asked(self) -> AskedCase:
        """What readers of results need of `case`."""
        return read_as(AskedCase, self.case, "case")

    @property
    def dose(self) -> Array:
        """Absorbed dose by the chosen method [Gy]."""
        return self.doses[self.dose_method]
