"""Ranges of electrons against an integral of stopping powers."""

import numpy as np
import pytest

from LuDosimetryLib.tissue.electron_range import csda_range_g_cm2

MC2, WATER_Z_OVER_A, IONISATION_MEV = 0.510999, 0.5551, 75e-6


def stopping_power(energy_MeV: np.ndarray) -> np.ndarray:
    """Collisions by Berger and Seltzer without density effect, bremsstrahlung as E Z / 800 [MeV cm2/g]."""
    tau = energy_MeV / MC2
    beta2 = tau * (tau + 2.0) / (tau + 1.0) ** 2
    term = 1.0 - beta2 + (tau**2 / 8.0 - (2.0 * tau + 1.0) * np.log(2.0)) / (tau + 1.0) ** 2
    logarithm = np.log(tau**2 * (tau + 2.0) / (2.0 * (IONISATION_MEV / MC2) ** 2))
    collision = 0.153537 * WATER_Z_OVER_A / beta2 * (logarithm + term)
    # Z of about 6.6 for water, weighted by the energy lost
    return collision * (1.0 + energy_MeV * 6.6 / 800.0)


@pytest.mark.parametrize("energy_MeV", [0.1, 0.4978, 0.9, 2.28])
def test_against_the_integral_of_the_stopping_power(energy_MeV):
    energies = np.geomspace(0.01, energy_MeV, 4000)
    integral = np.trapezoid(1.0 / stopping_power(energies), energies) + 2.515e-4
    # the density effect, left out here, adds some per cent above 1 MeV
    assert float(csda_range_g_cm2(np.array(energy_MeV))) == pytest.approx(integral, rel=0.035)


def test_it_rises_with_energy():
    energies = np.geomspace(0.01, 5.0, 500)
    assert (np.diff(csda_range_g_cm2(energies)) > 0.0).all()
