"""Multiple voxel S values: a kernel for each of 20 media, chosen by the target voxel's density."""

from typing import Any

import numpy as np

from ..base.log import Log
from ..image.arrays import Array
from ..kernels.media import electron_reach_cm, long_range
from ..kernels.point import read_point_kernels
from .electrons import electron_kernels
from .kernel_set import long_range_kernels
from .media_map import MediaMap
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem, MethodDose


def multi_vsv_dose(problem: DoseProblem, log: Log) -> MethodDose:
    """
    Calculate the absorbed dose by multiple voxel S values (Kim et al. 2022).

    The activity is convolved with the kernel of each medium, and each result kept where the
    target voxel is of that medium. Two refinements on the paper: what electrons leave is
    divided by the voxel's own mass instead of its medium's, so that no step remains inside a
    density bin (the dose from photons does not depend on the target's density); and since the
    kernels of the media have nearly one shape, a few combinations of them are convolved instead
    of all, within the tolerances of `kernel_set`.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels.
    """
    return MethodDose(MultiVsvPlan(problem, log).dose(problem.tia_MBq_h_mL, log))


class MultiVsvPlan:
    """
    All that depends on the patient and not on the activity; a dose then takes a few transforms.

    Parameters
    ----------
    problem : DoseProblem
        Its activity says only where activity can be.
    log : Log
    """

    def __init__(self, problem: DoseProblem, log: Log) -> None:
        kernels = read_point_kernels(problem.nuclide.name)
        self._media = media = MediaMap.of(problem)
        log.at(0.0, "multiple VSV: electron kernels")
        self._short = electron_kernels(problem, media)
        log.at(0.25, "multiple VSV: photon kernels")
        reach = electron_reach_cm(kernels, media.media)
        long = [long_range(kernels, medium, reach) for medium in media.media]
        self._long = long_range_kernels(long, media.voxel_cm, media.shape, problem.device)
        to_device = self._long.convolver.to_device
        self._index = to_device(media.index)
        self._per_own_density = to_device(media.per_own_density)
        self._per_nominal_density = to_device(media.per_nominal_density)

    def dose(self, tia_MBq_h_mL: Array, log: Log) -> Array:
        """Calculate the absorbed dose [Gy] of an activity [MBq h/mL], both of shape (k, j, i)."""
        done = self.dose_on_device(self.source(tia_MBq_h_mL), log)
        return self._media.whole(self._long.convolver.to_numpy(done))

    def source(self, tia_MBq_h_mL: Array) -> Any:
        """The patient's box of a time-integrated activity, on the device."""
        return self._long.convolver.to_device(np.ascontiguousarray(tia_MBq_h_mL[self._media.box]))

    def wait(self) -> None:
        """Wait until the device has finished."""
        self._long.convolver.wait()

    def dose_on_device(self, source: Any, log: Log) -> Any:
        """Dose in the patient's box, from and to an array on the device; see `dose`."""
        transforms = len(self._short.spectra) + len(self._long.spectra)
        finished = iter(range(1, transforms + 1))

        def after_each() -> None:
            fraction = next(finished) / transforms
            log.at(0.5 + 0.5 * fraction, "multiple VSV: convolution")

        spectrum = self._short.convolver.spectrum(source)
        electrons = self._short.at_targets(spectrum, self._index, after_each)
        spectrum = self._long.convolver.spectrum(source)
        photons = self._long.at_targets(spectrum, self._index, after_each)
        dose = electrons * self._per_own_density
        dose += photons * self._per_nominal_density
        dose *= GY_G_PER_KEV_MBQ_H
        # what FFT rounding leaves far from any activity is not below nothing
        return dose.clip(0.0)
