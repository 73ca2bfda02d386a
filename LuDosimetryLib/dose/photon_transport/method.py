"""Absorbed dose with photons by transport and electrons by voxel S values."""

import numpy as np
from numpy.typing import NDArray

from ...base.log import Log
from ...image.arrays import Array
from ...kernels.point import RadialDeposit, read_point_kernels
from ...tissue.basis import BASIS, basis_fractions
from ...tissue.compositions import read_composition
from ...tissue.photon_coefficients import PhotonCoefficients, photon_coefficients
from ..convolution import Convolver
from ..electrons import Electrons
from ..kernel_set import kernel_spectra
from ..media_map import MediaMap
from ..problem import GY_G_PER_KEV_MBQ_H, DoseProblem, MethodDose
from .cells import CELL_CM, Cells
from .energy_groups import EnergyGroups
from .solver import Coefficients, fluences

_NEAR_CM = 2.5 * CELL_CM
"""Distance within which voxel S values of photons add the detail that cells cannot show."""


def photon_transport_dose(problem: DoseProblem, log: Log) -> MethodDose:
    """
    Calculate the absorbed dose by electrons and photons.

    Each source voxel spreads the energy of its electrons by the kernel of its own medium; photons
    are as of `photon_dose`.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels, or photons beyond the table of coefficients.
    """
    media = MediaMap.of(problem)
    electrons = Electrons(problem, media).from_source(lambda: log.at(0.1, "electrons"))
    return MethodDose(media.whole(electrons) + photon_dose(problem, log.part(0.9)))


def photon_dose(problem: DoseProblem, log: Log) -> Array:
    """
    Calculate the absorbed dose of photons and bremsstrahlung.

    The transport equation is solved in cells of about a centimetre, through the tissues of this
    patient, by discrete ordinates (see `solver`). Voxel S values of photons in soft tissue add what
    is finer than a cell, within 3 cm. Each voxel absorbs as its composition does.

    Returns
    -------
    ndarray of float32, shape (k, j, i)
        [Gy], 0 where no dose is reported.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels, or photons beyond the table of coefficients.
    """
    kernels = read_point_kernels(problem.nuclide.name)
    media = MediaMap.of(problem)
    box = media.box
    density = np.where(problem.reported[box], problem.density_g_cm3[box], 0.0).astype(np.float32)
    activity = np.ascontiguousarray(problem.tia_MBq_h_mL[box])
    soft = kernels.by_composition["soft"]
    far, near = soft.electrons(np.array([np.inf, kernels.electron_reach_g_cm2]))
    groups = EnergyGroups.of(problem.nuclide, float(far - near))
    tissues = [
        photon_coefficients(read_composition(name).mass_fractions, groups.energy_keV)
        for name in BASIS
    ]
    cells = Cells.of(media.shape, media.voxel_cm)
    fractions = basis_fractions(density, problem.calcium[box])
    partial = np.stack([cells.mean(density * fraction) for fraction in fractions])
    absorbed = _absorbed(groups, tissues)
    # keV/g by basis tissue, in cells
    dose = np.zeros(partial.shape, np.float32)
    found = fluences(
        groups, _coefficients(tissues, partial), cells.mean(activity), cells.cell_cm, log
    )
    for n, fluence in enumerate(found):
        dose += absorbed[:, n, None, None, None] * fluence
    detail = _detail(soft.photons, activity, cells, media, problem.device)
    # relative to soft tissue near the source, where photons have not scattered
    unscattered = absorbed[:, : groups.lines] @ groups.emitted
    relative = unscattered / max(float(unscattered[0]), 1e-30)
    total = np.float32(groups.local_keV) * activity * media.per_own_density
    for part, share, ratio in zip(dose, fractions, relative, strict=True):
        if share.any():
            total += share * (cells.at_voxels(part) + np.float32(ratio) * detail)
    reported = media.per_own_density > 0.0
    total = np.where(reported, total.clip(0.0), 0.0) * np.float32(GY_G_PER_KEV_MBQ_H)
    return media.whole(total)


def _coefficients(tissues: list[PhotonCoefficients], partial_g_cm3: Array) -> Coefficients:
    """Linear coefficients of cells from the density of each basis tissue in them."""

    def linear(kinds: list[NDArray[np.float64]]) -> Array:
        return np.tensordot(np.array(kinds, np.float32).T, partial_g_cm3, axes=1)

    return Coefficients(
        linear([tissue.attenuation for tissue in tissues]),
        linear([tissue.incoherent for tissue in tissues]),
    )


def _absorbed(groups: EnergyGroups, tissues: list[PhotonCoefficients]) -> Array:
    """Energy absorbed per fluence and mass of each tissue and energy [keV cm2/g]."""
    lost_keV = groups.energy_keV - groups.scattered_keV
    return np.array(
        [
            tissue.photoelectric * groups.energy_keV + tissue.incoherent * lost_keV
            for tissue in tissues
        ],
        np.float32,
    )


def _detail(
    photons: RadialDeposit, activity: Array, cells: Cells, media: MediaMap, device: str
) -> Array:
    """Dose of photons in soft tissue less what cells show of it [keV/g]."""
    radius = np.linspace(0.0, _NEAR_CM, 401)  # at unit density
    shells = np.diff(photons(radius))
    middle = 0.5 * (radius[1:] + radius[:-1])
    shells *= (1.0 - (middle / _NEAR_CM) ** 2) ** 2
    near = RadialDeposit(radius, np.concatenate([[0.0], np.cumsum(shells)]))
    reach = tuple(int(np.ceil(_NEAR_CM / size)) + 1 for size in media.voxel_cm)
    convolver = Convolver(media.shape, reach, device)  # type: ignore[arg-type]
    (spectrum,) = kernel_spectra(convolver, [near], media.voxel_cm)
    source = convolver.spectrum(convolver.to_device(activity))
    fine = convolver.to_numpy(convolver.inverse(convolver.product(source, spectrum)))
    return np.asarray(fine - cells.at_voxels(cells.mean(fine)), np.float32)
