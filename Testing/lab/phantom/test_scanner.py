"""The scanner: conservation, resolution, noise."""

import numpy as np
import pytest

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.lab.phantom.scanner import Scanner

GRID = Grid.axial((40, 40, 40), (3.87, 3.87, 3.87))


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("duration_s", "tolerance"), [(1500.0, 0.012), (1e8, 1e-4)])
def test_activity_is_conserved_within_noise(duration_s, tolerance):
    # correlated noise as strong as that of 890 000 counts leaves 0.3 % in the sum of 1500 s
    activity = np.zeros(GRID.shape, np.float32)
    activity[12:28, 12:28, 12:28] = 0.5
    image = Scanner(duration_s=duration_s).scan(activity, GRID, rng())
    expected = activity.sum(dtype=float) * 1e6
    assert image.dtype == np.float32
    assert image.sum(dtype=float) == pytest.approx(expected, rel=tolerance)


def test_a_point_spreads_to_the_stated_resolution():
    activity = np.zeros(GRID.shape, np.float32)
    activity[20, 20, 20] = 1.0
    # so long a scan has next to no noise
    image = Scanner(resolution_mm=12.0, duration_s=1e9).scan(activity, GRID, rng()).astype(float)
    offset = (np.arange(40) - 20) * 3.87
    for axis in range(3):
        profile = image.sum(axis=tuple(a for a in range(3) if a != axis))
        sigma = np.sqrt((profile * offset**2).sum() / profile.sum())
        assert 2.3548 * sigma == pytest.approx(12.0, rel=0.02)


def test_the_variance_is_that_of_the_counts():
    scanner = Scanner()
    activity = np.full(GRID.shape, 0.2, np.float32)
    inside = (slice(6, -6),) * 3
    images = np.stack([scanner.scan(activity, GRID, rng(n))[inside] for n in range(12)])
    counts = 0.2 * GRID.voxel_volume_mL * scanner.counts_per_MBq
    relative = images.std(axis=0, ddof=1).mean() / images.mean()
    # the mean of a standard deviation over 12 images is 2.2 % below the true one
    assert relative == pytest.approx(0.978 / np.sqrt(counts), rel=0.03)
    assert images.mean() == pytest.approx(0.2e6, rel=2e-3)


def test_noise_is_correlated_between_neighbours_and_not_far_apart():
    noise = Scanner().scan(np.full(GRID.shape, 0.2, np.float32), GRID, rng())[6:-6, 6:-6, 6:-6]
    noise = noise - noise.mean()

    def correlation(shift):
        return (noise[shift:] * noise[: len(noise) - shift]).mean() / noise.var()

    assert correlation(1) > 0.3
    assert abs(correlation(6)) < 0.05


def test_values_are_never_negative_and_nothing_stays_nothing():
    activity = np.zeros(GRID.shape, np.float32)
    assert Scanner().scan(activity, GRID, rng()).max() == 0.0
    activity[20] = 1e-4
    assert Scanner().scan(activity, GRID, rng()).min() >= 0.0


def test_a_seed_fixes_the_noise():
    activity = np.full(GRID.shape, 0.01, np.float32)
    first = Scanner().scan(activity, GRID, rng(5))
    assert np.array_equal(first, Scanner().scan(activity, GRID, rng(5)))
    assert not np.array_equal(first, Scanner().scan(activity, GRID, rng(6)))
