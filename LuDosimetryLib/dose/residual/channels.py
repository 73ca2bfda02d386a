"""What the network is shown: the tissue, and the doses that voxel S values make of the activity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.log import Log
from ...image.arrays import Array, Mask, bounding_box
from ..multi_vsv import multi_vsv_dose
from ..problem import GY_G_PER_KEV_MBQ_H, DoseProblem
from ..split_vsv import split_dose

TISSUE_CHANNELS = 2
LINEAR_CHANNELS = 5
MULTI_VSV = 0
SPLIT_VSV = slice(1, 4)
"""Where among the linear channels the multiple-VSV dose is, and what adds up to the split dose."""

_MARGIN = 8


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
        Dose by multiple VSV; by electrons, primary and scattered photons of the split VSV; and
        what the decays emit as electrons, per volume of water [Gy], which is all that is seen of
        activity where no dose is reported: blurred across the skin, or beyond the CT.
    """

    tissue: NDArray[np.float32]
    linear: NDArray[np.float32]

    @classmethod
    def of(cls, problem: DoseProblem, log: Log) -> "Channels":
        """The channels of a case."""
        multi = multi_vsv_dose(problem, log.part(0.6)).dose
        parts = split_dose(problem, log.part(0.4))
        reported = problem.reported.astype(np.float32)
        emitted = problem.tia_MBq_h_mL * np.float32(
            problem.nuclide.electron_keV * GY_G_PER_KEV_MBQ_H
        )
        return cls(
            np.stack([problem.density_g_cm3 * reported, reported]),
            np.stack(
                [
                    multi,
                    parts.electrons,
                    parts.primary_photons,
                    parts.scattered_photons,
                    emitted,
                ]
            ),
        )

    @property
    def multi_vsv(self) -> Array:
        """The multiple-VSV dose [Gy]."""
        return np.asarray(self.linear[MULTI_VSV])

    @property
    def split_vsv(self) -> Array:
        """The split-VSV dose [Gy]."""
        return np.asarray(self.linear[SPLIT_VSV].sum(axis=0), np.float32)


def box_of(reported: Mask) -> tuple[slice, slice, slice]:
    """
    What the network is shown of a volume: the voxels with a dose, and a margin.

    Electrons of activity just beyond reach them.
    """
    k, j, i = (
        slice(max(0, s.start - _MARGIN), min(n, s.stop + _MARGIN))
        for s, n in zip(bounding_box(reported), reported.shape, strict=True)
    )
    return k, j, i
