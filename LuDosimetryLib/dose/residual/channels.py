"""What the network is shown: the tissue, and the doses that voxel S values make of the electrons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.log import Log
from ...image.arrays import Array, Mask, bounding_box
from ..electrons import Electrons
from ..media_map import MediaMap
from ..problem import GY_G_PER_KEV_MBQ_H, DoseProblem

TISSUE_CHANNELS = 2
LINEAR_CHANNELS = 3
AT_TARGET, FROM_SOURCE = 0, 1
"""Where among the linear channels the electrons' doses are, by the medium of target and of source."""

_MARGIN = 8


@dataclass(frozen=True)
class Channels:
    """
    Inputs of the network on one grid.

    All follow from CT and TIA. Photons are not among them: their dose comes from far beyond what
    a network could see, and is solved by transport.

    Attributes
    ----------
    tissue : ndarray of float32, shape (TISSUE_CHANNELS, k, j, i)
        Density [g/cm3] and 1 where a dose is reported; 0 elsewhere, so that beyond the image
        there is nothing.
    linear : ndarray of float32, shape (LINEAR_CHANNELS, k, j, i)
        Dose of electrons by the medium of the target (that of multiple VSV) and of the source; and
        what the decays emit as electrons, per volume of water [Gy], which is all that is seen of
        activity where no dose is reported: blurred across the skin, or beyond the CT.
    """

    tissue: NDArray[np.float32]
    linear: NDArray[np.float32]

    @classmethod
    def of(cls, problem: DoseProblem, log: Log) -> "Channels":
        """The channels of a case."""
        log.at(0.0, "electrons")
        media = MediaMap.of(problem)
        electrons = Electrons(problem, media)
        at_target = electrons.at_target(lambda: log.at(0.4, "electrons"))
        from_source = electrons.from_source(lambda: log.at(0.8, "electrons"))
        reported = problem.reported.astype(np.float32)
        emitted = problem.tia_MBq_h_mL * np.float32(
            problem.nuclide.electron_keV * GY_G_PER_KEV_MBQ_H
        )
        return cls(
            np.stack([problem.density_g_cm3 * reported, reported]),
            np.stack([media.whole(at_target), media.whole(from_source), emitted]),
        )

    @property
    def at_target(self) -> Array:
        """Dose of electrons by the medium of the target [Gy]."""
        return np.asarray(self.linear[AT_TARGET])

    @property
    def from_source(self) -> Array:
        """Dose of electrons by the medium of the source [Gy]."""
        return np.asarray(self.linear[FROM_SOURCE])

    @property
    def source_less_target(self) -> Array:
        """The residual of a network that corrects nothing [Gy]."""
        return self.from_source - self.at_target


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
