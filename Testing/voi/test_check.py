import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.voi.check import check_report_vois, check_vois


def halves(names):
    """VOIs of ten voxels of which half have no dose."""
    reported = np.zeros((1, 1, 10), bool)
    reported[..., 5:] = True
    return {name: np.ones((1, 1, 10), bool) for name in names}, reported


def test_remarks_of_few_volumes_stand_each_for_itself():
    log = Log()
    check_vois(*halves(["liver", "spleen"]), log)
    assert log.remarks == [
        f"50 % of '{name}' is air or lies outside the patient on the CT and has no dose."
        for name in ("liver", "spleen")
    ]
    assert log.remarks_of_vois == {"liver": [0], "spleen": [1]}


def test_remarks_of_many_volumes_are_one_that_marks_each():
    log, names = Log(), [f"rib_left_{n}" for n in range(1, 13)]
    check_vois(*halves(names), log)
    (remark,) = log.remarks
    assert remark.startswith("A part of 12 volumes of interest is air or lies outside the patient")
    assert "rib_left_7 50 %" in remark
    assert log.remarks_of_vois == {name: [0] for name in names}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (("kidney", "Liver"), []),
        ((), []),
        (
            ("brain",),
            ["report_vois: no volume of interest is called 'brain' (left kidney, liver)."],
        ),
    ],
)
def test_a_choice_for_the_report_that_is_not_there_is_remarked(chosen, expected):
    log = Log()
    check_report_vois(["left kidney", "liver"], chosen, log)
    assert log.remarks == expected


def test_of_many_volumes_the_remark_does_not_list_all():
    log = Log()
    check_report_vois([f"rib {n}" for n in range(99)], ["brain"], log)
    assert log.remarks == [
        "report_vois: no volume of interest is called 'brain' (organs.csv lists the names)."
    ]
