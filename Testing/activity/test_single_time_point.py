import numpy as np
import pytest

from LuDosimetryLib.activity.haenscheid import VALID, haenscheid_hours
from LuDosimetryLib.activity.madsen import madsen_hours
from LuDosimetryLib.activity.single_time_point import check_effective_half_life, chosen_scan
from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.tissue.nuclide import read_nuclide

HALF_LIFE_H = 50.0
EXACT_H = HALF_LIFE_H / np.log(2.0)


def haenscheid_over_truth(part: float) -> float:
    """For a scan at a part of the effective half-life."""
    activity = 2.0**-part
    return activity * haenscheid_hours(part * HALF_LIFE_H) / EXACT_H


def test_haenscheid_is_exact_at_one_and_two_half_lives():
    assert haenscheid_over_truth(1.0) == pytest.approx(1.0, rel=1e-12)
    assert haenscheid_over_truth(2.0) == pytest.approx(1.0, rel=1e-12)


def test_haenscheid_errs_by_12_percent_at_most_in_its_window():
    inside = [haenscheid_over_truth(x) for x in np.linspace(*VALID, 500)]
    assert 0.88 < min(inside) < 0.89
    assert 1.06 < max(inside) < 1.07
    assert haenscheid_over_truth(0.5) < 0.75
    assert haenscheid_over_truth(3.5) < 0.65


@pytest.mark.parametrize("hours", [4.0, 24.0, 72.0, 168.0])
def test_madsen_is_exact_for_the_right_half_life(hours):
    activity = 2.0 ** (-hours / HALF_LIFE_H)
    assert activity * madsen_hours(hours, HALF_LIFE_H) == pytest.approx(EXACT_H, rel=1e-12)


def test_madsen_hardly_minds_a_wrong_half_life_at_its_own_best_time():
    """At t = T / ln 2 the derivative by T is nought."""
    best = HALF_LIFE_H / np.log(2.0)
    activity = 2.0 ** (-best / HALF_LIFE_H)
    for wrong in (0.8, 1.25):
        tia = activity * madsen_hours(best, wrong * HALF_LIFE_H)
        assert tia == pytest.approx(EXACT_H, rel=0.03)
    early = 2.0 ** (-4.0 / HALF_LIFE_H) * madsen_hours(4.0, 1.25 * HALF_LIFE_H)
    assert early / EXACT_H > 1.2


@pytest.mark.parametrize(
    ("hours", "chosen"),
    [
        ([4.0, 24.0, 48.0, 120.0], 120.0),
        ([4.0, 24.0, 70.0, 168.0], 70.0),
        ([24.0, 72.0, 96.0], 96.0),
        ([24.0], 24.0),
        ([4.0, 24.0], 24.0),
        ([100.0, 200.0], 100.0),
    ],
)
def test_the_scan_nearest_to_the_window_is_chosen(hours, chosen):
    assert read_nuclide("Lu-177").haenscheid_window_h == (72.0, 96.0)
    assert hours[chosen_scan(hours, (72.0, 96.0))] == chosen


def test_an_effective_half_life_beyond_the_physical_one_is_refused():
    nuclide = read_nuclide("Lu-177")
    check_effective_half_life(None, nuclide)
    check_effective_half_life(159.0, nuclide)
    with pytest.raises(InvalidInput, match=r"effective_half_life_h is 160.*159\.5 h"):
        check_effective_half_life(160.0, nuclide)
