"""Dose of electrons by voxel S values: by the medium where they start, or where they are absorbed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..image.arrays import Array
from ..kernels.media import electron_reach_cm, short_range
from ..kernels.point import read_point_kernels
from .kernel_set import KernelSet, short_range_kernels
from .media_map import MediaMap
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem


def electron_kernels(problem: DoseProblem, media: MediaMap) -> KernelSet:
    """
    Kernels of the electrons of each medium of a problem.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels.
    """
    kernels = read_point_kernels(problem.nuclide.name)
    reach = electron_reach_cm(kernels, media.media)
    deposits = [short_range(kernels, medium, reach) for medium in media.media]
    return short_range_kernels(deposits, media.voxel_cm, media.shape, problem.device)


class Electrons:
    """
    Kernels of a patient's electrons, and the doses by them.

    Doses are float32 of the shape of `media`, each divided by the voxel's own mass [Gy], and 0
    where none is reported.

    Parameters
    ----------
    problem : DoseProblem
    media : MediaMap
        Of the problem.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels.
    """

    def __init__(self, problem: DoseProblem, media: MediaMap) -> None:
        self._kernels = electron_kernels(problem, media)
        self._media = media
        to_device = self._kernels.convolver.to_device
        self._activity = to_device(np.ascontiguousarray(problem.tia_MBq_h_mL[media.box]))
        self._index = to_device(media.index)

    def from_source(self, after_each: Callable[[], object]) -> Array:
        """Each source voxel spreads its energy by the kernel of its own medium: all of it, once."""
        return self._dose(self._kernels.from_sources(self._activity, self._index, after_each))

    def at_target(self, after_each: Callable[[], object]) -> Array:
        """Each voxel absorbs by the kernel of its own medium, as in multiple voxel S values."""
        spectrum = self._kernels.convolver.spectrum(self._activity)
        return self._dose(self._kernels.at_targets(spectrum, self._index, after_each))

    def _dose(self, energy: Any) -> Array:
        found = self._kernels.convolver.to_numpy(energy).clip(0.0)
        return found * self._media.per_own_density * np.float32(GY_G_PER_KEV_MBQ_H)
