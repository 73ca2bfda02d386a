"""Electrons and photons apart: each with the voxel S values that its physics asks for."""

import numpy as np

from ..image import Array
from ..kernels.media import electron_reach_cm, long_range_in_soft_tissue, short_range
from .kernel_set import long_range_kernels, short_range_kernels
from .media_map import MediaMap
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem, Progress


def split_vsv_dose(problem: DoseProblem, progress: Progress) -> Array:
    """
    Absorbed dose [Gy] with electrons by the source's medium and photons by the target's.

    Beyond the multiple voxel S values of the paper, where the target's medium alone chooses one
    kernel for both radiations:

    - how far electrons get is decided where they start, so each source voxel spreads its
      electron energy by the kernel of its own medium; every electron's energy is deposited once;
    - photons travel centimetres, mostly through soft tissue, so they spread by the kernel of soft
      tissue at the patient's median density, and each target voxel absorbs them as its own
      composition does, by a ratio that grows with distance as scatter softens the spectrum.
    """
    media = MediaMap.of(problem)
    where = (media.voxel_cm, media.shape, problem.device)
    progress(0.0, "split VSV: electrons")
    reach = electron_reach_cm(media.media)
    short = short_range_kernels([short_range(m, reach) for m in media.media], *where)
    to_device = short.convolver.to_device
    source = to_device(np.ascontiguousarray(problem.tia_MBq_h_mL[media.box]))
    index = to_device(media.index)
    electrons = short.from_sources(source, index, lambda: progress(0.2, "split VSV: electrons"))
    progress(0.4, "split VSV: photons")
    between = float(np.median(problem.density_g_cm3[problem.reported]))
    long = long_range_kernels(
        [long_range_in_soft_tissue(m.composition, between, reach) for m in media.media], *where
    )
    spectrum = long.convolver.spectrum(source)
    photons = long.at_targets(spectrum, index, lambda: progress(0.8, "split VSV: photons"))
    dose = long.convolver.to_numpy(electrons) * media.per_own_density
    per_density = np.where(media.per_own_density > 0.0, np.float32(1.0 / between), np.float32(0.0))
    dose += long.convolver.to_numpy(photons) * per_density
    dose *= np.float32(GY_G_PER_KEV_MBQ_H)
    return media.whole(np.maximum(dose, 0.0))
