"""The function that describes usual kinetics: its integral, its slopes, how its parameters spread."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from LuDosimetryLib.activity.usual_kinetics import (
    UsualKinetics,
    log_integral,
    log_shape,
    log_shape_and_slope,
    rates_of,
)
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY_PER_H = read_nuclide("Lu-177").decay_constant_per_h
USUAL = UsualKinetics()


def drawn(count: int, seed: int = 1) -> np.ndarray:
    normal = np.random.default_rng(seed).standard_normal((4, count))
    return np.asarray(USUAL.median + USUAL.spread(USUAL.median + normal) * normal)


def test_the_function_is_the_one_written_down():
    x = drawn(5)
    biological, odds, fast, uptake = np.exp(x)
    share = odds / (1.0 + odds)
    hours = np.array([0.5, 4.0, 24.0, 168.0])[:, None]
    expected = (
        (1.0 - 2.0 ** (-hours / uptake))
        * ((1.0 - share) + share * 2.0 ** (-hours / fast))
        * 2.0 ** (-hours / biological)
        * np.exp(-DECAY_PER_H * hours)
    )
    assert np.exp(log_shape(x, hours[:, 0], DECAY_PER_H)) == pytest.approx(expected, rel=1e-12)


def test_integral_is_that_of_the_curve():
    x = drawn(20)
    for n, integral in enumerate(log_integral(x, DECAY_PER_H)):

        def activity(hours: float, n: int = n) -> float:
            return float(np.exp(log_shape(x[:, [n]], np.array([hours]), DECAY_PER_H))[0, 0])

        parts = [0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 6000.0]
        whole = sum(quad(activity, max(a, 1e-12), b)[0] for a, b in pairwise(parts))
        assert np.exp(integral) == pytest.approx(whole, rel=1e-6)


def test_slopes_are_those_of_the_curve():
    x, hours = drawn(30), np.array([1.0, 4.0, 24.0, 72.0, 168.0])
    here, slope = log_shape_and_slope(x, hours, DECAY_PER_H)
    assert here == pytest.approx(log_shape(x, hours, DECAY_PER_H), rel=1e-12)
    for n in range(4):
        step = np.zeros((4, 1))
        step[n] = 1e-5
        ends = [log_shape(x + sign * step, hours, DECAY_PER_H) for sign in (1.0, -1.0)]
        assert slope[n] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-8)


def test_effective_half_lives_are_those_stated_and_never_longer_than_physical():
    slow, share, _, _ = rates_of(drawn(200_000), DECAY_PER_H)
    half_lives = np.log(2.0) / slow
    assert np.median(half_lives) == pytest.approx(60.0, abs=1.0)
    assert np.quantile(half_lives, [0.159, 0.841]) == pytest.approx([35.0, 107.0], abs=1.5)
    assert half_lives.max() < np.log(2.0) / DECAY_PER_H
    assert np.quantile(share, [0.02, 0.98]) == pytest.approx([0.01, 0.92], abs=0.02)


def test_around_another_effective_half_life():
    other = USUAL.around(40.0, DECAY_PER_H)
    slow, *_ = rates_of(other.median, DECAY_PER_H)
    assert np.log(2.0) / slow[0] == pytest.approx(40.0)
    assert (other.spread(other.median + 1.0) == USUAL.spread(USUAL.median + 1.0)).all()
    physical_h = np.log(2.0) / DECAY_PER_H
    slow, *_ = rates_of(USUAL.around(physical_h, DECAY_PER_H).median, DECAY_PER_H)
    assert np.log(2.0) / slow[0] == pytest.approx(physical_h, rel=2e-3)
