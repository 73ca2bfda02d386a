import json

import numpy as np
import pytest

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.tissue.nuclide import read_nuclide

from ..support.yttrium import content, yttrium  # noqa: F401


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


def test_lutetium_says_what_is_its_own():
    lutetium = read_nuclide("Lu-177")
    assert lutetium.haenscheid_window_h == (72.0, 96.0)
    # end point 497.8 keV; the spectrum is stretched by 0.4 % for its mean
    assert lutetium.greatest_electron_MeV == pytest.approx(0.4978, rel=0.006)


@pytest.mark.usefixtures("yttrium")
def test_a_second_nuclide_needs_only_its_file():
    yttrium_90 = read_nuclide("Y-90")
    assert yttrium_90.half_life_h == pytest.approx(64.10)
    assert yttrium_90.electron_keV == pytest.approx(933.6, rel=1e-4)
    energy, density = yttrium_90.beta_spectrum.T
    assert np.trapezoid(density * energy, energy) == pytest.approx(0.9336, rel=1e-6)
    assert energy[-1] == pytest.approx(2.28, rel=0.02)
    assert yttrium_90.haenscheid_window_h is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"schema": "other"}, "schema is 'other'"),
        ({"name": "Y-91"}, "it is named Y-90 but holds 'Y-91'"),
        ({"half_life_h": 0}, "half_life_h is 0"),
        ({"half_life_h": "long"}, "could not convert string"),
        ({"gamma_rays": None}, "TypeError"),
        ({"x_rays": [[0.01, -1.0]]}, "x_rays has values that are negative"),
        ({"beta_minus_branches": [[0.2, 0.38]]}, "0.38 beta particles per decay, expected 1"),
        ({"beta_spectrum": [[1.0, 1.0], [0.5, 1.0]]}, "beta_spectrum is not in order"),
        ({"alpha_particles": [[5.0, 1.0]]}, "alpha_particles is not a key that is understood"),
        ({"haenscheid_window_h": [96, 72]}, r"haenscheid_window_h is \[96, 72\]"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(yttrium, change, expected):  # noqa: F811
    path = yttrium / "Y-90.json"
    path.write_text(json.dumps(content() | change), encoding="utf-8")
    with pytest.raises(InvalidInput, match=expected):
        read_nuclide("Y-90")


@pytest.mark.parametrize("text", ["", "[]", "{}", "{"])
def test_a_file_that_is_none_is_refused(yttrium, text):  # noqa: F811
    (yttrium / "Y-90.json").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"Y-90\.json cannot be used: .*for the format\.$"):
        read_nuclide("Y-90")
