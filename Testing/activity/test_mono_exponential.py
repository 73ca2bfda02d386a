import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from LuDosimetryLib.activity.mono_exponential import fastest_rate_per_h, mono_exponential_tia
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY = read_nuclide("Lu-177").decay_constant_per_h
HOURS = [4.0, 24.0, 48.0, 120.0]
TIMES = np.array(HOURS)[:, None]
LN2 = np.log(2.0)


@pytest.mark.parametrize("hours", [[24.0, 120.0], [24.0, 72.0, 168.0], HOURS])
def test_washout_without_noise_is_integrated_exactly(hours):
    half_lives = np.array([14.0, 30.0, 50.0, 88.0, 159.5])
    activity = 3.0 * 2.0 ** (-np.array(hours)[:, None] / half_lives)
    tia = mono_exponential_tia(hours, activity, DECAY)
    np.testing.assert_allclose(tia, 3.0 * half_lives / LN2, rtol=1e-6)


def test_it_is_the_most_likely_curve_for_poisson_noise():
    """Against a search for the rate, voxel by voxel."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(40.0 * 2.0 ** (-TIMES / 60.0) * np.ones(30)).astype(float)

    def unlikely(rate: float, voxel: np.ndarray) -> float:
        curve = np.exp(-rate * TIMES[:, 0])
        expected = curve * voxel.sum() / curve.sum()
        return float((expected - voxel * np.log(expected)).sum())

    for voxel, tia in zip(counts.T, mono_exponential_tia(HOURS, counts, DECAY), strict=True):
        found = minimize_scalar(
            unlikely, bounds=(DECAY, fastest_rate_per_h(HOURS)), args=(voxel,), method="bounded"
        )
        scale = voxel.sum() / np.exp(-found.x * TIMES).sum()
        assert tia == pytest.approx(scale / found.x, rel=1e-3)


def test_no_rate_is_slower_than_physical_decay():
    flat = np.full((4, 1), 2.0)
    (tia,) = mono_exponential_tia(HOURS, flat, DECAY)
    assert tia == pytest.approx(8.0 / np.exp(-DECAY * TIMES).sum() / DECAY, rel=1e-6)


@pytest.mark.parametrize(
    "activity",
    [
        [0.0, 0.0, 0.0, 0.0],
        [5.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 5.0, 0.0],
        [1.0, 2.0, 3.0, 4.0],
        [1e4, 1.0, 0.0, 0.0],
    ],
)
def test_what_is_no_washout_has_no_fit(activity):
    assert np.isnan(mono_exponential_tia(HOURS, np.array([activity]).T, DECAY)).all()


@given(st.lists(st.floats(0, 1e6, width=32), min_size=4, max_size=4), st.floats(2.0**-10, 2.0**10))
def test_it_is_linear(activity, factor):
    voxel = np.array([activity], float).T
    once = mono_exponential_tia(HOURS, voxel, DECAY)
    np.testing.assert_allclose(
        mono_exponential_tia(HOURS, factor * voxel, DECAY), factor * once, rtol=1e-9
    )
