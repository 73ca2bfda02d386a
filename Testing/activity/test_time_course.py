import numpy as np
import pytest

from LuDosimetryLib.activity.bi_exponential import check_first_scan
from LuDosimetryLib.activity.haenscheid import check_scan_time
from LuDosimetryLib.activity.integration import IntegrationProblem, TimeIntegral
from LuDosimetryLib.activity.time_course import check_time_course, voi_curves
from LuDosimetryLib.activity.trapezoid import check_against_curves
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.tissue.nuclide import read_nuclide

LU177 = read_nuclide("Lu-177")
HOURS = [4.0, 24.0, 48.0, 120.0]


def case(**activities: list[float]) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """Scans in which each volume is one voxel of 1 mL with an activity [MBq] at every time."""
    names = list(activities)
    scans = [
        np.array([[[1e6 * activities[name][n] for name in names]]], np.float32)
        for n in range(len(HOURS))
    ]
    masks = {}
    for n, name in enumerate(names):
        masks[name] = np.zeros(scans[0].shape, bool)
        masks[name][0, 0, n] = True
    return scans, masks


def problem(
    scans, masks, integration: str = "trapezoid", hours=HOURS, **options
) -> IntegrationProblem:
    asked = Options(integration=integration, **options)
    return IntegrationProblem(hours, scans, masks, asked, LU177, 1.0)


def warnings_for(integration: str = "trapezoid", **activities: list[float]) -> list[str]:
    asked, log = problem(*case(**activities), integration), Log()
    check_time_course(asked, voi_curves(asked), log)
    return log.remarks


KIDNEY, LIVER = [80.0, 60.0, 45.0, 17.0], [300.0, 240.0, 180.0, 75.0]


def test_usual_washout_is_not_remarked():
    assert warnings_for(kidney=KIDNEY, liver=LIVER) == []


def test_uptake_in_a_tumour_is_not_remarked():
    assert warnings_for(kidney=KIDNEY, liver=LIVER, tumour=[12.0, 14.0, 12.0, 7.0]) == []


def test_activity_that_rises_at_the_end_names_the_volume():
    (warning,) = warnings_for(
        kidney=KIDNEY, liver=LIVER, tumour=[2.0, 3.0, 3.5, 4.0], cyst=[0.0] * 4
    )[:1]
    assert (
        "rises from the scan at 48 h to the last, at 120 h, in 'tumour' (from 3.5 to 4 MBq)"
        in warning
    )
    assert "registration" in warning
    assert "later scan" in warning


def test_scans_in_swapped_order_are_remarked():
    swapped = [[a[0], a[2], a[1], a[3]] for a in (KIDNEY, LIVER)]
    warnings = warnings_for(kidney=swapped[0], liver=swapped[1])
    assert "the activity in all volumes of interest rises by 33 % from 24 to 48 h" in warnings[0]
    assert "check that the scans are in order" in warnings[0]


def test_a_swapped_pair_at_the_end_is_remarked_once():
    swapped = [[a[0], a[1], a[3], a[2]] for a in (KIDNEY, LIVER)]
    warnings = warnings_for(kidney=swapped[0], liver=swapped[1])
    assert sum("rises" in warning for warning in warnings) == 1


def test_uptake_under_a_mono_exponential_is_remarked():
    warnings = warnings_for(
        "mono-exponential", kidney=KIDNEY, liver=LIVER, tumour=[12.0, 14.0, 12.0, 7.0]
    )
    assert len(warnings) == 1
    assert "still rises after the first scan in 'tumour'" in warnings[0]


def test_a_first_scan_too_late_for_uptake_is_remarked():
    scans, _ = case(kidney=KIDNEY)
    late = [24.0, 72.0, 120.0, 168.0]
    for hours, number in ((late, 1), (HOURS, 0)):
        log = Log()
        asked = problem(scans, {}, "bi-exponential", hours)
        check_first_scan(asked, TimeIntegral(scans[0]), {}, log)
        assert ["too late to show uptake" in remark for remark in log.remarks] == [True] * number


def test_a_single_scan_has_no_curves():
    scans, masks = case(kidney=KIDNEY)
    asked, log = problem(scans[:1], masks, hours=HOURS[:1]), Log()
    assert voi_curves(asked) == {}
    check_time_course(asked, {}, log)
    assert log.remarks == []


def test_curves_have_the_model_that_voxels_were_fitted_with():
    scans, masks = case(kidney=KIDNEY, tumour=[12.0, 14.0, 12.0, 7.0])

    def models(integration: str) -> list[str]:
        curves = voi_curves(problem(scans, masks, integration))
        return [curve.model for curve in curves.values()]

    assert models("trapezoid") == models("hybrid") == ["mono-exponential", "bi-exponential"]
    assert models("bi-exponential") == ["bi-exponential"] * 2
    assert models("mono-exponential") == ["mono-exponential"] * 2


def test_a_scan_too_late_for_haenscheid_names_the_volume():
    fast = [float(200.0 * 2.0 ** (-t / 12.0)) for t in HOURS]
    scans, masks = case(kidney=KIDNEY, bladder=fast)
    asked, log = problem(scans, masks, "haenscheid"), Log()
    check_scan_time(asked, TimeIntegral(scans[-1], None, 120.0), voi_curves(asked), log)
    (remark,) = log.remarks
    assert "outside 0.75 to 2.5 effective half-lives" in remark
    assert "in 'bladder' (10), by" in remark


def of_trapezoid(half_life_h: float, tail: str = "physical") -> list[str]:
    washout = [100.0 * 0.5 ** (t / half_life_h) for t in HOURS]
    scans, masks = case(kidney=washout)
    asked, log = problem(scans, masks, tail=tail), Log()
    check_against_curves(asked, TimeIntegral(scans[0]), voi_curves(asked), log)
    return log.remarks


def test_a_trapezoid_far_above_the_washout_is_remarked():
    half_life_h = 50.0
    rate = np.log(2.0) / half_life_h
    activity = 100.0 * np.exp(-rate * np.array([0.0, *HOURS]))
    activity[0] = 0.0
    trapezoid = np.trapezoid(activity, [0.0, *HOURS]) + activity[-1] / LU177.decay_constant_per_h
    above = 100.0 * (trapezoid / (100.0 / rate) - 1.0)
    assert above > 30.0
    (warning,) = of_trapezoid(half_life_h)
    assert f"'kidney' ({above:+.0f} %)" in warning
    assert '"tail": "effective"' in warning


def test_a_trapezoid_near_the_washout_is_not_remarked():
    assert of_trapezoid(150.0) == []
    assert of_trapezoid(50.0, tail="effective") == []


@pytest.mark.parametrize("integration", ["trapezoid", "hybrid"])
def test_a_volume_without_any_activity_is_remarked_and_nothing_else_is(integration):
    (warning,) = warnings_for(integration, kidney=[8.0, 6.0, 4.0, 1.5], cyst=[0.0] * 4)
    assert warning == "no scan shows any activity in 'cyst'; check the segmentation and the SPECT."


def test_scans_far_from_their_curve_are_remarked():
    """The course of a bladder: the fit is off by more than scans err."""
    (warning,) = warnings_for(
        "hybrid", bladder=[20.24, 3.34, 2.46, 0.15], kidney=[8.0, 6.0, 4.2, 1.3]
    )
    assert "far from the curve fitted to 'bladder' (by " in warning
    assert "where 5 % are usual" in warning
    assert "kidney" not in warning
