from math import log

import numpy as np
import pytest
from scipy.integrate import quad

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.radiobiology import (
    KIDNEY,
    TissueResponse,
    biologically_effective_dose_Gy,
    response_of,
)


def test_by_the_lea_catcheside_integral():
    """BED = D (1 + G D / (alpha/beta)), G integrated over a dose rate that falls exponentially."""
    dose_Gy, half_life_h, repair_h = 6.4, 51.0, 2.8
    fall, repair = log(2) / half_life_h, log(2) / repair_h

    def effect_of(t: float) -> float:
        # dose rate at t times what earlier dose left unrepaired, integrated over it by hand
        return (
            fall
            * np.exp(-fall * t)
            * fall
            * (np.exp(-fall * t) - np.exp(-repair * t))
            / (repair - fall)
        )

    g = 2.0 * quad(effect_of, 0.0, np.inf)[0]
    expected = dose_Gy * (1.0 + g * dose_Gy / 2.6)
    found = biologically_effective_dose_Gy(dose_Gy, half_life_h, KIDNEY)
    assert found == pytest.approx(expected, rel=1e-6)
    assert found == pytest.approx(6.4 * (1 + 6.4 / 2.6 * 2.8 / (2.8 + 51.0)))


def test_slow_delivery_and_early_responding_tissue_come_close_to_the_dose():
    assert biologically_effective_dose_Gy(10.0, 1e6, KIDNEY) == pytest.approx(10.0, rel=1e-4)
    early = TissueResponse(1e6, 2.8)
    assert biologically_effective_dose_Gy(10.0, 50.0, early) == pytest.approx(10.0, rel=1e-4)


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
    ("given", "said"),
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
def test_parameters_that_cannot_be(case_folder, refused, given, said):
    case_folder.change("options", "radiobiology", to=given)
    assert said in refused()


def test_parameters_above_zero():
    with pytest.raises(InvalidInput, match="repair_half_time_h is -1"):
        TissueResponse(2.6, -1.0)
