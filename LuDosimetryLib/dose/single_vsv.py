"""Single voxel S values: one kernel of soft tissue everywhere."""

import numpy as np

from ..base.progress import Progress
from ..image.arrays import Array
from ..kernels.media import electron_reach_cm, long_range, short_range
from ..tissue.media import Medium
from .kernel_set import long_range_kernels, short_range_kernels
from .media_map import MediaMap
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem

SOFT_TISSUE = Medium("soft", 1.04, 0.0, np.inf)
"""Density of the published voxel S values for soft tissue (Lanconelli et al. 2012)."""


def single_vsv_dose(problem: DoseProblem, progress: Progress) -> Array:
    """
    Absorbed dose [Gy] by convolution with the voxel S values of soft tissue (1.04 g/cm3).

    The CT only says where the patient is: as in Kim et al. 2022, the dose is not scaled by density.
    """
    media = MediaMap.of(problem)
    source = np.ascontiguousarray(problem.tia_MBq_h_mL[media.box])
    everywhere = np.zeros(media.shape, np.intp)
    energy = np.zeros(media.shape, np.float32)
    reach = electron_reach_cm([SOFT_TISSUE])
    where = (media.voxel_cm, media.shape, problem.device)
    for done, kernels in enumerate(
        (
            short_range_kernels([short_range(SOFT_TISSUE, reach)], *where),
            long_range_kernels([long_range(SOFT_TISSUE, reach)], *where),
        )
    ):
        progress(0.5 * done, "single VSV")
        convolver = kernels.convolver
        spectrum = convolver.spectrum(convolver.to_device(source))
        index = convolver.to_device(everywhere)
        energy = energy + convolver.to_numpy(kernels.at_targets(spectrum, index, lambda: None))
    dose = np.float32(GY_G_PER_KEV_MBQ_H / SOFT_TISSUE.density_g_cm3) * np.maximum(energy, 0.0)
    return media.whole(np.where(problem.reported[media.box], dose, np.float32(0.0)))
