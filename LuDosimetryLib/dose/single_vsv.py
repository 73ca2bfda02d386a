"""Single voxel S values: one kernel of soft tissue everywhere."""

import numpy as np

from ..base.log import Log
from ..kernels.media import electron_reach_cm, long_range, short_range
from ..kernels.point import read_point_kernels
from ..tissue.media import Medium
from .kernel_set import long_range_kernels, short_range_kernels
from .media_map import MediaMap
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem, MethodDose

SOFT_TISSUE = Medium("soft", 1.04)
"""Density of the published voxel S values for soft tissue (Lanconelli et al. 2012)."""


def single_vsv_dose(problem: DoseProblem, log: Log) -> MethodDose:
    """
    Calculate the absorbed dose by convolution with the voxel S values of soft tissue (1.04 g/cm3).

    The CT only says where the patient is: as in Kim et al. 2022, the dose is not scaled by density.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels.
    """
    kernels = read_point_kernels(problem.nuclide.name)
    media = MediaMap.of(problem)
    source = np.ascontiguousarray(problem.tia_MBq_h_mL[media.box])
    everywhere = np.zeros(media.shape, np.intp)
    energy = np.zeros(media.shape, np.float32)
    reach = electron_reach_cm(kernels, [SOFT_TISSUE])
    where = (media.voxel_cm, media.shape, problem.device)
    for done, kernel_set in enumerate(
        (
            short_range_kernels([short_range(kernels, SOFT_TISSUE, reach)], *where),
            long_range_kernels([long_range(kernels, SOFT_TISSUE, reach)], *where),
        )
    ):
        log.at(0.5 * done, "single VSV")
        convolver = kernel_set.convolver
        spectrum = convolver.spectrum(convolver.to_device(source))
        index = convolver.to_device(everywhere)
        energy = energy + convolver.to_numpy(kernel_set.at_targets(spectrum, index, lambda: None))
    dose = np.float32(GY_G_PER_KEV_MBQ_H / SOFT_TISSUE.density_g_cm3) * np.maximum(energy, 0.0)
    return MethodDose(media.whole(np.where(problem.reported[media.box], dose, np.float32(0.0))))
