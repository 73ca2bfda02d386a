import numpy as np
import pytest

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.tissue.nuclide import read_nuclide


def test_lutetium_is_that_of_icrp_107():
    lutetium = read_nuclide("Lu-177")
    assert lutetium.half_life_h == pytest.approx(6.647 * 24)
    assert lutetium.decay_constant_per_h == pytest.approx(0.0043450, rel=1e-4)
    assert lutetium.electron_keV == pytest.approx(147.92, abs=0.01)
    assert lutetium.photon_keV == pytest.approx(35.10, abs=0.01)
    gamma = lutetium.photon_lines[np.abs(lutetium.photon_lines[:, 0] - 0.20837).argmin()]
    assert gamma[1] == pytest.approx(0.110, rel=0.01)
    assert "107" in lutetium.source


def test_the_beta_spectrum_is_one_particle_of_the_mean_energy():
    lutetium = read_nuclide("Lu-177")
    energy, density = lutetium.beta_spectrum.T
    assert np.trapezoid(density, energy) == pytest.approx(1.0, rel=1e-9)
    assert np.trapezoid(density * energy, energy) == pytest.approx(0.13327, abs=1e-5)
    assert energy[-1] == pytest.approx(0.4978, rel=0.01)
    assert (density >= 0).all()


@pytest.mark.parametrize("name", ["Lu177", "", "../Media/x", "Y-90"])
def test_other_nuclides_are_refused(name):
    with pytest.raises(InvalidInput, match="known nuclides: Lu-177"):
        read_nuclide(name)
