"""Random fields, depths, ellipsoids and tubes."""

import numpy as np
import pytest

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.lab.phantom.region import (
    depth_mm,
    distance_mm,
    radius,
    tube_distance_mm,
    voxel_positions,
)
from LuDosimetryLib.lab.phantom.texture import grain, smooth_field

GRID = Grid.axial((30, 32, 34), (2.0, 2.5, 3.0), (1.0, 2.0, 3.0))


def test_a_smooth_field_has_unit_variance_and_varies_over_its_length():
    fields = np.stack([smooth_field(GRID, 9.0, np.random.default_rng(n)) for n in range(60)])
    assert fields.shape[1:] == GRID.shape
    assert np.sqrt((fields**2).mean()) == pytest.approx(1.0, rel=0.05)
    assert abs(fields.mean()) < 0.05
    step = np.diff(fields, axis=1).std() / fields.std()
    assert step < 2.0 / 9.0


def test_grain_has_unit_variance():
    assert grain(GRID.shape, 0.7, np.random.default_rng(1)).std() == pytest.approx(1.0, rel=0.02)


def test_positions_are_those_of_the_grid():
    x, y, z = voxel_positions(GRID)
    expected = GRID.positions(np.array([[5], [7], [9]]))[:, 0]
    assert (x[9, 7, 5], y[9, 7, 5], z[9, 7, 5]) == pytest.approx(tuple(expected))


def test_an_ellipsoid_has_its_volume():
    inside = radius(voxel_positions(GRID), (1.0, 2.0, 3.0), (30.0, 24.0, 20.0)) < 1.0
    volume = inside.sum() * GRID.voxel_volume_mL
    assert volume == pytest.approx(4e-3 / 3 * np.pi * 30 * 24 * 20, rel=0.01)


def test_a_tube_is_as_thick_as_asked_and_ends_round():
    fine = Grid.axial((66, 30, 30), (1.0, 1.0, 1.0))
    line = [(0.2, 0.1, -18.2), (0.2, 0.1, 17.8)]
    distance = tube_distance_mm(voxel_positions(fine), line, 13.0)
    volume = (distance < 10.0).sum() * fine.voxel_volume_mL
    assert volume == pytest.approx(1e-3 * np.pi * (100.0 * 36.0 + 4000.0 / 3.0), rel=0.01)
    assert np.isinf(distance[0, 0, 0])


def test_depth_counts_from_the_border_of_the_image_too():
    whole = np.ones(GRID.shape, bool)
    assert depth_mm(whole, GRID)[0, 5, 5] == 2.0
    point = np.zeros(GRID.shape, bool)
    point[3, 3, 3] = True
    distance = distance_mm(point, GRID, 9.5)
    assert distance[3, 3, 6] == 9.0
    assert distance[3, 3, 3] == 0.0
    assert np.isinf(distance[3, 3, 7])
    assert np.isinf(distance_mm(~whole, GRID, 9.5)).all()
