"""Photon absorption by other tissues within soft tissue, relative to soft tissue, by Monte Carlo."""

import numpy as np
from numpy.typing import NDArray

from ...base.log import Log
from ...montecarlo.emission import EmissionSpectrum, isotropic_directions
from ...montecarlo.engine import Particles, transport_in_voxels
from ...tissue.compositions import Composition
from ...tissue.nuclide import Nuclide

_SIDE_CM = 0.4
_VOXELS = 105
_PIECE_VOXELS = 5
"""Side of a piece of another tissue: 2 cm, about that of vertebrae, so that it shields itself."""
_DOPED = 0.16
"""Part of the pieces that are of other tissues: too few to disturb the photons."""
_PATTERNS = 5
_SOURCE_CM = 3.0
RADII_CM: NDArray[np.float64] = np.array([2.0, 5.0, 8.0, 11.0, 14.0, 17.0, 20.0])
_ENGINE_MEDIA = 9
_SOFTENING_G_CM2 = 6.0
"""Distance over which scatter softens the spectrum and the ratios level off."""

_FAR_MEV = 0.030
"""Photons of less energy do not get to where the ratios are measured."""
_NEGLIGIBLE = 1e-3
"""Part of the emitted energy that other photons may carry for the ratios to be left at 1."""


def absorption_ratios(
    nuclide: Nuclide,
    soft: Composition,
    others: list[Composition],
    photons: int,
    seed: int,
    radius_g_cm2: NDArray[np.float64],
    log: Log,
) -> dict[str, NDArray[np.float64]]:
    """
    Fit the ratios of `measured_ratios` by p + q (1 - exp(-r / 6 g/cm2)), weighted by their errors.

    Parameters
    ----------
    radius_g_cm2 : ndarray, shape (n,)
        Distances at which the ratios are wanted.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Ratios by composition.
    """
    middle = 0.5 * (RADII_CM[1:] + RADII_CM[:-1])  # at unit density

    def shape(radius: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.ones_like(radius), 1.0 - np.exp(-radius / _SOFTENING_G_CM2)], axis=1)

    lines = nuclide.photon_lines
    far_keV = 1e3 * float(lines[lines[:, 0] >= _FAR_MEV].prod(axis=1).sum())
    if far_keV < _NEGLIGIBLE * (nuclide.electron_keV + nuclide.photon_keV):
        return {composition.name: np.ones_like(radius_g_cm2) for composition in others}
    ratios = {}
    measured = measured_ratios(nuclide, soft, others, photons, seed, log)
    for name, (mean, error) in measured.items():
        weight = 1.0 / error
        fitted, *_ = np.linalg.lstsq(shape(middle) * weight[:, None], mean * weight)
        ratios[name] = shape(radius_g_cm2) @ fitted
    return ratios


def measured_ratios(
    nuclide: Nuclide,
    soft: Composition,
    others: list[Composition],
    photons: int,
    seed: int,
    log: Log,
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """
    Calculate the photon dose to a voxel of each tissue relative to soft tissue in the same place.

    In a soft-tissue cube of 42 cm, random pieces of 2 cm are made of the other tissues, all of unit
    density; photons start uniformly in a ball of 3 cm at its centre. For voxels at one distance,
    the ratio of the mean doses is that of the mass energy-absorption coefficients over the local
    spectrum, with scatter and the self-shielding of a piece.

    Parameters
    ----------
    nuclide : Nuclide
    soft : Composition
    others : list of Composition
    photons : int
        Histories for up to eight other tissues, divided among several patterns of pieces.
    seed : int
    log : Log
        Receives the progress.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        Ratio in each interval of `RADII_CM` and its standard error, by composition.
    """
    ratios = {}
    groups = [others[n : n + _ENGINE_MEDIA - 1] for n in range(0, len(others), _ENGINE_MEDIA - 1)]
    runs = len(groups) * _PATTERNS
    axis = (np.arange(_VOXELS) - 0.5 * (_VOXELS - 1)) * _SIDE_CM
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    shell = np.digitize(radius, RADII_CM).ravel()
    shells = len(RADII_CM) + 1
    for n, group in enumerate(groups):
        samples = np.empty((_PATTERNS, len(group) + 1, shells))
        for pattern in range(_PATTERNS):
            energy, medium = _simulate(
                nuclide,
                [soft, *group],
                photons // _PATTERNS,
                seed + n * _PATTERNS + pattern,
                log.part(1.0 / runs),
            )
            # the fluence falls with distance, which is removed before averaging over a shell
            cell = medium.ravel() * shells + shell
            total = np.bincount(cell, (energy * radius**2).ravel(), samples[0].size)
            count = np.bincount(cell, minlength=samples[0].size)
            samples[pattern] = (total / np.maximum(count, 1)).reshape(samples[0].shape)
            samples[pattern][count.reshape(samples[0].shape) == 0] = np.nan
        # the ranges inside the first and beyond the last radius are not used
        ratio = (samples[:, 1:] / samples[:, :1])[..., 1:-1]
        mean = np.nanmean(ratio, axis=0)
        error = np.nanstd(ratio, axis=0, ddof=1) / np.sqrt(np.isfinite(ratio).sum(axis=0))
        for composition, m, e in zip(group, mean, error, strict=True):
            ratios[composition.name] = (m, e)
    return ratios


def _simulate(
    nuclide: Nuclide,
    compositions: list[Composition],
    photons: int,
    seed: int,
    log: Log,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    rng = np.random.default_rng(seed)
    spectrum = EmissionSpectrum.of(nuclide, "photon")
    direction = isotropic_directions(photons, rng)
    start = (
        isotropic_directions(photons, rng) * (_SOURCE_CM * np.cbrt(rng.random(photons)))[:, None]
    )
    particles = Particles("photon", spectrum.sample_energies(photons, rng), start, direction)
    pieces = np.zeros((_VOXELS // _PIECE_VOXELS,) * 3, np.int32)
    doped = rng.random(pieces.shape) < _DOPED
    pieces[doped] = rng.integers(1, len(compositions), int(doped.sum()))
    medium = np.kron(pieces, np.ones((_PIECE_VOXELS,) * 3, np.int32))
    half = 0.5 * _VOXELS * _SIDE_CM
    bounds = np.linspace(-half, half, _VOXELS + 1)
    deposit = transport_in_voxels(
        particles, compositions, medium, np.ones(medium.shape), (bounds,) * 3, seed, log
    )
    return deposit.energy_MeV, medium
