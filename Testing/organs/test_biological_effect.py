from math import log

import numpy as np
import pytest
from scipy.integrate import simpson

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.activity.curve_fit import fit_curve
from LuDosimetryLib.case.tissue_response import KIDNEY, TissueResponse
from LuDosimetryLib.organs.biological_effect import biologically_effective_dose_Gy, response_of
from LuDosimetryLib.organs.lea_catcheside import lea_catcheside, of_exponentials, of_trapezoid


def test_of_one_exponential():
    """MIRD Pamphlet 20: D (1 + D / (alpha/beta) T_rep / (T_rep + T_eff))."""
    factor = of_exponentials(((3.0, log(2) / 51.0),), log(2) / KIDNEY.repair_half_time_h)
    assert factor == pytest.approx(2.8 / (2.8 + 51.0))
    found = biologically_effective_dose_Gy(6.4, factor, KIDNEY)
    assert found == pytest.approx(6.4 * (1 + 6.4 / 2.6 * 2.8 / (2.8 + 51.0)))
    assert biologically_effective_dose_Gy(6.4, factor, TissueResponse(1e6, 2.8)) == pytest.approx(
        6.4, rel=1e-4
    )


LN2 = log(2)
UPTAKE = ((5.0, LN2 / 88.0), (-5.0, LN2 / 6.0))
TWO_PHASES = ((60.0, LN2 / 8.0), (20.0, LN2 / 159.5))
POINTS = ((0.0, 4.0, 24.0, 72.0, 168.0), (0.0, 9.0, 10.0, 4.0, 0.5))


@pytest.mark.parametrize("repair_h", [0.5, 2.8, 30.0])
@pytest.mark.parametrize(
    ("of_curve", "rate"),
    [
        (lambda mu: of_exponentials(((2.0, LN2 / 50.0),), mu), lambda t: 2.0 * 2.0 ** (-t / 50.0)),
        (
            lambda mu: of_exponentials(UPTAKE, mu),
            lambda t: 5.0 * (2.0 ** (-t / 88.0) - 2.0 ** (-t / 6.0)),
        ),
        (
            lambda mu: of_exponentials(TWO_PHASES, mu),
            lambda t: 60.0 * 2.0 ** (-t / 8.0) + 20.0 * 2.0 ** (-t / 159.5),
        ),
        (
            lambda mu: of_trapezoid(*POINTS, LN2 / 120.0, mu),
            lambda t: np.interp(t, *POINTS) * 2.0 ** (-np.maximum(t - 168.0, 0.0) / 120.0),
        ),
    ],
    ids=["washout", "uptake", "two phases", "trapezoid"],
)
def test_by_the_lea_catcheside_integral(of_curve, rate, repair_h):
    """2 / D^2 times the double integral of r(t) r(s) exp(-mu (t - s)) over s < t, by Simpson's rule."""
    mu = LN2 / repair_h
    t = np.concatenate([np.linspace(0.0, 168.0, 8401), np.linspace(168.0, 3000.0, 28321)[1:]])
    r = rate(t)
    unrepaired = np.zeros(t.size)
    step = np.diff(t)
    kept = np.exp(-mu * step)
    middle = rate(0.5 * (t[1:] + t[:-1]))
    gained = step / 6.0 * (r[:-1] * kept + 4.0 * middle * np.sqrt(kept) + r[1:])
    for n in range(step.size):
        unrepaired[n + 1] = unrepaired[n] * kept[n] + gained[n]
    expected = 2.0 * simpson(r * unrepaired, x=t) / simpson(r, x=t) ** 2
    assert of_curve(mu) == pytest.approx(expected, rel=2e-4)


def test_of_a_dose_at_once_and_of_one_for_ever():
    assert of_exponentials(((1.0, 1e6),), LN2 / 2.8) == pytest.approx(1.0, rel=1e-4)
    assert of_exponentials(((1.0, 1e-7),), LN2 / 2.8) < 1e-5
    assert of_trapezoid((0.0, 1e-6, 2e-6), (0.0, 1.0, 0.0), 1e6, LN2 / 2.8) == pytest.approx(
        1.0, rel=2e-3
    )


def test_of_a_curve():
    scans = [40.0 * 2.0 ** (-t / 8.0) + 5.0 * 2.0 ** (-t / 159.5) for t in (4, 24, 48, 120)]
    fitted = fit_curve("kidney", (4.0, 24.0, 48.0, 120.0), scans, LN2 / 159.5, "physical")
    assert fitted.model == "two-phase washout"
    expected = of_exponentials(((40.0, LN2 / 8.0), (5.0, LN2 / 159.5)), LN2 / 2.8)
    assert lea_catcheside(fitted, 2.8) == pytest.approx(expected, rel=1e-3)
    rising = fit_curve("kidney", (4.0, 24.0), [1.0, 3.0], LN2 / 159.5, "physical")
    assert rising.model == "trapezoid"
    expected = of_trapezoid((0.0, 4.0, 24.0), (0.0, 1.0, 3.0), LN2 / 159.5, LN2 / 2.8)
    assert lea_catcheside(rising, 2.8) == pytest.approx(expected)


def test_tissues_by_name():
    liver, metastasis = TissueResponse(2.5, 2.5), TissueResponse(10.0, 1.5)
    responses = {"kidney": KIDNEY, "liver": liver, "liver metastasis": metastasis}
    assert response_of("Left Kidney", responses) is KIDNEY
    assert response_of("liver", responses) is liver
    assert response_of("Liver metastasis 2", responses) is metastasis
    assert response_of("spleen", responses) is None


def test_of_a_case(case_folder):
    case_folder.data["administered_activity_MBq"] = 7400
    own = {"tumour": {"alpha_beta_Gy": 10, "repair_half_time_h": 1.5}}
    case_folder.change("options", "radiobiology", to=own)
    case_folder.change("options", "integration", to="mono-exponential")
    case = Case.read(case_folder.file)
    assert Case.from_dict(case.to_dict(), case_folder.folder) == case
    result = run_case(case)
    kidney, tumour, _ = result.organs
    assert kidney.BED_Gy is None
    assert tumour.effective_half_life_h == pytest.approx(60.0, rel=1e-3)
    share = 1.5 / (1.5 + tumour.effective_half_life_h)
    assert tumour.BED_Gy == pytest.approx(
        tumour.mean_dose_Gy * (1 + tumour.mean_dose_Gy / 10 * share)
    )
    assert tumour.dose_per_activity_Gy_GBq == pytest.approx(tumour.mean_dose_Gy / 7.4)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kidney": {"alpha_beta_Gy": 2.6}}, "the key 'repair_half_time_h' is missing"),
        (
            {"kidney": {"alpha_beta_Gy": 0, "repair_half_time_h": 2.8}},
            "alpha_beta_Gy is 0; it must",
        ),
        (
            {"kidney": {"alphabeta": 2.6, "repair_half_time_h": 2.8}},
            "the key 'alphabeta' is unknown",
        ),
        ({"": {"alpha_beta_Gy": 2.6, "repair_half_time_h": 2.8}}, "a name in radiobiology is ''"),
        ([2.6], "radiobiology is [2.6]; it must be a JSON object"),
        ({"kidney": 2.6}, "radiobiology['kidney']: this is 2.6; expected a JSON object"),
    ],
)
def test_parameters_that_are_not_allowed(case_folder, refused, given, expected):
    case_folder.change("options", "radiobiology", to=given)
    assert expected in refused()


def test_parameters_above_zero():
    with pytest.raises(InvalidInput, match="repair_half_time_h is -1"):
        TissueResponse(2.6, -1.0)
