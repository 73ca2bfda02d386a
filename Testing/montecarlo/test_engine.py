"""The Monte Carlo engine: energy, statistics, order of axes, silence."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.montecarlo.emission import isotropic_directions
from LuDosimetryLib.montecarlo.engine import Particles, transport_in_cylinder, transport_in_voxels
from LuDosimetryLib.tissue.compositions import read_composition

pytest.importorskip("ompmc")


def electrons(n, position=(0.0, 0.0, 0.0), energy=0.133, weight=1.0):
    rng = np.random.default_rng(4)
    return Particles(
        "electron",
        np.full(n, energy),
        np.tile(position, (n, 1)),
        isotropic_directions(n, rng),
        weight,
    )


def box(shape, side_cm):
    return tuple((np.arange(n + 1) - 0.5 * n) * side_cm for n in shape)


def test_all_electron_energy_is_deposited():
    shape = (9, 9, 9)
    deposit = transport_in_voxels(
        electrons(5000),
        [read_composition("soft")],
        np.zeros(shape, int),
        np.ones(shape),
        box(shape, 1.0),
        1,
    )
    assert deposit.energy_MeV.sum() == pytest.approx(0.133, rel=3e-4)


def test_axes_are_x_y_z():
    shape = (5, 7, 9)
    particles = electrons(500, position=(-2.0, 3.0, 1.0))
    deposit = transport_in_voxels(
        particles,
        [read_composition("water")],
        np.zeros(shape, int),
        np.ones(shape),
        box(shape, 1.0),
        1,
    )
    assert np.unravel_index(deposit.energy_MeV.argmax(), shape) == (0, 6, 5)


def test_weights_count():
    shape = (5, 5, 5)
    deposit = transport_in_voxels(
        electrons(1000, weight=0.25),
        [read_composition("soft")],
        np.zeros(shape, int),
        np.ones(shape),
        box(shape, 1.0),
        1,
    )
    assert deposit.energy_MeV.sum() == pytest.approx(0.25 * 0.133, rel=2e-3)


def test_same_seed_same_numbers():
    nodes = np.linspace(0.0, 5.0, 11)
    runs = [
        transport_in_cylinder(
            electrons(2000), read_composition("soft"), 1.0, nodes, nodes - 2.5, seed
        )
        for seed in (7, 7, 8)
    ]
    # threads add up in any order: the same to rounding
    np.testing.assert_allclose(runs[0].energy_MeV, runs[1].energy_MeV, rtol=1e-12)
    assert not np.allclose(runs[0].energy_MeV, runs[2].energy_MeV, rtol=1e-6)


# part of the photon energy absorbed in a cube of 15 cm at 1.2 g/cm3, 50 keV photons at its centre
@pytest.mark.parametrize(
    ("composition", "expected"),
    [("soft", 0.59), ("skeletal-Ca6.4", 0.82), ("skeletal-Ca22.5", 0.97)],
)
def test_photon_data_follow_the_composition(composition, expected):
    n, shape = 20_000, (3, 3, 3)
    particles = Particles(
        "photon",
        np.full(n, 0.05),
        np.zeros((n, 3)),
        isotropic_directions(n, np.random.default_rng(2)),
    )
    deposit = transport_in_voxels(
        particles,
        [read_composition(composition)],
        np.zeros(shape, int),
        np.full(shape, 1.2),
        box(shape, 5.0),
        3,
    )
    # expected to two digits, and 0.35 % noise
    assert deposit.energy_MeV.sum() / 0.05 == pytest.approx(expected, abs=0.015)


def test_several_media_and_vacuum():
    shape = (3, 1, 1)
    medium = np.array([0, 1, -1]).reshape(shape)
    particles = electrons(500, position=(0.0, 0.0, 0.0))
    deposit = transport_in_voxels(
        particles,
        [read_composition("skeletal-Ca8.3"), read_composition("lung")],
        medium,
        np.ones(shape),
        box(shape, 1.0),
        1,
    )
    assert deposit.energy_MeV[2, 0, 0] == 0.0
    assert deposit.energy_MeV[1, 0, 0] > 0.12


def test_engine_is_silent_but_progress_is_not(capfd):
    nodes = np.linspace(0.0, 5.0, 6)
    seen = []

    def progress(fraction, message):
        seen.append(fraction)
        print("at", fraction, flush=True)

    transport_in_cylinder(
        electrons(500), read_composition("soft"), 1.0, nodes, nodes - 2.5, 1, Log(progress)
    )
    output = capfd.readouterr()
    assert len(seen) > 1
    assert output.out.splitlines() == [f"at {fraction}" for fraction in seen]
    assert output.err == ""


def test_cancel_stops_the_run():
    nodes = np.linspace(0.0, 5.0, 6)
    calls = []

    def progress(fraction, message):
        calls.append(fraction)
        raise Cancelled

    with pytest.raises(Cancelled):
        transport_in_cylinder(
            electrons(5000), read_composition("soft"), 1.0, nodes, nodes - 2.5, 1, Log(progress)
        )
    assert len(calls) == 1


def test_particles_outside_the_phantom_are_refused():
    shape = (3, 3, 3)
    with pytest.raises(RuntimeError, match="outside the phantom"):
        transport_in_voxels(
            Particles(
                "electron",
                np.array([0.1, 0.1]),
                np.array([[0.0, 0, 0], [0, 0, 50.0]]),
                np.array([[0.0, 0, 1], [0, 0, 1]]),
            ),
            [read_composition("soft")],
            np.zeros(shape, int),
            np.ones(shape),
            box(shape, 1.0),
            1,
        )
