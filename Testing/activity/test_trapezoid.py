import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from LuDosimetryLib.activity.trapezoid import trapezoid_tia
from LuDosimetryLib.tissue.nuclide import read_nuclide

LAMBDA = read_nuclide("Lu-177").decay_constant_per_h
HOURS = [4.0, 24.0, 48.0, 120.0]

activities = st.lists(st.floats(0, 1e6, width=32), min_size=4, max_size=4)


def maps(*values) -> list[np.ndarray]:
    return [np.full((1, 1, 1), value, np.float32) for value in values]


def tia(hours, activity, tail="physical") -> float:
    return float(trapezoid_tia(hours, activity, LAMBDA, tail)[0, 0, 0])


def eq1(hours, activity, rate=LAMBDA) -> float:
    """Eq. 1 in double precision [MBq h/mL]."""
    t, a = np.array([0.0, *hours]), np.array([0.0, *activity])
    return 1e-6 * float(((a[1:] + a[:-1]) / 2 * np.diff(t)).sum() + a[-1] / rate)


@given(activities)
@settings(deadline=None)
def test_eq_1(activity):
    assert tia(HOURS, maps(*activity)) == pytest.approx(eq1(HOURS, activity), rel=1e-6, abs=1e-30)


def test_mono_exponential_closed_form():
    """Sampled densely, physical decay integrates to A0 / lambda less the rise to the first scan."""
    hours = [float(t) for t in np.arange(1.0, 400.0)]
    activity = [1e6 * np.exp(-LAMBDA * t) for t in hours]
    exact = 1.0 / LAMBDA - (1.0 - np.exp(-LAMBDA)) / LAMBDA + 0.5 * np.exp(-LAMBDA)
    assert tia(hours, maps(*activity)) == pytest.approx(exact, rel=5e-6)


def test_a_single_scan():
    for tail in ("physical", "effective"):
        value = tia([24.0], maps(1e6), tail)
        assert value == pytest.approx(24.0 / 2 + 1.0 / LAMBDA, rel=1e-6)


@given(activities, st.floats(2.0**-6, 2.0**6))
def test_it_is_linear(activity, factor):
    once = trapezoid_tia(HOURS, maps(*activity), LAMBDA, "physical")
    scaled = trapezoid_tia(HOURS, maps(*(factor * a for a in activity)), LAMBDA, "physical")
    np.testing.assert_allclose(scaled, factor * once, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("tail", ["physical", "effective"])
def test_nothing_gives_nothing(tail):
    assert tia(HOURS, maps(0, 0, 0, 0), tail) == 0.0
    assert tia(HOURS, maps(1, 0, 0, 0), tail) == pytest.approx(eq1(HOURS, [1, 0, 0, 0]))


def test_the_effective_tail():
    half_life = 60.0
    activity = [1e6 * 2 ** (-t / half_life) for t in HOURS]
    expected = eq1(HOURS, activity, np.log(2) / half_life)
    assert tia(HOURS, maps(*activity), "effective") == pytest.approx(expected, rel=1e-6)


@given(activities)
def test_the_effective_tail_is_never_slower_than_physical(activity):
    effective = tia(HOURS, maps(*activity), "effective")
    physical = tia(HOURS, maps(*activity), "physical")
    assert np.isfinite(effective)
    assert effective <= physical * (1 + 1e-6)
    if activity[3] >= activity[2]:
        assert effective == pytest.approx(physical, rel=1e-6)


def test_voxels_are_independent():
    rng = np.random.default_rng(1)
    activity = [rng.uniform(0, 1e5, (3, 4, 5)).astype(np.float32) for _ in HOURS]
    whole = trapezoid_tia(HOURS, activity, LAMBDA, "effective")
    assert whole.dtype == np.float32
    one = trapezoid_tia(HOURS, [a[1:2, 2:3, 3:4] for a in activity], LAMBDA, "effective")
    assert whole[1, 2, 3] == one[0, 0, 0]
