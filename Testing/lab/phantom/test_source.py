"""Sources of activity: means, patterns, sums."""

import numpy as np
import pytest

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.lab.phantom.kinetics import USUAL
from LuDosimetryLib.lab.phantom.source import (
    Source,
    background,
    concentration_MBq_mL,
    kidney_pattern,
    tia_MBq_h_mL,
)

GRID = Grid.axial((24, 24, 24), (3.0, 3.0, 3.0))


def cube(start, stop):
    mask = np.zeros(GRID.shape, bool)
    mask[start:stop, start:stop, start:stop] = True
    return mask


def test_a_pattern_leaves_the_mean_and_the_region():
    region = cube(5, 15)
    pattern = np.random.default_rng(1).uniform(0.5, 2.0, GRID.shape).astype(np.float32)
    uptake = USUAL["liver"].of(7400.0)
    source = Source.within("liver", region, uptake, pattern)
    tia = tia_MBq_h_mL([source], GRID.shape)
    assert tia[region].mean(dtype=float) == pytest.approx(uptake.tia_MBq_h_mL, rel=1e-5)
    assert tia[region].std() > 0.0
    assert not tia[~region].any()


def test_sources_add_up_and_an_empty_one_adds_nothing():
    uptake = USUAL["spleen"].of(7400.0)
    parts = [Source.within(name, cube(2, 8), uptake) for name in "ab"]
    empty = Source.within("empty", cube(0, 0), uptake)
    both = concentration_MBq_mL([*parts, empty], GRID.shape, 24.0)
    assert both[3, 3, 3] == pytest.approx(2.0 * uptake.concentration_MBq_mL(24.0), rel=1e-6)
    assert np.array_equal(both, 2.0 * concentration_MBq_mL(parts[:1], GRID.shape, 24.0))


def test_the_cortex_of_a_kidney_is_hotter_than_its_inside():
    kidney = cube(2, 20)
    pattern = kidney_pattern(kidney, GRID)
    assert pattern[2, 10, 10] > 1.5 * pattern[11, 11, 11]


def test_background_is_the_rest_of_the_patient_without_gas():
    hu = np.full(GRID.shape, -1000.0, np.float32)
    hu[3:21, 3:21, 3:21] = 0.0
    hu[10:14, 10:14, 10:14] = -950.0
    organ = Source.within("organ", cube(4, 8), USUAL["liver"].of(7400.0))
    even = np.ones(GRID.shape, np.float32)
    rest = background([organ], Volume(hu, GRID), USUAL["body"].of(7400.0), even)
    tia = tia_MBq_h_mL([rest], GRID.shape)
    assert tia[16, 16, 16] > 0.0
    assert not tia[hu < 0.0].any()
    assert not tia[cube(4, 8)].any()
