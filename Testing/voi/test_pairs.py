"""Both kidneys together: by the names that people write, and never a second time."""

import numpy as np
import pytest

from LuDosimetryLib.voi.pairs import apart, with_kidneys_together


def masks(*names):
    found = {}
    for n, name in enumerate(names):
        found[name] = np.zeros((4, 4, 4), bool)
        found[name][n % 4, n // 4] = True
    return found


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("left kidney", "right kidney"),
        ("Kidney left", "Kidney right"),
        ("kidney_left", "kidney_right"),
        ("L kidney", "R kidney"),
        ("Kidney L", "Kidney R"),
        ("Kidney (Lt.)", "Kidney (Rt.)"),
        ("KidneyLeft", "KidneyRight"),
        ("KIDNEY-L", "kidney-r"),
    ],
)
def test_a_left_and_a_right_kidney_are_also_shown_together(left, right):
    vois = masks("liver", right, "spleen", left, "tumour")
    found = with_kidneys_together(vois)
    assert list(found) == ["liver", right, "spleen", left, "kidneys", "tumour"]
    np.testing.assert_array_equal(found["kidneys"], vois[left] | vois[right])
    for name, mask in vois.items():
        assert found[name] is mask


@pytest.mark.parametrize(
    "names",
    [
        ("left kidney", "liver"),
        ("left kidney", "right kidney", "kidneys"),
        ("left kidney", "right kidney", "Both Kidneys"),
        ("left kidney", "right kidney", "kidney"),
        ("left kidney", "kidney L", "right kidney"),
        ("left kidney cortex", "right kidney cortex"),
        ("left kidney", "right adrenal"),
        ("left lung", "right lung"),
        (),
    ],
)
def test_nothing_is_added_where_it_is_there_already_or_not_clear(names):
    assert list(with_kidneys_together(masks(*names))) == list(names)


def test_statistics_count_no_kidney_twice():
    assert apart(["left kidney", "right kidney", "kidneys", "liver"]) == [
        *("left kidney", "right kidney", "liver"),
    ]
    assert apart(["left kidney", "kidneys", "liver"]) == ["left kidney", "kidneys", "liver"]
