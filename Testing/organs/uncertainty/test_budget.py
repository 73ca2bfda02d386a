from math import hypot

import numpy as np
import pytest

from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs
from LuDosimetryLib.organs.uncertainty.budget import PARTS, DoseBudget
from LuDosimetryLib.organs.uncertainty.delineation import border_uncertainty_mm

CASES = 200
INPUTS = UncertaintyInputs(
    calibration_percent=4.0,
    scan_percent=5.0,
    scan_time_h=0.5,
    curve_percent=0.0,  # the same curve in all cases
    spect_resolution_percent=10.0,
    segmentation_resolution_mm=4.0,
    dose_engine_percent=2.0,
)


def test_parts_add_up_as_squares():
    budget = DoseBudget(20.0, {"calibration": 3.0, "delineation": 4.0, "monte_carlo": 12.0})
    assert budget.percent == pytest.approx(13.0)


def test_of_a_case(measure):
    result = measure(uncertainty=INPUTS)
    for organ in result.organs:
        parts = organ.uncertainty_parts_percent
        assert tuple(parts) == PARTS
        assert (parts["calibration"], parts["dose_engine"]) == (4.0, 2.0)
        assert parts["recovery"] == parts["monte_carlo"] == 0.0
        relative = 100.0 * organ.standard_uncertainty_Gy / organ.mean_dose_Gy
        assert relative == pytest.approx(hypot(*parts.values()))
        # larger volumes take in both mass and activity
        assert 0.2 < parts["delineation"] / organ.volume_uncertainty_percent < 0.7
    kidney, tumour = result.organs
    border = border_uncertainty_mm(INPUTS, 2.5)
    assert kidney.volume_uncertainty_percent == pytest.approx(300.0 * border / 21.0, rel=0.05)
    assert tumour.volume_uncertainty_percent == pytest.approx(300.0 * border / 14.0, rel=0.05)


def test_a_recovery_correction_makes_the_border_matter_more(measure):
    """What it puts back belongs to a volume that may be another."""
    plain = measure(uncertainty=INPUTS)
    corrected = measure(uncertainty=INPUTS, spect_resolution_mm=10.0)
    for before, after in zip(plain.organs, corrected.organs, strict=True):
        assert after.mean_dose_Gy > 1.1 * before.mean_dose_Gy
        assert after.uncertainty_parts_percent["recovery"] > 2.0
        assert (
            after.uncertainty_parts_percent["delineation"]
            > 1.05 * before.uncertainty_parts_percent["delineation"]
        )


def test_nothing_unsure_leaves_what_scans_do_not_show(measure):
    """Kinetics before the first scan and after the last, of which four scans leave little open."""
    sure = UncertaintyInputs(
        *(0.0,) * 7,
        segmentation_voxel_mm=0.0,
        segmentation_resolution_mm=0.0,
        dose_engine_percent=0,
    )
    asked = {"uncertainty": sure, "spect_resolution_mm": 10.0, "integration": "bayesian"}
    for organ in measure(**asked).organs:
        parts = organ.uncertainty_parts_percent
        assert 0.2 < parts.pop("time_activity") < 3.0
        assert not any(parts.values())


@pytest.mark.slow
def test_the_stated_uncertainty_is_the_spread_of_perturbed_cases(measure, errors_of):
    """
    200 cases through the whole pipeline, everything perturbed at random by what is stated of it.

    Kinetics are the same in all cases: instead of the part that they have in the budget, the
    spread has what the errors of scans and times do, one after the other. The spread of 200 is
    itself known to 5 %.
    """
    options = {
        "uncertainty": INPUTS,
        "spect_resolution_mm": 10.0,
        "integration": "bayesian",
    }
    organs = measure(**options).organs
    by_scans = _effect_of_scans(measure, errors_of, options)
    for organ, effect in zip(organs, by_scans, strict=True):
        assert 0.8 * effect < organ.uncertainty_parts_percent["time_activity"] < 2.0 * effect
    stated = [
        0.01
        * organ.mean_dose_Gy
        * hypot(*(organ.uncertainty_parts_percent | {"time_activity": effect}).values())
        for organ, effect in zip(organs, by_scans, strict=True)
    ]
    border_mm = border_uncertainty_mm(INPUTS, 2.5)
    rng = np.random.default_rng(1)
    doses = []
    for draw in rng.standard_normal((CASES, 13)):
        errors = errors_of(
            calibration=0.04 * draw[0],
            scans=tuple(0.05 * draw[1:5]),
            hours=tuple(0.5 * draw[5:9]),
            border_mm={"kidney": border_mm * draw[9], "tumour": border_mm * draw[10]},
            fwhm=0.1 * draw[11],
            density=0.02 * draw[12],
            noise=rng,
        )
        doses.append([organ.mean_dose_Gy for organ in measure(errors, **options).organs])
    assert stated == pytest.approx(np.std(doses, axis=0, ddof=1), rel=0.15)


def _effect_of_scans(measure, errors_of, options) -> np.ndarray:
    """Standard deviation of each organ's dose by the errors of its scans and their times [%]."""
    sure = [organ.mean_dose_Gy for organ in measure(**options).organs]
    squares = np.zeros(len(sure))
    for n in range(4):
        for off in (
            {"scans": tuple(0.05 * (m == n) for m in range(4))},
            {"hours": tuple(0.5 * (m == n) for m in range(4))},
        ):
            moved = [organ.mean_dose_Gy for organ in measure(errors_of(**off), **options).organs]
            squares += (100.0 * (np.array(moved) / sure - 1.0)) ** 2
    return np.sqrt(squares)
