"""Photon coefficients against those published for tissues."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.tissue.basis import BASIS, basis_fractions
from LuDosimetryLib.tissue.compositions import read_composition
from LuDosimetryLib.tissue.photon_coefficients import photon_coefficients

# Hubbell and Seltzer (NIST XAAMDI): mass attenuation without coherent scatter is not listed, but the
# mass energy-absorption coefficient is what photoelectric absorption and the energy that
# electrons get of incoherent scatter add up to. [keV]: water, cortical bone (ICRU-44) [cm2/g]
ENERGY_ABSORPTION = {
    30.0: (0.1557, 1.070),
    60.0: (0.03190, 0.1400),
    100.0: (0.02546, 0.04585),
    200.0: (0.02967, 0.03000),
}
# ICRU-44 cortical bone
BONE = {
    **{"H": 0.034, "C": 0.155, "N": 0.042, "O": 0.435, "Na": 0.001},
    **{"Mg": 0.002, "P": 0.103, "S": 0.003, "Ca": 0.225},
}
WATER = {"H": 0.1119, "O": 0.8881}


def energy_absorption(mass_fractions, energy_keV):
    cosine = np.linspace(-1.0, 1.0, 4001)
    ratio = 1.0 / (1.0 + energy_keV / 511.0 * (1.0 - cosine))
    chance = ratio**2 * (ratio + 1.0 / ratio - 1.0 + cosine**2)
    transferred = 1.0 - (ratio * chance).sum() / chance.sum()
    found = photon_coefficients(mass_fractions, energy_keV)
    return float(found.photoelectric[0] + transferred * found.incoherent[0])


@pytest.mark.parametrize("energy_keV", ENERGY_ABSORPTION)
def test_energy_absorption_of_water_and_bone(energy_keV):
    water, bone = ENERGY_ABSORPTION[energy_keV]
    assert energy_absorption(WATER, energy_keV) == pytest.approx(water, rel=0.02)
    assert energy_absorption(BONE, energy_keV) == pytest.approx(bone, rel=0.03)


def test_mixtures_and_energies_beyond():
    one = photon_coefficients(WATER, [50.0, 100.0])
    assert one.attenuation == pytest.approx(one.photoelectric + one.incoherent)
    with pytest.raises(InvalidInput, match="tabulated from 10 to 800 keV, not at 5 to 100 keV"):
        photon_coefficients(WATER, [5.0, 100.0])
    with pytest.raises(InvalidInput, match="no photon coefficients of the element 'Fe'"):
        photon_coefficients({"Fe": 1.0}, 50.0)


# every bone of Schneider 2000 is a mixture of the lightest and the densest
@pytest.mark.parametrize("calcium", [4.5, 6.4, 8.3, 11.7, 14.6, 18.1, 22.5])
def test_bones_are_mixtures_of_two(calcium):
    fractions = basis_fractions(np.float32(1.3), np.float32(calcium / 100.0))
    assert fractions.sum() == pytest.approx(1.0)
    mixed = {}
    for name, share in zip(BASIS, fractions, strict=True):
        for element, fraction in read_composition(name).mass_fractions.items():
            mixed[element] = mixed.get(element, 0.0) + float(share) * fraction
    listed = read_composition(f"skeletal-Ca{calcium:g}").mass_fractions
    for energy_keV in (30.0, 60.0, 113.0, 208.0):
        found = photon_coefficients(mixed, energy_keV).attenuation
        assert found == pytest.approx(
            photon_coefficients(listed, energy_keV).attenuation, rel=0.005
        )


def test_fat_and_lean():
    density = np.float32([0.3, 0.93, 0.98, 1.03, 1.1])
    soft, fat, *bone = basis_fractions(density, np.zeros(5, np.float32))
    assert soft == pytest.approx([1.0, 0.0, 0.5, 1.0, 1.0], abs=1e-5)
    assert soft + fat == pytest.approx(np.ones(5))
    assert not np.any(bone)
