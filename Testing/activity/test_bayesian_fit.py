"""Most likely curves through a few scans, and how sure they are."""

import numpy as np
import pytest
from scipy.optimize import minimize

from LuDosimetryLib.activity.bayesian_fit import ScanErrors, fit_usual_kinetics
from LuDosimetryLib.activity.usual_kinetics import UsualKinetics, log_integral, log_shape
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY_PER_H = read_nuclide("Lu-177").decay_constant_per_h
USUAL = UsualKinetics()
ERRORS = ScanErrors()
FOUR = (4.0, 24.0, 72.0, 168.0)


def fit(hours, activity, errors=ERRORS):
    return fit_usual_kinetics(hours, np.asarray(activity, float), DECAY_PER_H, errors, USUAL)


def population(count, seed):
    """Shapes as the prior knowledge expects them."""
    normal = np.random.default_rng(seed).standard_normal((4, count))
    return np.asarray(USUAL.median + USUAL.spread(USUAL.median + normal) * normal)


def scanned(x, hours, relative, seed):
    """True time-integrated activities of amplitude 1, and scans with errors."""
    noise = relative * np.random.default_rng(seed).standard_normal((len(hours), x.shape[1]))
    exact = log_shape(x, np.asarray(hours), DECAY_PER_H)
    return np.exp(log_integral(x, DECAY_PER_H)), np.exp(exact + noise)


def test_many_exact_scans_give_the_curve():
    x = population(200, 1)
    hours = (0.5, 1.0, 2.0, 4.0, 8.0, 24.0, 48.0, 96.0, 168.0, 336.0)
    tia, activity = scanned(x, hours, 0.0, 1)
    found = fit(hours, activity, ScanErrors(0.002, 1e-6))
    assert np.quantile(np.abs(found.tia / tia - 1.0), 0.95) < 0.003


@pytest.mark.slow
@pytest.mark.parametrize("hours", [FOUR, (24.0, 120.0), (4.0, 96.0), (72.0,)])
def test_the_most_likely_curve_as_a_general_minimizer_finds_it(hours):
    _, activity = scanned(population(12, 2), hours, 0.05, 2)
    found = fit(hours, activity)
    # where scans deviate as expected, so that their errors are as given
    expected = np.flatnonzero(found.scatter < 1.0)
    assert expected.size >= 8
    for n in expected:

        def squares(p, n=n):
            x = p[1:, None]
            apart = np.log(activity[:, n]) - p[0] - log_shape(x, np.array(hours), DECAY_PER_H)[:, 0]
            unusual = ((x - USUAL.median) / USUAL.spread(x)) ** 2
            return float((found.weights[:, n] * apart**2).sum() + unusual.sum())

        mine = squares(np.array([found.log_amplitude[n], *found.logarithms[:, n]]))
        starts = [np.array([0.0, *(USUAL.median + s)[:, 0]]) for s in (-1, 0, 1)]
        options = {"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-8, "fatol": 1e-10}
        best = min(minimize(squares, p, method="Nelder-Mead", options=options).fun for p in starts)
        # there may be another curve nearly as likely; it has nearly the same integral
        assert mine <= best + 0.1


def test_one_scan_leaves_the_shape_as_usual():
    found = fit((72.0,), [[5.0, 7.0]])
    assert found.logarithms == pytest.approx(np.repeat(USUAL.median, 2, axis=1), abs=1e-6)
    shape = log_shape(USUAL.median, np.array([72.0]), DECAY_PER_H)[0, 0]
    expected = 5.0 * np.exp(log_integral(USUAL.median, DECAY_PER_H)[0] - shape)
    assert found.tia == pytest.approx([expected, 1.4 * expected])


@pytest.mark.parametrize(("hours", "least", "most"), [((96.0,), 0.10, 0.25), ((24.0,), 0.25, 0.45)])
def test_one_scan_is_as_unsure_as_kinetics_spread(hours, least, most):
    """Where the integral is flat at the most likely curve, it is not taken as sure."""
    tia, activity = scanned(population(20_000, 3), hours, 0.05, 3)
    true = np.log(tia / activity[0])
    spread = 0.5 * np.subtract(*np.quantile(true, [0.841, 0.159]))
    stated = fit(hours, [[1.0]]).relative_uncertainty[0]
    assert least < stated < most
    assert stated == pytest.approx(spread, rel=0.35)


@pytest.mark.parametrize(
    "hours", [FOUR, (4.0, 24.0, 48.0, 120.0), (24.0, 72.0, 168.0), (4.0, 24.0, 120.0), (24.0, 96.0)]
)
def test_truth_lies_within_two_stated_uncertainties(hours):
    """Of usual kinetics and scans with the stated errors: in nine of ten cases and more."""
    tia, activity = scanned(population(2000, 4), hours, ERRORS.relative, 4)
    found = fit(hours, activity)
    apart = np.log(found.tia / tia) / found.relative_uncertainty
    assert np.mean(np.abs(apart) < 2.0) > 0.90
    # nor are they much too wide
    assert np.quantile(np.abs(apart), 0.683) > 0.6
    assert abs(np.median(np.log(found.tia / tia))) < 0.05


@pytest.mark.parametrize(
    ("half_lives", "tolerance"),
    [(((1.0, 50.0),), 0.02), (((1.0, 88.0), (-1.0, 8.0)), 0.05), (((0.4, 60.0), (0.6, 3.0)), 0.05)],
    ids=["washout", "late uptake", "blood"],
)
def test_kinetics_of_other_functions(half_lives, tolerance):
    """Sums of exponentials that the function does not hold exactly."""
    hours = (4.0, 24.0, 72.0, 168.0)
    t = np.array(hours)[:, None]
    activity = sum(a * 2.0 ** (-t / half_life) for a, half_life in half_lives)
    tia = sum(a * half_life for a, half_life in half_lives) / np.log(2.0)
    found = fit(hours, activity)
    assert found.tia[0] == pytest.approx(tia, rel=tolerance)
    assert abs(np.log(found.tia[0] / tia)) < found.relative_uncertainty[0]


def test_scans_far_from_any_likely_curve_make_it_unsure():
    smooth = fit(FOUR, np.array([[1.0], [0.75], [0.4], [0.12]]))
    wild = fit(FOUR, np.array([[1.0], [2.4], [0.4], [2.8]]))
    assert smooth.scatter[0] < 1.0
    assert wild.scatter[0] > 3.0
    assert wild.relative_uncertainty[0] > 4.0 * smooth.relative_uncertainty[0]
    assert wild.relative_scatter[0] > 0.3


def test_errors_of_the_time_count_where_activity_changes():
    activity = np.array([[1.0], [0.75], [0.4], [0.12]])
    sure = fit(FOUR, activity)
    unsure = fit(FOUR, activity, ScanErrors(time_h=2.0))
    assert unsure.relative_uncertainty[0] > 1.02 * sure.relative_uncertainty[0]
    assert (unsure.weights < sure.weights).all()


def test_a_scan_without_activity_is_one_with_little():
    found = fit(FOUR, np.array([[1.0, 0.0], [0.5, 0.6], [0.1, 0.4], [0.0, 0.1]]))
    assert np.isfinite(found.tia).all()
    assert (found.relative_uncertainty < 2.0).all()
    assert 20.0 < found.tia[0] < 60.0


def test_scale_and_company_change_nothing():
    _, activity = scanned(population(7, 5), FOUR, 0.05, 5)
    together = fit(FOUR, activity)
    alone = fit(FOUR, 1e6 * activity[:, [3]])
    assert alone.tia[0] == pytest.approx(1e6 * together.tia[3], rel=1e-4)
    assert alone.relative_uncertainty[0] == pytest.approx(
        together.relative_uncertainty[3], rel=1e-3
    )
