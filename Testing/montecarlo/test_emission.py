"""Random emissions."""

import numpy as np
import pytest

from LuDosimetryLib.montecarlo.emission import EmissionSpectrum, isotropic_directions
from LuDosimetryLib.tissue.nuclide import read_nuclide

LU177 = read_nuclide("Lu-177")


@pytest.mark.parametrize(("radiation", "keV"), [("electron", 147.92), ("photon", 35.10)])
def test_energy_per_decay(radiation, keV):
    spectrum = EmissionSpectrum.of(LU177, radiation)
    energy = spectrum.sample_energies(200_000, np.random.default_rng(1))
    total = 1e3 * (energy.mean() * spectrum.particles_per_decay + spectrum.local_MeV)
    assert total == pytest.approx(keV, rel=3e-4)
    assert energy.min() >= 0.0099


def test_lines_have_their_yield():
    spectrum = EmissionSpectrum.of(LU177, "photon")
    energy = spectrum.sample_energies(100_000, np.random.default_rng(1))
    for line, per_decay in ((0.208366, 0.11), (0.11295, 0.064)):
        part = np.isclose(energy, line, rtol=1e-6).mean() * spectrum.particles_per_decay
        assert part == pytest.approx(per_decay, rel=1e-3)


def test_beta_spectrum_ends_where_it_should():
    spectrum = EmissionSpectrum.of(LU177, "electron")
    energy = spectrum.sample_energies(500_000, np.random.default_rng(1))
    assert 0.47 < energy.max() < 0.499
    # any part of the sample is itself a sample
    assert energy[:50_000].mean() == pytest.approx(energy.mean(), rel=0.01)


def test_directions_are_isotropic():
    directions = isotropic_directions(200_000, np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(directions.mean(axis=0), 0.0, atol=4 / np.sqrt(3 * 200_000))
    np.testing.assert_allclose((directions**2).mean(axis=0), 1 / 3, atol=3e-3)
