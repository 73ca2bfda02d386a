"""Which emissions are followed: everywhere in proportion, whatever the way of choosing."""

from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib.montecarlo.emission import EmissionSpectrum
from LuDosimetryLib.montecarlo.sampling import EFFICIENT, PLAIN, Source, chance_to_follow, draw
from LuDosimetryLib.tissue.nuclide import read_nuclide

SHAPE, VOXEL_CM = (3, 4, 5), (0.5, 0.4, 0.3)
WAYS = {
    "efficient": EFFICIENT,
    "plain": PLAIN,
    "biased": replace(EFFICIENT, electron_source_power=0.4, only_what_travels=False),
}


@pytest.fixture
def source():
    share = np.random.default_rng(2).uniform(0.0, 1.0, 20) ** 3
    voxel = np.arange(0, 60, 3)
    return Source(SHAPE, VOXEL_CM, voxel, share / share.sum(), np.full(20, 1.04, np.float32))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("radiation", ["electron", "photon"])
def test_weights_make_up_for_the_choice(source, way, radiation):
    spectrum = EmissionSpectrum.of(read_nuclide("Lu-177"), radiation)
    n = 200_000
    emissions = draw(source, spectrum, n, WAYS[way], np.random.default_rng(3))
    weight, voxel = emissions.particles.weight, emissions.voxel
    found = np.bincount(voxel, weight, 60)[source.voxel] / n
    noise = np.sqrt(np.bincount(voxel, weight**2, 60)[source.voxel]) / n
    assert (np.abs(found - source.share) < 5.0 * noise + 2.0 / n).all()
    energy = (weight * emissions.particles.energy_MeV).sum() / n
    spread = np.sqrt((weight**2 * emissions.particles.energy_MeV**2).sum()) / n
    assert energy == pytest.approx(spectrum.mean_energy_MeV, abs=5.0 * spread)


@pytest.mark.parametrize("way", WAYS)
def test_particles_start_in_their_voxel(source, way):
    spectrum = EmissionSpectrum.of(read_nuclide("Lu-177"), "electron")
    emissions = draw(source, spectrum, 20_000, WAYS[way], np.random.default_rng(4))
    position = emissions.particles.position_cm.astype(np.float32)[:, ::-1]  # as the engine has it
    index = np.floor(position / np.array(VOXEL_CM) + 0.5 * np.array(SHAPE)).astype(int)
    np.testing.assert_array_equal(np.ravel_multi_index(tuple(index.T), SHAPE), emissions.voxel)


def test_systematic_sampling_gives_each_voxel_its_share_to_one(source):
    spectrum = EmissionSpectrum.of(read_nuclide("Lu-177"), "photon")
    n = 10_000
    emissions = draw(source, spectrum, n, EFFICIENT, np.random.default_rng(5))
    counts = np.bincount(emissions.voxel, minlength=60)[source.voxel]
    assert np.abs(counts - n * source.share).max() < 1.0


def test_batches_do_not_share_their_offsets(source):
    """Systematic sampling with the same offset would give the same counts every time."""
    spectrum = EmissionSpectrum.of(read_nuclide("Lu-177"), "photon")
    counts = [
        np.bincount(
            draw(source, spectrum, 50, EFFICIENT, np.random.default_rng(s)).voxel, minlength=60
        )
        for s in range(40)
    ]
    assert np.ptp(counts, axis=0)[source.voxel].max() == 1
    mean = np.mean(counts, axis=0)[source.voxel]
    np.testing.assert_allclose(mean, 50 * source.share, atol=0.35)


def test_deep_and_slow_electrons_are_followed_rarely():
    depth = np.linspace(0.0, 0.2, 50)
    fast, slow = (chance_to_follow(depth, np.full(50, energy)) for energy in (0.4, 0.02))
    assert fast[0] == slow[0] == 1.0
    assert (np.diff(fast) <= 0.0).all()
    assert (slow <= fast).all()
    assert slow[-1] == fast[-1] > 0.0
