from math import exp, hypot

import numpy as np
import pytest

from LuDosimetryLib.activity.curve_fit import fit_curve
from LuDosimetryLib.activity.trapezoid import trapezoid_tia
from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs
from LuDosimetryLib.organs.uncertainty.curve import curve_uncertainty_percent

HOURS = (4.0, 24.0, 72.0, 168.0)
DECAY = 0.0043450
EVERYWHERE = {"kidney": np.ones((2, 2, 2), bool)}


def by_trapezoid(hours, activity_Bq_mL) -> float:
    scans = [np.array([a], np.float64) for a in activity_Bq_mL]
    return float(trapezoid_tia(list(hours), scans, DECAY, "physical")[0])


def scans_of(values) -> list[np.ndarray]:
    return [np.full((2, 2, 2), v, np.float32) for v in values]


def test_the_trapezoid_by_hand():
    values = [100.0, 80.0, 45.0, 12.0]
    inputs = UncertaintyInputs(scan_percent=4.0, scan_time_h=0.0, curve_percent=0.0)
    found = curve_uncertainty_percent(HOURS, scans_of(values), EVERYWHERE, by_trapezoid, {}, inputs)
    weights = [12.0, 34.0, 72.0, 48.0 + 1.0 / DECAY]
    parts = [w * v for w, v in zip(weights, values, strict=True)]
    assert found["kidney"] == pytest.approx(4.0 * hypot(*parts) / sum(parts), rel=1e-4)
    both = UncertaintyInputs(scan_percent=4.0, scan_time_h=0.0, curve_percent=3.0)
    with_choice = curve_uncertainty_percent(
        HOURS, scans_of(values), EVERYWHERE, by_trapezoid, {}, both
    )
    assert with_choice["kidney"] == pytest.approx(hypot(found["kidney"], 3.0))


def test_the_times_by_hand():
    """Moving one scan moves the area of the two trapezoids beside it."""
    values = [100.0, 80.0, 45.0, 12.0]
    inputs = UncertaintyInputs(scan_percent=0.0, scan_time_h=0.5, curve_percent=0.0)
    found = curve_uncertainty_percent(HOURS, scans_of(values), EVERYWHERE, by_trapezoid, {}, inputs)
    a = [0.0, *values]
    slopes = [0.5 * (a[n - 1] - a[n + 1]) for n in range(1, 4)] + [0.5 * (a[3] + a[4])]
    expected = 50.0 * hypot(*slopes) / by_trapezoid(HOURS, values)
    assert found["kidney"] == pytest.approx(1e-6 * expected, rel=2e-3)


def test_a_single_scan_has_its_own():
    inputs = UncertaintyInputs(scan_percent=0.0, scan_time_h=0.0, single_time_point_percent=11.0)
    found = curve_uncertainty_percent(
        (24.0,), scans_of([50.0]), EVERYWHERE, by_trapezoid, {}, inputs
    )
    assert found["kidney"] == pytest.approx(11.0)


def test_a_fit_against_noisy_scans():
    """The stated uncertainty is the spread of fits to scans of that uncertainty."""
    rng = np.random.default_rng(5)
    true = np.array([50.0 * exp(-0.015 * t) for t in HOURS])
    found = [
        fit_curve(
            "kidney",
            HOURS,
            true * np.exp(0.05 * rng.standard_normal(4)),
            DECAY,
            "physical",
            "mono-exponential",
        )
        for _ in range(150)
    ]
    spread = 100.0 * np.std([c.tia_MBq_h for c in found], ddof=1) / (50.0 / 0.015)
    almost_exact = fit_curve(
        "kidney",
        HOURS,
        true * np.array([1.001, 0.999, 1.001, 0.999]),
        DECAY,
        "physical",
        "mono-exponential",
    )
    inputs = UncertaintyInputs(scan_percent=5.0, scan_time_h=0.0, curve_percent=0.0)
    stated = curve_uncertainty_percent(
        HOURS, scans_of(true), EVERYWHERE, by_trapezoid, {"kidney": almost_exact}, inputs
    )
    assert stated["kidney"] == pytest.approx(spread, rel=0.15)


def test_scatter_beyond_what_is_stated_counts():
    scattered = fit_curve(
        "kidney", HOURS, [60.0, 30.0, 25.0, 3.0], DECAY, "physical", "mono-exponential"
    )
    inputs = UncertaintyInputs(scan_percent=1.0, scan_time_h=0.0, curve_percent=0.0)
    found = curve_uncertainty_percent(
        HOURS, scans_of([1.0] * 4), EVERYWHERE, by_trapezoid, {"kidney": scattered}, inputs
    )
    by_fit = 100.0 * scattered.tia_standard_uncertainty_MBq_h / scattered.tia_MBq_h
    assert found["kidney"] == pytest.approx(by_fit)
    assert by_fit > 5.0


def test_no_activity_has_no_uncertainty_of_its_own():
    inputs = UncertaintyInputs(curve_percent=0.0)
    found = curve_uncertainty_percent(
        HOURS, scans_of([0.0] * 4), EVERYWHERE, by_trapezoid, {}, inputs
    )
    assert found["kidney"] == 0.0
