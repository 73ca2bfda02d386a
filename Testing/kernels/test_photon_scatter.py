"""The photon kernel of soft tissue in two steps."""

import numpy as np
import pytest

from LuDosimetryLib.kernels.photon_scatter import absorption_ratio, photon_steps
from LuDosimetryLib.kernels.point import read_point_kernels


def test_energy_is_conserved():
    steps = photon_steps("Lu-177")
    emitted = read_point_kernels("Lu-177").by_composition["soft"].photons.within[-1]
    # bremsstrahlung rides with the primaries: a thousandth of the electron energy
    assert steps.primary.within[-1] + steps.scattered.within[-1] == pytest.approx(emitted, abs=0.25)
    assert steps.absorption_of_scattered.within[-1] == pytest.approx(1.0, abs=0.01)


def test_primary_attenuates_as_the_lines_do():
    # 208 keV and 113 keV, 11 % and 6.4 %: the slope between 10 and 20 g/cm2 lies between theirs
    within = photon_steps("Lu-177").primary(np.array([10.0, 10.1, 20.0, 20.1]))
    slope = np.log((within[1] - within[0]) / (within[3] - within[2])) / 10.0
    assert 0.134 < slope < 0.163


def test_nothing_is_unabsorbed():
    steps = photon_steps("Lu-177")
    for deposit in (steps.primary, steps.scattered, steps.absorption_of_scattered):
        assert (np.diff(deposit.within) >= 0.0).all()


@pytest.mark.parametrize(
    ("composition", "primary", "scattered"),
    [
        ("soft", 1.0, 1.0),
        ("adipose", 1.0, 0.9),
        ("skeletal-Ca4.5", 1.0, 1.4),
        ("skeletal-Ca11.7", 1.0, 2.0),
    ],
)
def test_calcium_absorbs_the_softer_scatter(composition, primary, scattered):
    # mu_en of bone and soft tissue differ little at 208 keV and much at 60 keV (NIST)
    found = absorption_ratio("Lu-177", composition)
    assert found[0] == pytest.approx(primary, abs=0.12)
    assert found[1] == pytest.approx(scattered, abs=0.06)
