"""The patient on the grid of the SPECT: density, and which voxels are given a dose."""

from dataclasses import dataclass

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.case import Case
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..image.resampling import average_onto
from ..image.volume import Volume, read_volume
from .calcium import calcium_of
from .density import (
    AIR_DENSITY_G_CM3,
    NO_DOSE_BELOW_G_CM3,
    density_of,
    patient_mask,
)
from .hounsfield import check_hounsfield
from .spect_outline import spect_outline

__all__ = ["Anatomy", "read_anatomy"]

WATER_G_CM3 = np.float32(1.0)
"""Density of the patient where there is no CT."""
_DENSEST_PATIENT_G_CM3 = 1.5
"""Median beyond which a CT is hardly in HU."""


@dataclass(frozen=True)
class Anatomy:
    """
    What a CT shows on the grid of the SPECT.

    Attributes
    ----------
    density_g_cm3 : ndarray of float32, shape (k, j, i)
        Mass density, air outside the CT.
    calcium : ndarray of float32, shape (k, j, i)
        Mass fraction of calcium, by which bone is known.
    covered : ndarray of bool, shape (k, j, i)
        Voxels that the CT reaches.
    patient : ndarray of bool, shape (k, j, i)
        Voxels of the patient, with lungs and bowel gas.
    """

    density_g_cm3: Array
    calcium: Array
    covered: Mask
    patient: Mask

    @property
    def reported(self) -> Mask:
        """Voxels to be given a dose: of the patient, and not air."""
        return self.patient & (self.density_g_cm3 >= NO_DOSE_BELOW_G_CM3)


def read_anatomy(case: Case, reference: Volume, log: Log) -> Anatomy:
    """
    Read the CT of a case, as density on the grid of the reference SPECT.

    Without a CT the patient is water within the outline that the SPECT shows.

    Parameters
    ----------
    case : Case
    reference : Volume
        SPECT of the reference time point.
    log : Log
        Takes up the warnings.

    Raises
    ------
    InvalidInput
        If the CT cannot be read, is not in HU, or shows no patient on the grid.
    """
    grid = reference.grid
    if case.ct is None:
        return _water(reference, log)
    ct = read_volume(case.ct, "CT")
    check_hounsfield(ct.values, f"CT: {case.ct}", log)
    covered = grid.covered_by(ct.grid)
    if not covered.any():
        raise InvalidInput(
            f"CT: {case.ct} and the SPECT do not overlap anywhere; check that they belong together, or, if the CT is another "
            "scan's, set this scan's ct to null and options.registration to \"rigid\"."
        )
    density = average_onto(Volume(density_of(ct.values), ct.grid), grid, AIR_DENSITY_G_CM3)
    # a voxel that the CT only touches is not known: air to every method, as to the Monte Carlo
    density = np.where(covered, density, np.float32(AIR_DENSITY_G_CM3))
    calcium = _calcium(ct, grid, density)
    return Anatomy(density, calcium, covered, _patient(density, covered, grid, log))


def _calcium(ct: Volume, grid: Grid, density: Array) -> Array:
    """Mass fraction of calcium on a grid, averaged so that the mass of calcium stays."""
    per_cm3 = calcium_of(ct.values) * density_of(ct.values)
    mean = average_onto(Volume(per_cm3, ct.grid), grid, 0.0)
    return np.asarray(mean / np.maximum(density, AIR_DENSITY_G_CM3), np.float32)


def _water(reference: Volume, log: Log) -> Anatomy:
    """The patient as water, within the outline that the reference SPECT shows."""
    outline = spect_outline(reference.values, reference.grid, "the reference SPECT")
    log.remark(
        "there is no CT: the patient is taken as water (1 g/cm3) within the outline that the reference SPECT shows. Doses "
        "of soft tissue are then some 5 % too high, those of bone and marrow 10 to 30 % too high, those of lungs several "
        "times too low; give a CT if there is one."
    )
    density = np.where(outline, WATER_G_CM3, np.float32(AIR_DENSITY_G_CM3)).astype(np.float32)
    calcium = np.zeros_like(density)
    return Anatomy(density, calcium, np.ones(outline.shape, bool), outline)


def _patient(density: Array, covered: Mask, grid: Grid, log: Log) -> Mask:
    """The voxels that are the patient."""
    patient = patient_mask(np.where(covered, density, np.float32(0.0)), grid)
    if not patient.any():
        raise InvalidInput(
            "the CT shows no patient on the SPECT grid: no voxel is denser than 0.15 g/cm3; check that CT and SPECT "
            'belong together, or, if the CT is another scan\'s, set options.registration to "rigid".'
        )
    typical = float(np.median(density[patient]))
    if typical > _DENSEST_PATIENT_G_CM3:
        log.remark(
            f"half of the patient is denser than {typical:.2f} g/cm3; check that the CT is in HU."
        )
    return patient
