"""Photons in soft tissue in two steps: to their first collision, and from there on."""

import csv
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..base.resources import resource
from ..tissue.nuclide import Nuclide, read_nuclide
from .point import RadialDeposit, read_point_kernels

_RANGE_G_CM2 = 95.0
_STEP_G_CM2 = 0.005
_RATES_CM2_G = np.array([0.05, 0.1, 0.2, 0.4, 0.8, 1.6])
_FREQUENCIES_CM2_G = np.geomspace(0.005, 4.0, 120)
_NEGLIGIBLE = 1e-3
"""Part of the emitted energy that photons may carry without being heeded."""


@dataclass(frozen=True)
class PhotonSteps:
    """
    The photon kernel of soft tissue taken apart, over [g/cm2].

    Attributes
    ----------
    primary : RadialDeposit
        Energy absorbed where a photon first collides [keV per decay]; what stays at the point of
        emission and the bremsstrahlung beyond the electrons' range included.
    scattered : RadialDeposit
        Energy that leaves first collisions as scattered photons [keV per decay].
    absorption_of_scattered : RadialDeposit
        Part of the scattered energy absorbed within a distance of the first collision.
    """

    primary: RadialDeposit
    scattered: RadialDeposit
    absorption_of_scattered: RadialDeposit


@cache
def photon_steps(nuclide: str) -> PhotonSteps:
    """
    Take the photon point kernel of soft tissue apart.

    What first collisions absorb and scatter at distance r follows from the coefficients of soft
    tissue, sum I E mu_en exp(-mu r) and sum I E (mu - mu_en) exp(-mu r). The kernel's rest is the
    scattered energy's: that it is the scattered energy convolved with one kernel of its own, a sum
    of exponentials, gives this kernel by least squares between their spherical Fourier
    transforms (within 0.4 % of the whole at any frequency for 177Lu). Scatter is taken to leave
    first collisions evenly in all directions.

    Parameters
    ----------
    nuclide : str
        Name as in ``Resources/Nuclides``.

    Raises
    ------
    InvalidInput
        If the nuclide has no point kernels, or photons of more energy than the coefficients.
    """
    kernels = read_point_kernels(nuclide)
    kernel = kernels.by_composition["soft"]
    energies, attenuation, absorption = _coefficients()
    lines = _photon_lines(read_nuclide(nuclide), energies)
    mu, mu_en = (
        np.exp(np.interp(np.log(lines[:, 0]), np.log(energies), np.log(values)))
        for values in (attenuation, absorption)
    )
    radius = np.arange(0.0, _RANGE_G_CM2, _STEP_G_CM2)
    middle = radius[:-1] + 0.5 * _STEP_G_CM2
    unscattered = np.exp(-mu[:, None] * middle) * _STEP_G_CM2
    emitted_keV = 1e3 * lines.prod(axis=1)
    primary = (emitted_keV * mu_en) @ unscattered
    scattered = (emitted_keV * (mu - mu_en)) @ unscattered
    rest = np.diff(kernel.photons(radius)) - primary
    waves = np.sinc(np.outer(_FREQUENCIES_CM2_G, middle) / np.pi)
    wanted = (waves @ rest) / (waves @ scattered)
    # spherical transform of a exp(-a r): (a / k) arctan(k / a)
    over = _RATES_CM2_G / _FREQUENCIES_CM2_G[:, None]
    weights, *_ = np.linalg.lstsq(over * np.arctan(1.0 / over), wanted)
    weights /= weights.sum()
    absorbed = weights @ -np.expm1(-np.outer(_RATES_CM2_G, radius))
    bremsstrahlung = np.diff(kernel.electrons(np.maximum(radius, kernels.electron_reach_g_cm2)))
    return PhotonSteps(
        _deposit(radius, primary + bremsstrahlung, kernel.photons.within[0]),
        _deposit(radius, scattered, 0.0),
        RadialDeposit(radius, np.maximum.accumulate(absorbed)),
    )


@cache
def absorption_ratio(nuclide: str, composition: str) -> tuple[float, float]:
    """
    Absorption of a composition relative to soft tissue, of primary and of scattered photons.

    Both follow from how its ratio to soft tissue changes with distance (2 to 20 g/cm2), along with
    the part that scatter has in the dose there.
    """
    kernels = read_point_kernels(nuclide).by_composition
    radius = np.linspace(2.0, 20.0, 37)
    in_soft = np.diff(kernels["soft"].photons(radius))
    in_tissue = np.diff(kernels[composition].photons_in_soft_tissue(radius))
    primary = np.diff(photon_steps(nuclide).primary(radius)) / in_soft
    parts = np.stack([primary, 1.0 - primary], axis=1)
    (of_primary, of_scattered), *_ = np.linalg.lstsq(parts, in_tissue / in_soft)
    return float(of_primary), float(of_scattered)


def _deposit(
    radius: NDArray[np.float64], shells: NDArray[np.float64], at_source: float
) -> RadialDeposit:
    return RadialDeposit(radius, at_source + np.concatenate([[0.0], np.cumsum(shells)]))


def _photon_lines(nuclide: Nuclide, energies_MeV: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Lines between the ends of the table of coefficients, shape (n, 2): energy [MeV] and yield.

    What is below stays near where it is emitted and is part of the kernel's rest.
    """
    lines, (low, high) = nuclide.photon_lines, (energies_MeV[0], energies_MeV[-1])
    within = lines[(lines[:, 0] >= low) & (lines[:, 0] <= high)]
    beyond = lines[lines[:, 0] > high]
    negligible_MeV = 1e-3 * _NEGLIGIBLE * (nuclide.electron_keV + nuclide.photon_keV)
    if within.prod(axis=1).sum() < negligible_MeV or beyond.prod(axis=1).sum() > negligible_MeV:
        raise InvalidInput(
            f"the dose method split-vsv is made for photons of {1e3 * low:g} to {1e3 * high:g} keV, which those of "
            f"{nuclide.name} are not; choose the dose method multi-vsv, single-vsv, local or monte-carlo."
        )
    return np.asarray(within)


def _coefficients() -> NDArray[np.float64]:
    with resource("Media", "soft_tissue_photons.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))[1:]
    return np.array(rows, float).T
