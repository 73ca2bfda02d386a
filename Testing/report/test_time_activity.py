import numpy as np
import pytest

from LuDosimetryLib.activity.curve_fit import fit_curve
from LuDosimetryLib.report.time_activity import time_activity_figure, time_activity_section
from LuDosimetryLib.tissue.nuclide import read_nuclide

from .conftest import HOSTILE_NAME, small_result

DECAY = read_nuclide("Lu-177").decay_constant_per_h
HOURS = (4.0, 24.0, 48.0, 120.0)
PNG = b"\x89PNG\r\n\x1a\n"


def curves(*activities):
    names = ["kidney", HOSTILE_NAME, *(f"VOI {n}" for n in range(20))]
    return {
        name: fit_curve(name, HOURS, list(activity), DECAY, "physical")
        for name, activity in zip(names, activities, strict=False)
    }


def result_with(found):
    result = small_result()
    result.curves = found
    return result


WASHOUT = 80.0 * 2.0 ** (-np.array(HOURS) / 50.0) * np.array([1.02, 0.97, 1.03, 0.99])
UPTAKE = (12.0, 14.0, 12.0, 7.0)


def test_the_section_says_half_life_and_both_integrals(parse):
    found = curves(WASHOUT, UPTAKE)
    page = parse(time_activity_section(result_with(found), True))
    assert page.wrong == []
    assert page.tags.count("img") == 1
    assert "script" not in page.tags
    kidney = found["kidney"]
    for words in (
        "mono-exponential",
        "bi-exponential",
        f"{kidney.effective_half_life_h:.1f} ±",
        f"+{100 * (kidney.trapezoid_tia_MBq_h / kidney.tia_MBq_h - 1):.1f}",
    ):
        assert words in page.text


def test_without_pictures_the_table_remains(parse):
    page = parse(time_activity_section(result_with(curves(WASHOUT)), False))
    assert "img" not in page.tags
    assert "kidney" in page.text


def test_a_single_scan_has_no_section():
    assert time_activity_section(result_with({}), True) == ""


@pytest.mark.slow
def test_a_figure_of_every_kind_of_curve():
    nothing, rising, steep = (0.0,) * 4, (1.0, 2.0, 3.0, 4.0), (4000.0, 3.0, 2.0, 1.0)
    two_phase = (126.0, 31.0, 6.0, 0.3)
    found = curves(WASHOUT, UPTAKE, nothing, rising, steep, two_phase, *[WASHOUT] * 8)
    places = {name: n for n, name in enumerate(found)}
    few = {"kidney": found["kidney"]}
    assert time_activity_figure(found, places).startswith(PNG)
    assert time_activity_figure(few, places).startswith(PNG)
