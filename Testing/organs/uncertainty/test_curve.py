"""How sure a time-integrated activity is, whatever the integration."""

from dataclasses import replace
from math import hypot

import numpy as np
import pytest

from LuDosimetryLib.activity.bayesian import bayesian_curves
from LuDosimetryLib.activity.integration import IntegrationProblem
from LuDosimetryLib.activity.tia import integrated
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs
from LuDosimetryLib.lab.kinetics.volumes import POPULATION, scanned_volumes
from LuDosimetryLib.lab.kinetics.ways import WAYS, possible
from LuDosimetryLib.organs.uncertainty.curve import time_activity_percent
from LuDosimetryLib.tissue.nuclide import read_nuclide

LU177 = read_nuclide("Lu-177")
HOURS = (4.0, 24.0, 48.0, 120.0)
WASHOUT = [2.0 ** (-t / 50.0) for t in HOURS]


def series_of(activity, hours=HOURS, inputs=None, **options) -> IntegrationProblem:
    """A volume of one voxel for each column of activity [MBq/mL], shape (scans, volumes)."""
    activity = np.atleast_2d(np.array(activity, float).T).T
    count = activity.shape[1]
    images = [1e6 * scan.astype(np.float32)[None, None] for scan in activity]
    vois = {str(n): np.arange(count)[None, None] == n for n in range(count)}
    asked = Options(uncertainty=inputs or UncertaintyInputs(curve_percent=0.0), **options)
    return IntegrationProblem(list(hours), images, vois, asked, LU177, 1.0)


def stated_and_integrated(series):
    integral, curves = integrated(series, Log())
    stated = time_activity_percent(series, integral.tia, curves)
    return np.array(list(stated.values())), integral.tia[0, 0].astype(float)


def test_a_trapezoid_is_no_surer_than_it_is_far_from_the_curve():
    """The case that asked for it: 5.58 Gy where the fitted curve gives 3.9."""
    (stated,), (tia,) = stated_and_integrated(
        series_of(WASHOUT, integration="trapezoid", tail="physical")
    )
    true = 50.0 / np.log(2.0)
    assert tia > 1.4 * true
    apart = 100.0 * (tia - true) / tia
    assert stated > 0.95 * apart
    assert stated < hypot(apart, 8.0)
    (closer,), _ = stated_and_integrated(
        series_of(WASHOUT, integration="trapezoid", tail="effective")
    )
    assert closer < 0.3 * stated


def test_the_bayesian_curve_is_as_sure_as_it_says():
    series = series_of(WASHOUT, integration="bayesian")
    (stated,), _ = stated_and_integrated(series)
    curve = bayesian_curves(series)["0"]
    expected = 100.0 * curve.tia_standard_uncertainty_MBq_h / curve.tia_MBq_h
    assert stated == pytest.approx(expected, rel=1e-3)
    assert 2.0 < stated < 6.0
    inputs = UncertaintyInputs(curve_percent=3.0)
    (more,), _ = stated_and_integrated(series_of(WASHOUT, integration="bayesian", inputs=inputs))
    assert more == pytest.approx(hypot(stated, 3.0))


def test_the_reported_curve_counts_where_it_is_further_off():
    series = series_of(WASHOUT, integration="bayesian")
    integral, curves = integrated(series, Log())
    other = {"0": replace(curves["0"], tia_MBq_h=1.5 * curves["0"].tia_MBq_h)}
    assert time_activity_percent(series, integral.tia, other)["0"] > 50.0


@pytest.mark.parametrize("integration", ["bayesian", "haenscheid", "trapezoid"])
def test_one_scan_is_unsure(integration):
    for t, least in ((72.0, 14.0), (24.0, 30.0), (4.0, 50.0)):
        series = series_of([1.0], hours=(t,), integration=integration)
        (stated,), _ = stated_and_integrated(series)
        assert stated > 0.999 * least
    cautious = UncertaintyInputs(single_time_point_percent=60.0)
    (stated,), _ = stated_and_integrated(
        series_of([1.0], (72.0,), cautious, integration=integration)
    )
    assert stated == 60.0


@pytest.mark.parametrize(
    "way", ["trapezoid, physical tail", "hybrid", "bayesian", "bi-exponential"]
)
def test_scans_on_no_likely_curve_leave_every_integration_unsure(way):
    """A real series whose scans have scales of their own: no integration is sure of it."""
    series = series_of([1.0, 3.7, 3.2, 6.1], (4.0, 24.0, 48.0, 168.0), **WAYS[way])
    (stated,), _ = stated_and_integrated(series)
    assert stated > 30.0


def test_no_activity_is_sure_to_be_none():
    assert stated_and_integrated(series_of([0.0] * 4, integration="bayesian"))[0] == [0.0]


SCANS = [HOURS, (24.0, 72.0, 168.0), (4.0, 24.0, 120.0), (24.0, 120.0), (96.0,)]


@pytest.mark.parametrize("hours", SCANS)
@pytest.mark.parametrize("way", ["bayesian", "trapezoid, physical tail"])
def test_truths_lie_within_two_stated_uncertainties(way, hours):
    """Kinetics of many tissues and scans that err by 5 %: nine of ten, and more."""
    apart = errors_over_stated(way, hours, 100 if way == "bayesian" else 20)
    assert np.mean(apart <= 2.0) >= 0.9
    if way == "bayesian":  # nor is it much surer than it says
        assert 0.45 < np.sqrt(np.mean(np.square(apart))) < 1.25


@pytest.mark.slow
@pytest.mark.parametrize("hours", SCANS)
def test_truths_lie_within_two_stated_uncertainties_of_every_integration(hours):
    for way in possible(hours):
        assert np.mean(errors_over_stated(way, hours, 60) <= 2.0) >= 0.9, way


def errors_over_stated(way, hours, count) -> np.ndarray:
    """Errors of time-integrated activities as parts of their stated standard uncertainties."""
    found = []
    for n, tissue in enumerate(POPULATION):
        true, scans = scanned_volumes(tissue, hours, 0.05, count, 50 + n)
        series = series_of(scans, hours, UncertaintyInputs(), **WAYS[way])
        stated, tia = stated_and_integrated(series)
        found.append(np.abs(tia - true) / (0.01 * stated * tia))
    return np.concatenate(found)
