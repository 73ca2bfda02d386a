"""What the network is shown: the tissue, and the doses that voxel S values make of the activity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..dose.multi_vsv import multi_vsv_dose
from ..dose.problem import DoseProblem
from ..dose.split_vsv import split_dose
from ..image import Array
from ..progress import Progress

TISSUE_CHANNELS = 2
LINEAR_CHANNELS = 4
MULTI_VSV = 0
"""Index of the multiple-VSV dose among the linear channels; the others add up to the split dose."""


@dataclass(frozen=True)
class Channels:
    """
    Inputs of the network on one grid.

    All follow from CT and TIA: the long reach of photons, which no patch of a few centimetres could
    show, is in the doses already.

    Attributes
    ----------
    tissue : ndarray of float32, shape (TISSUE_CHANNELS, k, j, i)
        Density [g/cm3] and 1 where a dose is reported; 0 elsewhere, so that beyond the image
        there is nothing.
    linear : ndarray of float32, shape (LINEAR_CHANNELS, k, j, i)
        Dose by multiple VSV; by electrons, primary and scattered photons of the split VSV [Gy].
    """

    tissue: NDArray[np.float32]
    linear: NDArray[np.float32]

    @classmethod
    def of(cls, problem: DoseProblem, progress: Progress) -> "Channels":
        """The channels of a case."""
        multi = multi_vsv_dose(problem, lambda f, text: progress(0.6 * f, text))
        parts = split_dose(problem, lambda f, text: progress(0.6 + 0.4 * f, text))
        reported = problem.reported.astype(np.float32)
        return cls(
            np.stack([problem.density_g_cm3 * reported, reported]),
            np.stack([multi, parts.electrons, parts.primary_photons, parts.scattered_photons]),
        )

    @property
    def multi_vsv(self) -> Array:
        """The multiple-VSV dose [Gy]."""
        return np.asarray(self.linear[MULTI_VSV])

    @property
    def split_vsv(self) -> Array:
        """The split-VSV dose [Gy]."""
        return np.asarray(self.linear[MULTI_VSV + 1 :].sum(axis=0), np.float32)
