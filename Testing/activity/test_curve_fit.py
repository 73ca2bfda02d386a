import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from LuDosimetryLib.activity.curve import VoiCurve
from LuDosimetryLib.activity.curve_fit import fit_curve
from LuDosimetryLib.activity.trapezoid import trapezoid_tia
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY = read_nuclide("Lu-177").decay_constant_per_h
LN2 = np.log(2.0)
TWO, THREE = (24.0, 120.0), (4.0, 24.0, 120.0)
FOUR, FIVE = (4.0, 24.0, 48.0, 120.0), (4.0, 24.0, 48.0, 96.0, 168.0)


def washout(hours, half_life_h) -> np.ndarray:
    return np.asarray(80.0 * 2.0 ** (-np.array(hours) / half_life_h))


def uptake(hours, washout_h, uptake_h) -> np.ndarray:
    t = np.array(hours)
    return np.asarray(80.0 * (2.0 ** (-t / washout_h) - 2.0 ** (-t / uptake_h)))


def fitted(hours, activity, wanted=None, tail="physical") -> VoiCurve:
    return fit_curve("kidney", hours, list(activity), DECAY, tail, wanted)


@pytest.mark.parametrize("hours", [TWO, THREE, FOUR, FIVE])
@pytest.mark.parametrize("half_life", [20.0, 50.0, 88.0, 159.0])
def test_washout_without_noise_is_found_exactly(hours, half_life):
    curve = fitted(hours, washout(hours, half_life))
    assert curve.model == "mono-exponential"
    assert curve.tia_MBq_h == pytest.approx(80.0 * half_life / LN2, rel=1e-6)
    assert curve.effective_half_life_h == pytest.approx(half_life, rel=1e-6)
    assert curve.parameters["amplitude_MBq"] == pytest.approx(80.0, rel=1e-6)
    assert curve.degrees_of_freedom == len(hours) - 2


@pytest.mark.parametrize("hours", [THREE, FOUR, FIVE])
@pytest.mark.parametrize(("slow", "fast"), [(88.0, 3.0), (88.0, 5.0), (140.0, 4.0)])
def test_uptake_without_noise_is_found_exactly(hours, slow, fast):
    curve = fitted(hours, uptake(hours, slow, fast))
    assert curve.model == "bi-exponential"
    assert curve.tia_MBq_h == pytest.approx(80.0 * (slow - fast) / LN2, rel=1e-5)
    assert curve.effective_half_life_h == pytest.approx(slow, rel=1e-4)
    assert curve.parameters["uptake_rate_per_h"] == pytest.approx(LN2 / fast, rel=1e-3)


@pytest.mark.parametrize("hours", [FOUR, FIVE])
def test_a_fast_phase_and_physical_decay_are_found_exactly(hours):
    t = np.array(hours)
    curve = fitted(hours, 60.0 * 2.0 ** (-t / 8.0) + 20.0 * np.exp(-DECAY * t))
    assert curve.model == "two-phase washout"
    assert curve.tia_MBq_h == pytest.approx(60.0 * 8.0 / LN2 + 20.0 / DECAY, rel=1e-5)
    assert curve.effective_half_life_h == pytest.approx(LN2 / DECAY, rel=1e-9)
    assert curve.effective_half_life_standard_uncertainty_h is None  # given, not fitted
    mostly_fast = fitted(hours, 600.0 * 2.0 ** (-t / 8.0) + 2.0 * np.exp(-DECAY * t))
    assert mostly_fast.effective_half_life_h == pytest.approx(8.0, rel=1e-4)


@pytest.mark.parametrize("tail", ["physical", "effective"])
def test_the_trapezoid_stands_beside_it(tail):
    activity = washout(FOUR, 50.0)
    maps = [np.full((1, 1, 1), 1e6 * a, np.float32) for a in activity]
    by_voxels = float(trapezoid_tia(list(FOUR), maps, DECAY, tail)[0, 0, 0])
    assert fitted(FOUR, activity, tail=tail).trapezoid_tia_MBq_h == pytest.approx(
        by_voxels, rel=1e-6
    )


def test_the_criterion_by_hand():
    """n ln(S/n) + 2K + 2K(K+1)/(n-K-1), with S from a straight line through the logarithms."""
    noise = np.array([0.05, -0.03, 0.02, -0.06, 0.02])
    activity = washout(FIVE, 60.0) * np.exp(noise)
    line = np.polyfit(FIVE, np.log(activity), 1)
    squares = float(((np.polyval(line, FIVE) - np.log(activity)) ** 2).sum())
    curve = fitted(FIVE, activity)
    assert curve.model == "mono-exponential"
    assert curve.aicc["mono-exponential"] == pytest.approx(
        5 * np.log(squares / 5) + 4 + 12 / 2, rel=1e-6
    )
    assert curve.aicc["mono-exponential"] < curve.aicc["bi-exponential"]
    assert curve.relative_scatter == pytest.approx((squares / 3) ** 0.5, rel=1e-6)
    assert curve.parameters["rate_per_h"] == pytest.approx(-line[0], rel=1e-6)


def test_too_few_scans_have_no_criterion_and_no_uncertainty():
    two = fitted(TWO, washout(TWO, 50.0))
    assert two.aicc == {"mono-exponential": None}
    assert two.tia_standard_uncertainty_MBq_h is None
    assert two.relative_scatter is None
    three = fitted(THREE, uptake(THREE, 88.0, 6.0))
    assert (three.model, three.degrees_of_freedom) == ("bi-exponential", 0)
    assert three.effective_half_life_standard_uncertainty_h is None


@pytest.mark.parametrize("wanted", ["mono-exponential", "bi-exponential"])
def test_a_model_can_be_asked_for(wanted):
    assert fitted(FIVE, uptake(FIVE, 60.0, 0.7), wanted).model == wanted


@pytest.mark.parametrize(
    "activity",
    [
        (0.0, 0.0, 0.0, 0.0),
        (1.0, 0.0, 0.0, 0.0),
        (1.0, 2.0, 3.0, 4.0),
        (4.0, 3.0, 2.0, 5.0),
        (4000.0, 3.0, 2.0, 1.0),
        (np.inf, 3.0, 2.0, 1.0),
    ],
)
def test_where_nothing_fits_the_trapezoid_remains(activity):
    curve = fitted(FOUR, activity)
    assert curve.model == "trapezoid"
    assert curve.tia_MBq_h == curve.trapezoid_tia_MBq_h
    assert curve.tia_standard_uncertainty_MBq_h is None


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=5), st.sampled_from([4.0, 24.0]))
def test_no_rate_is_slower_than_physical_decay(activity, first):
    hours = [first + 30.0 * n for n in range(len(activity))]
    curve = fitted(hours, activity)
    assert curve.effective_half_life_h <= LN2 / DECAY * (1 + 1e-9)
    assert np.isfinite(curve.tia_MBq_h)
    assert curve.tia_MBq_h > 0.0
    assert np.isfinite(curve.activity_at(hours)).all()
    json.dumps(curve.as_dict(), allow_nan=False)


def test_it_scales_with_the_activity():
    rng = np.random.default_rng(2)
    activity = uptake(FIVE, 88.0, 5.0) * np.exp(0.05 * rng.standard_normal(5))
    once, scaled = fitted(FIVE, activity), fitted(FIVE, 1e-3 * activity)
    assert scaled.model == once.model
    assert scaled.tia_MBq_h == pytest.approx(1e-3 * once.tia_MBq_h, rel=1e-6)


@pytest.mark.parametrize(
    ("activity", "model"),
    [(washout(FIVE, 60.0), "mono-exponential"), (uptake(FIVE, 88.0, 8.0), "bi-exponential")],
)
def test_the_stated_uncertainty_is_the_spread(activity, model):
    """400 noisy series: the mean variance stated is the variance found."""
    rng = np.random.default_rng(4)
    curves = [
        fitted(FIVE, activity * np.exp(0.05 * rng.standard_normal(5)), model) for _ in range(400)
    ]
    tia = np.array([curve.tia_MBq_h for curve in curves])
    stated = np.array([curve.tia_standard_uncertainty_MBq_h for curve in curves])
    assert np.sqrt((stated**2).mean()) == pytest.approx(tia.std(), rel=0.12)
    half_lives = np.array([curve.effective_half_life_h for curve in curves])
    stated = np.array([curve.effective_half_life_standard_uncertainty_h for curve in curves])
    assert np.sqrt((stated**2).mean()) == pytest.approx(half_lives.std(), rel=0.12)


@pytest.mark.slow
def test_bias_with_noise_is_small_and_the_trapezoid_worse():
    rng = np.random.default_rng(6)
    for hours, activity, truth in (
        (FOUR, uptake(FOUR, 50.0, 0.6), 80.0 * 49.4 / LN2),
        (FIVE, uptake(FIVE, 88.0, 8.0), 80.0 * 80.0 / LN2),
    ):
        curves = [
            fitted(hours, activity * np.exp(0.05 * rng.standard_normal(len(hours))))
            for _ in range(100)
        ]
        assert abs(np.mean([c.tia_MBq_h for c in curves]) / truth - 1.0) < 0.025
        assert np.mean([c.trapezoid_tia_MBq_h for c in curves]) / truth - 1.0 > 0.2
