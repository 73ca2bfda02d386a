"""Energy groups of photons against closed forms of Klein and Nishina."""

import numpy as np
import pytest

from LuDosimetryLib.dose.photon_transport.energy_groups import (
    LOCAL_BELOW_KEV,
    EnergyGroups,
    klein_nishina,
)
from LuDosimetryLib.tissue.nuclide import read_nuclide

LU177 = read_nuclide("Lu-177")
REST_KEV = 511.0


def mean_scattered_fraction(energy_keV):
    """Mean energy after scatter over that before: closed forms of both cross sections (Evans 1955)."""
    a = energy_keV / REST_KEV
    b = 1.0 + 2.0 * a
    log = np.log(b)
    total = (1 + a) / a**2 * (2 * (1 + a) / b - log / a) + log / (2 * a) - (1 + 3 * a) / b**2
    scattered = (
        log / a**3 + 2 * (1 + a) * (2 * a**2 - 2 * a - 1) / (a**2 * b**2) + 8 * a**2 / (3 * b**3)
    ) / 2.0
    return scattered / total


@pytest.mark.parametrize("energy_keV", [30.0, 113.0, 208.4, 600.0])
def test_the_mean_energy_after_scatter(energy_keV):
    cosine = np.linspace(-1.0, 1.0, 20001)
    after, chance = klein_nishina(energy_keV, cosine)
    found = (after * chance).sum() / chance.sum() / energy_keV
    assert found == pytest.approx(mean_scattered_fraction(energy_keV), rel=1e-4)


def test_energy_of_lines_is_kept():
    groups = EnergyGroups.of(LU177)
    followed_keV = (groups.emitted * groups.energy_keV[: groups.lines]).sum()
    assert followed_keV + groups.local_keV == pytest.approx(LU177.photon_keV, rel=1e-9)
    assert groups.energy_keV[: groups.lines].min() > LOCAL_BELOW_KEV


def test_bremsstrahlung_joins():
    without, with_it = EnergyGroups.of(LU177), EnergyGroups.of(LU177, 0.2)
    energy = without.energy_keV[: without.lines]
    assert ((with_it.emitted - without.emitted) * energy).sum() == pytest.approx(0.2)


def test_energy_of_scatter_is_kept():
    groups = EnergyGroups.of(LU177)
    for energy, kept in zip(groups.energy_keV, groups.scattered_keV, strict=True):
        if energy > 60.0:  # below, some falls under the least group
            expected = energy * mean_scattered_fraction(energy)
            assert kept == pytest.approx(expected, rel=1e-3)
        else:
            assert kept < energy


def test_photons_only_lose_energy_and_mostly_go_on():
    groups = EnergyGroups.of(LU177)
    numbers, cosines = groups.scatter
    assert (np.abs(cosines) <= numbers + 1e-12).all()
    below = np.tril(numbers, -1)
    scattered = slice(groups.lines, None)
    assert not below[scattered, scattered].any()
