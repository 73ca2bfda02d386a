from dataclasses import replace
from math import hypot
from pathlib import Path

import pytest

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.course.course import USUAL_LIMITS, Course, Cycle, Limit
from LuDosimetryLib.organs.quantities import OrganDose


def organ(dose_Gy: float, effect_Gy: float | None = None, **parts: float) -> OrganDose:
    return OrganDose(
        *("organ", 10.0, 10.0, 100.0, dose_Gy, 0.0, dose_Gy, dose_Gy, dose_Gy, dose_Gy, dose_Gy),
        standard_uncertainty_Gy=0.01 * hypot(*parts.values()) * dose_Gy,
        uncertainty_parts_percent=parts,
        effective_half_life_h=50.0,
        BED_Gy=effect_Gy,
    )


def cycle(number: int, activity_MBq: float | None = 7400.0, **organs: OrganDose) -> Cycle:
    return Cycle(number, Path(f"c{number}"), "p", "Lu-177", "local", activity_MBq, organs, False)


def course(*cycles: Cycle) -> Course:
    return Course("p", cycles, USUAL_LIMITS)


def test_doses_and_effects_add_up():
    found = course(
        cycle(1, kidney=organ(4.0, 4.5)), cycle(2, 3700.0, kidney=organ(3.0, 3.25))
    ).organs
    assert [o.name for o in found] == ["kidney"]
    assert found[0].cycles == (1, 2)
    assert found[0].cumulated_dose_Gy == (4.0, 7.0)
    assert found[0].cumulated_BED_Gy == (4.5, 7.75)
    assert found[0].dose_per_activity_Gy_GBq == pytest.approx(7.0 / 11.1)


def test_what_errs_alike_adds_up_and_the_rest_as_squares():
    parts = {"calibration": 5.0, "delineation": 3.0}
    found = course(cycle(1, kidney=organ(4.0, **parts)), cycle(2, kidney=organ(2.0, **parts)))
    by_hand = hypot(0.05 * (4.0 + 2.0), 0.03 * 4.0, 0.03 * 2.0)
    uncertainty = found.organs[0].cumulated_standard_uncertainty_Gy
    assert uncertainty == pytest.approx((hypot(0.2, 0.12), by_hand))


def test_what_a_cycle_lacks_the_sum_lacks():
    lacking = replace(organ(2.0), standard_uncertainty_Gy=None)
    found = course(cycle(1, None, kidney=organ(4.0, 4.5)), cycle(2, kidney=lacking)).organs[0]
    assert found.cumulated_dose_Gy == (4.0, 6.0)
    assert found.cumulated_BED_Gy is None
    assert found.cumulated_standard_uncertainty_Gy is None
    assert found.dose_per_activity_Gy_GBq is None


def test_an_organ_of_some_cycles():
    found = course(
        cycle(1, kidney=organ(4.0)),
        cycle(2, kidney=organ(3.0), tumour=organ(20.0)),
        cycle(3, tumour=organ(15.0)),
    ).organs
    assert [(o.name, o.cycles) for o in found] == [("kidney", (1, 2)), ("tumour", (2, 3))]
    assert found[1].cumulated_dose_Gy == (20.0, 35.0)
    assert found[1].dose_per_activity_Gy_GBq == pytest.approx(35.0 / 14.8)


def test_limits_by_name():
    of = Course("p", (), {"kidney": Limit(23.0), "left kidney": Limit(BED_Gy=40.0)})
    assert of.limit_of("Right Kidney") == Limit(23.0)
    assert of.limit_of("left kidney") == Limit(BED_Gy=40.0)
    assert of.limit_of("liver") is None


def test_lines_that_are_crossed_are_named():
    of = Course(
        "p",
        (cycle(1, kidney=organ(4.0, 4.5)), cycle(2, kidney=organ(3.0, 3.25))),
        {"kidney": Limit(dose_Gy=5.0, BED_Gy=7.5)},
    )
    (kidney,) = of.organs
    assert of.above(kidney, 0) == []
    assert of.above(kidney) == ["above the line of 5 Gy", "BED above the line of 7.5 Gy"]


@pytest.mark.parametrize("value", [0.0, -3.0, "23", float("nan")])
def test_limits_are_doses(value):
    with pytest.raises(InvalidInput, match="dose_Gy is"):
        Limit(dose_Gy=value)
