"""Electrons and photons apart: each with the voxel S values that its physics asks for."""

from dataclasses import dataclass

import numpy as np

from ..base.log import Log
from ..image.arrays import Array
from ..kernels.photon_scatter import absorption_ratio, photon_steps
from ..kernels.point import RadialDeposit
from .electrons import Electrons
from .kernel_set import convolver_for, kernel_spectra
from .media_map import MediaMap
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem, MethodDose
from .single_vsv import SOFT_TISSUE


@dataclass(frozen=True)
class SplitDose:
    """
    Absorbed dose [Gy] by what carried the energy; all float32 of shape (k, j, i).

    Attributes
    ----------
    electrons : ndarray
    primary_photons : ndarray
        Absorbed at a photon's first collision.
    scattered_photons : ndarray
        Absorbed later.
    """

    electrons: Array
    primary_photons: Array
    scattered_photons: Array


def split_vsv_dose(problem: DoseProblem, log: Log) -> MethodDose:
    """Calculate the absorbed dose with electrons and photons apart; see `split_dose`."""
    parts = split_dose(problem, log)
    return MethodDose(parts.electrons + parts.primary_photons + parts.scattered_photons)


def split_dose(problem: DoseProblem, log: Log) -> SplitDose:
    """
    Calculate the parts of the absorbed dose.

    Beyond the multiple voxel S values of the paper, where the target's medium alone chooses one
    kernel for both radiations:

    - how far electrons get is decided where they start, so each source voxel spreads its
      electron energy by the kernel of its own medium; every electron's energy is deposited once;
    - photons travel centimetres to their first collision, by the kernel of soft tissue at the mean
      density where the activity is. How much scatters there goes with the density there: none in
      the air about the patient, little in lung. Scattered energy spreads by a kernel of its own;
    - each target absorbs both as its composition does relative to soft tissue.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels, or photons for which they cannot be taken apart.
    """
    nuclide = problem.nuclide.name
    steps = photon_steps(nuclide)
    media = MediaMap.of(problem)
    log.at(0.0, "split VSV: electrons")
    electrons = Electrons(problem, media).from_source(lambda: log.at(0.2, "split VSV: electrons"))

    log.at(0.3, "split VSV: photons")
    reported = problem.reported[media.box]
    density = np.where(reported, problem.density_g_cm3[media.box], 0.0).astype(np.float32)
    active = problem.tia_MBq_h_mL[media.box] * reported
    between = SOFT_TISSUE.density_g_cm3
    if active.any():
        between = float(np.average(density, weights=active))
    convolver = convolver_for(media.shape, problem.device)
    to_device = convolver.to_device
    source = to_device(np.ascontiguousarray(problem.tia_MBq_h_mL[media.box]))
    primary, scattered, absorption = kernel_spectra(
        convolver,
        [
            RadialDeposit(step.radius / between, step.within)
            for step in (steps.primary, steps.scattered, steps.absorption_of_scattered)
        ],
        media.voxel_cm,
    )
    spectrum = convolver.spectrum(source)
    first = convolver.inverse(convolver.product(spectrum, primary))
    log.at(0.6, "split VSV: scattered photons")
    origin = convolver.inverse(convolver.product(spectrum, scattered))
    origin = origin * to_device(density / np.float32(between))
    log.at(0.8, "split VSV: scattered photons")
    later = convolver.inverse(convolver.product(convolver.spectrum(origin), absorption))

    ratios = np.array([absorption_ratio(nuclide, m.composition) for m in media.media], np.float32)
    per_between = np.where(reported, np.float32(GY_G_PER_KEV_MBQ_H / between), np.float32(0.0))

    def dose(energy: Array, per_mass: Array) -> Array:
        return media.whole(np.maximum(energy * per_mass, 0.0))

    return SplitDose(
        media.whole(electrons),
        dose(convolver.to_numpy(first), per_between * ratios[:, 0][media.index]),
        dose(convolver.to_numpy(later), per_between * ratios[:, 1][media.index]),
    )
