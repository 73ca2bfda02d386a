"""Uptake and washout: closed form, bounds, doses."""

import numpy as np
import pytest

from LuDosimetryLib.activity.trapezoid import trapezoid_tia
from LuDosimetryLib.lab.phantom.kinetics import (
    USUAL,
    TimeActivityCurve,
    Uptake,
    local_dose_Gy_g_per_MBq_h,
)
from LuDosimetryLib.tissue.nuclide import read_nuclide

CURVES = {name: usual.curve for name, usual in USUAL.items()}


@pytest.mark.parametrize("name", CURVES)
def test_the_integral_is_that_of_the_curve(name):
    curve = CURVES[name]
    hours = np.concatenate([[0.0], np.geomspace(1e-3, 4000.0, 40001)])
    numeric = np.trapezoid([curve.at(t) for t in hours], hours)
    assert curve.integral_h == pytest.approx(numeric, rel=1e-5)


@pytest.mark.parametrize("name", CURVES)
def test_activity_starts_at_nothing_and_never_falls_slower_than_physical_decay(name):
    curve = CURVES[name]
    decay = read_nuclide("Lu-177").decay_constant_per_h
    assert curve.at(0.0) == pytest.approx(0.0, abs=1e-12)
    assert all(curve.at(t) > 0.0 for t in (0.1, 4.0, 24.0, 120.0))
    assert curve.at(400.0) < curve.at(200.0) * np.exp(-200.0 * decay)


@pytest.mark.parametrize("washout", [((1.0, 160.0),), ((1.0, 1.0),), ((0.5, 50.0), (0.4, 3.0))])
def test_impossible_curves_are_refused(washout):
    with pytest.raises(ValueError, match=r"must lie between|do not add up"):
        TimeActivityCurve(2.0, washout)


def test_electrons_absorbed_on_the_spot_give_the_known_dose():
    assert local_dose_Gy_g_per_MBq_h() == pytest.approx(0.08532, rel=1e-4)


def test_an_uptake_for_a_dose_gives_that_dose():
    uptake = Uptake.for_dose(5.0, USUAL["kidney"].curve, density_g_mL=1.05)
    assert 0.08532 * uptake.tia_MBq_h_mL / 1.05 == pytest.approx(5.0, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "least", "greatest"),
    [
        ("kidney", 4.0, 7.0),
        ("spleen", 4.0, 7.0),
        ("liver", 1.0, 4.0),
        ("marrow", 0.3, 1.8),
        ("tumour", 8.0, 60.0),
    ],
)
def test_doses_are_those_usual_for_7_4_GBq(name, least, greatest):
    assert least < 7.4 * USUAL[name].dose_Gy_per_GBq < greatest


def test_the_trapezoid_with_physical_tail_overstates_kidneys_by_a_quarter_to_a_half():
    uptake = USUAL["kidney"].of(7400.0)
    hours = [4.0, 24.0, 48.0, 120.0]
    decay = read_nuclide("Lu-177").decay_constant_per_h
    activity = [np.full((1, 1, 1), 1e6 * uptake.concentration_MBq_mL(t), np.float32) for t in hours]
    trapezoid = float(trapezoid_tia(hours, activity, decay, "physical")[0, 0, 0])
    assert 1.25 < trapezoid / uptake.tia_MBq_h_mL < 1.5


def test_factors_scale_dose_and_keep_half_lives_below_physical():
    usual = USUAL["tumour"]
    assert usual.of(7400.0, dose=2.0).tia_MBq_h_mL == pytest.approx(
        2 * usual.of(7400.0).tia_MBq_h_mL
    )
    longest = usual.of(7400.0, half_life=3.0).curve.washout[0][1]
    assert longest == pytest.approx(0.9 * read_nuclide("Lu-177").half_life_h)
