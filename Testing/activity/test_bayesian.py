"""The integration by curves that know how kinetics usually are: VOIs, what lies outside, few scans."""

import numpy as np
import pytest

from LuDosimetryLib.activity.bayesian import bayesian_curves, integrate
from LuDosimetryLib.activity.integration import IntegrationProblem
from LuDosimetryLib.activity.tia import integrated
from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs
from LuDosimetryLib.organs.lea_catcheside import lea_catcheside
from LuDosimetryLib.tissue.nuclide import read_nuclide

LU177 = read_nuclide("Lu-177")
HOURS = (4.0, 24.0, 48.0, 120.0)
LN2 = np.log(2.0)
SHAPE = (10, 12, 14)
VOXEL_ML = 0.058
VOIS = {name: np.zeros(SHAPE, bool) for name in ("liver", "tumour", "spleen")}
VOIS["liver"][:7] = True
VOIS["tumour"][2:5, 3:8, 3:8] = True
VOIS["spleen"][8:, :6] = True
HALF_LIFE_H = np.full(SHAPE, 45.0)
HALF_LIFE_H[VOIS["liver"]], HALF_LIFE_H[VOIS["tumour"]], HALF_LIFE_H[VOIS["spleen"]] = (
    60.0,
    85.0,
    70.0,
)


def problem(hours=HOURS, vois=VOIS, half_life_h=HALF_LIFE_H, images=None, **options):
    uneven = np.random.default_rng(3).uniform(0.5e6, 1.5e6, SHAPE)
    if images is None:
        images = [(uneven * 2.0 ** (-t / half_life_h)).astype(np.float32) for t in hours]
    asked = Options(integration="bayesian", **options)
    return IntegrationProblem(list(hours), images, vois, asked, LU177, VOXEL_ML)


def true_tia(half_life_h=HALF_LIFE_H):
    uneven = np.random.default_rng(3).uniform(0.5e6, 1.5e6, SHAPE)
    return 1e-6 * uneven * half_life_h / LN2


def test_washout_comes_out_in_vois_and_outside():
    found = integrate(problem(), Log())
    assert found.tia.dtype == np.float32
    assert found.model is None
    off = found.tia / true_tia() - 1.0
    for name, mask in VOIS.items():
        assert np.abs(off[mask]).max() < 0.025, name
    outside = ~(VOIS["liver"] | VOIS["spleen"])
    assert np.abs(off[outside]).max() < 0.04


def test_a_voxel_belongs_to_its_smallest_voi():
    whole = problem()
    tia = integrate(whole, Log()).tia
    curve = bayesian_curves(problem(vois={"tumour": VOIS["tumour"]}))["tumour"]
    added = VOXEL_ML * float(tia[VOIS["tumour"]].sum(dtype=float))
    assert added == pytest.approx(curve.tia_MBq_h, rel=1e-5)
    # the curve of the liver as a whole has the tumour in it, and the voxels add up to nearly that
    liver = bayesian_curves(whole)["liver"]
    added = VOXEL_ML * float(tia[VOIS["liver"]].sum(dtype=float))
    assert added == pytest.approx(liver.tia_MBq_h, rel=0.02)


def test_without_vois_neighbourhoods_do():
    even = np.full(SHAPE, 60.0)
    found = integrate(problem(vois={}, half_life_h=even), Log())
    np.testing.assert_allclose(found.tia, true_tia(even), rtol=0.025)


def test_one_scan_is_enough_and_says_how_unsure_it_is():
    log = Log()
    series = problem(hours=(72.0,))
    tia = integrate(series, log).tia
    # nearly as Hänscheid et al. 2018 found without knowing the kinetics: 2 t / ln 2
    np.testing.assert_allclose(tia / series.activity_Bq_mL[0], 1e-6 * 2.0 * 72.0 / LN2, rtol=0.05)
    (remark,) = log.remarks
    assert "only one scan, at 72 h" in remark
    assert "effective half-life of 60 h" in remark
    curve = bayesian_curves(series)["liver"]
    stated = curve.tia_standard_uncertainty_MBq_h / curve.tia_MBq_h
    assert f"a standard uncertainty of {100 * stated:.0f} %" in remark
    assert curve.degrees_of_freedom == 0
    assert curve.relative_scatter is None


def test_a_known_half_life_is_what_kinetics_spread_about():
    scan = problem(hours=(24.0,), effective_half_life_h=120.0)
    usual = problem(hours=(24.0,))
    assert integrate(scan, Log()).tia.sum() > 1.3 * integrate(usual, Log()).tia.sum()
    curve = bayesian_curves(scan)["liver"]
    assert curve.effective_half_life_h == pytest.approx(120.0, rel=0.01)


def test_curves_go_through_the_scans_and_integrate_to_what_they_say():
    for curve in bayesian_curves(problem()).values():
        assert curve.model == "bayesian"
        np.testing.assert_allclose(curve.activity_at(curve.hours), curve.activity_MBq, rtol=0.02)
        assert sum(a / rate for a, rate in curve.terms) == pytest.approx(curve.tia_MBq_h, rel=1e-9)
        assert curve.activity_at([0.0])[0] == pytest.approx(0.0, abs=1e-9)
        assert 0.3 < lea_catcheside(curve, 50.0) < 0.8
        assert curve.relative_scatter < 0.02
        assert 0.02 < curve.tia_standard_uncertainty_MBq_h / curve.tia_MBq_h < 0.08
        names = {"t": 30.0, "exp": np.exp, **curve.parameters}
        assert eval(curve.formula.split(" = ")[1], names) == pytest.approx(
            curve.activity_at([30.0])[0]
        )


@pytest.mark.parametrize(("half_life_h", "tolerance"), [(30.0, 0.05), (60.0, 0.02), (140.0, 0.12)])
def test_effective_half_lives(half_life_h, tolerance):
    series = problem(hours=(4.0, 24.0, 72.0, 168.0), half_life_h=np.full(SHAPE, half_life_h))
    curve = bayesian_curves(series)["spleen"]
    assert curve.effective_half_life_h == pytest.approx(half_life_h, rel=tolerance)
    apart = abs(curve.effective_half_life_h - half_life_h)
    assert apart < curve.effective_half_life_standard_uncertainty_h


def test_a_voi_without_activity_has_none():
    images = problem().activity_Bq_mL
    for scan in images:
        scan[VOIS["spleen"]] = 0.0
    log = Log()
    found, curves = integrated(problem(images=images), log)
    assert not found.tia[VOIS["spleen"]].any()
    assert curves["spleen"].tia_MBq_h == 0.0
    assert any("no scan shows any activity in 'spleen'" in remark for remark in log.remarks)


def test_scans_without_counts_at_the_end_are_integrated():
    images = problem().activity_Bq_mL
    images[-1][:] = 0.0
    found = integrate(problem(images=images), Log())
    assert np.isfinite(found.tia).all()
    # what is gone at 120 h was there for longer than until 48 h, and for less than with decay alone
    ratio = found.tia[VOIS["liver"]].sum() / true_tia()[VOIS["liver"]].sum()
    assert 0.3 < ratio < 1.0


def test_activity_that_rises_to_the_end_is_uncertain_and_remarked():
    images = [(1e6 * level * np.ones(SHAPE)).astype(np.float32) for level in (0.2, 0.5, 0.7, 1.0)]
    log = Log()
    _, curves = integrated(problem(images=images), log)
    curve = curves["liver"]
    assert curve.tia_standard_uncertainty_MBq_h > 0.15 * curve.tia_MBq_h
    assert any("rises" in remark for remark in log.remarks)


def test_scans_that_go_up_and_down_are_uncertain_and_remarked():
    levels = (0.25, 1.0, 0.4, 1.2)
    images = [(1e6 * level * np.ones(SHAPE)).astype(np.float32) for level in levels]
    log = Log()
    _, curves = integrated(problem(images=images), log)
    curve = curves["tumour"]
    assert curve.tia_standard_uncertainty_MBq_h > 0.3 * curve.tia_MBq_h
    assert any("leave the time-integrated activity unsure" in remark for remark in log.remarks)
    assert any("lie far from the curve" in remark for remark in log.remarks)


def test_surer_scans_make_surer_curves():
    def stated(percent):
        inputs = UncertaintyInputs(scan_percent=percent)
        curve = bayesian_curves(problem(uncertainty=inputs))["spleen"]
        return curve.tia_standard_uncertainty_MBq_h / curve.tia_MBq_h

    assert stated(2.0) < 0.7 * stated(5.0) < 0.7 * stated(10.0)
    assert stated(0.0) == pytest.approx(stated(1.0), rel=1e-6)


def test_it_can_be_cancelled():
    def cancel(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        integrate(problem(), Log(cancel))


def test_scans_stay_as_they_are():
    series = problem()
    before = [scan.copy() for scan in series.activity_Bq_mL]
    integrate(series, Log())
    for scan, same in zip(series.activity_Bq_mL, before, strict=True):
        np.testing.assert_array_equal(scan, same)
