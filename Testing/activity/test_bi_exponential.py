import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from LuDosimetryLib.activity.bi_exponential import bi_exponential_tia, uptake_bounds_per_h
from LuDosimetryLib.activity.mono_exponential import fastest_rate_per_h
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY = read_nuclide("Lu-177").decay_constant_per_h
HOURS = [4.0, 24.0, 48.0, 120.0]
LN2 = np.log(2.0)


def curve(hours, washout_h, uptake_h) -> np.ndarray:
    t = np.array(hours)[:, None]
    return np.asarray(2.0 ** (-t / washout_h) - 2.0 ** (-t / uptake_h))


@pytest.mark.parametrize("hours", [HOURS, [3.0, 24.0, 120.0], [4.0, 24.0, 48.0, 96.0, 168.0]])
def test_uptake_and_washout_without_noise_are_integrated_exactly(hours):
    washout = np.array([20.0, 50.0, 88.0, 88.0, 150.0])
    uptake = np.array([0.6, 1.0, 2.0, 5.0, 3.0])
    tia = bi_exponential_tia(hours, 7.0 * curve(hours, washout, uptake), DECAY)
    np.testing.assert_allclose(tia, 7.0 * (washout - uptake) / LN2, rtol=1e-5)


def test_it_is_the_most_likely_curve_for_poisson_noise():
    """Against a general minimiser from several starts, voxel by voxel."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(60.0 * curve(HOURS, 70.0, 3.0) * np.ones(20)).astype(float)
    t = np.array(HOURS)
    lower = np.log([DECAY, uptake_bounds_per_h(HOURS)[0]])
    upper = np.log([fastest_rate_per_h(HOURS), uptake_bounds_per_h(HOURS)[1]])

    def shape(x: np.ndarray) -> np.ndarray:
        washout, above = np.exp(x)
        return np.asarray(np.exp(-washout * t) - np.exp(-(washout + above) * t))

    def unlikely(x: np.ndarray, voxel: np.ndarray) -> float:
        chance = shape(x) / shape(x).sum()
        return float(-(voxel * np.log(chance)).sum())

    tias = bi_exponential_tia(HOURS, counts, DECAY)
    for voxel, tia in zip(counts.T, tias, strict=True):
        starts = [lower + (upper - lower) * part for part in (0.2, 0.5, 0.8)]
        bounds = list(zip(lower, upper, strict=True))
        found = [minimize(unlikely, x0, args=(voxel,), bounds=bounds) for x0 in starts]
        x = min(found, key=lambda one: one.fun).x
        scale = voxel.sum() / shape(x).sum()
        washout, above = np.exp(x)
        assert tia == pytest.approx(scale * (1 / washout - 1 / (washout + above)), rel=0.01)


def test_pure_washout_loses_no_more_than_the_fastest_uptake():
    activity = 2.0 ** (-np.array(HOURS)[:, None] / 50.0)
    (tia,) = bi_exponential_tia(HOURS, activity, DECAY)
    assert -0.25 / 50.0 - 1e-6 <= tia / (50.0 / LN2) - 1.0 < 0.0


@pytest.mark.parametrize(
    "activity",
    [[0, 0, 0, 0], [5, 0, 0, 0], [0, 0, 5, 0], [1, 2, 3, 4], [1, 2, 2, 2.1], [0, 0, 0, 1]],
)
def test_what_does_not_wash_out_has_no_fit(activity):
    assert np.isnan(bi_exponential_tia(HOURS, np.array([activity], float).T, DECAY)).all()


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6, width=32), min_size=4, max_size=4))
def test_no_rate_is_slower_than_physical_decay(activity):
    """So that no more comes after the last scan than physical decay of the curve there leaves."""
    voxel = np.array([activity], float).T
    (tia,) = bi_exponential_tia(HOURS, voxel, DECAY)
    if np.isfinite(tia):
        assert 0.0 < tia <= voxel.sum() / np.exp(-DECAY * 120.0) / DECAY


def test_voxels_are_independent():
    rng = np.random.default_rng(1)
    activity = rng.poisson(20.0 * curve(HOURS, 60.0, 1.0) * np.ones(500)).astype(float)
    whole = bi_exponential_tia(HOURS, activity, DECAY)
    for n in (0, 123, 499):
        one = bi_exponential_tia(HOURS, activity[:, n : n + 1], DECAY)
        np.testing.assert_allclose(one[0], whole[n], rtol=1e-5)
