from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.activity.calibration import (
    activity_concentration,
    check_administered,
    check_course,
)
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.parts import Calibration, TimePoint
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume

GRID = Grid.axial((3, 4, 5), (4.0, 5.0, 6.0))  # voxels of 0.12 mL


def of(values, unit="Bq/mL", calibration=None):
    log = Log()
    point = TimePoint(24.0, Path("spect.nrrd"), unit=unit, calibration=calibration)
    volume = Volume(np.broadcast_to(np.float32(values), GRID.shape).copy(), GRID)
    return activity_concentration(volume, point, log).values, log


@pytest.mark.parametrize(
    ("value", "unit", "calibration"),
    [
        (1000.0, "Bq/mL", None),
        (120.0, "Bq", None),
        (60.0, "counts", Calibration(Bq_per_count=2.0)),
        (60.0, "counts", Calibration(cps_per_MBq=10.0, duration_s=50_000.0)),
        (40.0, "counts", Calibration(Bq_per_count=2.0, dead_time_factor=1.5)),
        (50.0, "counts", Calibration(cps_per_MBq=10.0, duration_s=50_000.0, dead_time_factor=1.2)),
    ],
)
def test_units(value, unit, calibration):
    activity, log = of(value, unit, calibration)
    np.testing.assert_allclose(activity, 1000.0, rtol=1e-6)
    assert log.remarks == []


@pytest.mark.parametrize("factor", [0.9, 0, -1, float("nan"), "1.1"])
def test_dead_time_factors_that_are_not_allowed(factor):
    with pytest.raises(InvalidInput, match="dead_time_factor is"):
        Calibration(Bq_per_count=2.0, dead_time_factor=factor)


def test_few_negative_voxels_become_zero_with_a_warning():
    values = np.full(GRID.shape, 10.0)
    values[0, 0, 0] = -3.0
    activity, log = of(values)
    assert activity.min() == 0.0
    assert activity.sum() == pytest.approx(590.0)
    assert log.remarks == [
        "SPECT at 24 h: negative voxels, 0.51 % of the activity, were set to zero."
    ]


def test_many_negative_voxels_are_an_error():
    values = np.full(GRID.shape, 10.0)
    values[0, 0, 0] = -7.0
    with pytest.raises(InvalidInput, match=r"1 negative voxels \(least -7 Bq/mL\).*allowed: 1 %"):
        of(values)


def test_an_empty_scan_is_worth_a_warning():
    activity, log = of(0.0)
    assert not activity.any()
    assert "no activity at all" in log.remarks[0]


def test_more_activity_than_was_given_is_worth_a_warning():
    log = Log()
    activity = Volume(np.full(GRID.shape, 1e6, np.float32), GRID)  # 7.2 MBq
    check_administered(activity, 24.0, 8.0, 0.00434, log)
    assert log.remarks == []
    check_administered(activity, 24.0, 7.0, 0.00434, log)
    assert "it holds 7.2 MBq" in log.remarks[0]
    assert "check unit and calibration" in log.remarks[0]


def test_next_to_no_activity_is_worth_a_warning():
    log = Log()
    activity = Volume(np.full(GRID.shape, 1e6, np.float32), GRID)  # 7.2 MBq
    check_administered(activity, 24.0, 7.2 * 80, 0.00434, log)
    assert log.remarks == []
    check_administered(activity, 24.0, 7.2 * 1000, 0.00434, log)
    assert "it holds 7.2 MBq, 0.11 % of what decay leaves of the 7200 MBq" in log.remarks[0]


def course(values, grids=(GRID, GRID, GRID)):
    """Warnings of scans at 4, 24 and 96 h whose voxels all have a value, each on its grid."""
    log = Log()
    scans = [
        Volume(np.full(grid.shape, value, np.float32), grid)
        for value, grid in zip(values, grids, strict=True)
    ]
    check_course(scans, (4.0, 24.0, 96.0), 0.00434, log)
    return log.remarks


def test_activity_that_comes_back_is_worth_a_warning():
    decay = np.exp(-0.00434 * np.array([4.0, 24.0, 96.0]))
    assert course(1e6 * decay) == []
    assert course((1e6, 5e5, 1e5)) == []
    (warning,) = course((1e6, 9e5, 1.5e6))
    assert (
        "SPECT at 96 h: corrected for decay it shows 2.28 times the activity of that at 24 h"
        in (warning)
    )
    (warning,) = course((1e3, 9e5, 1e5))  # the first in kBq
    assert "SPECT at 24 h" in warning


def test_a_larger_field_of_view_may_show_more():
    larger = Grid.axial((9, 4, 5), (4.0, 5.0, 6.0))
    assert course((1e6, 9e5, 9e5), (GRID, GRID, larger)) == []
    assert course((0.0, 9e5, 5e5)) == []
