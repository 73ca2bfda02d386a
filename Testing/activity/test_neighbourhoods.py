"""Kinetics of small cubes, interpolated to their voxels."""

import numpy as np
import pytest

from LuDosimetryLib.activity.neighbourhoods import edge_voxels, hours_of_sum

SHAPE = (9, 8, 7)
EVERYWHERE = np.ones(SHAPE, bool)


def ratio(pooled):
    """A stand-in for kinetics: what the second scan has of the first."""
    return pooled[1] / pooled[0]


@pytest.mark.parametrize(
    ("voxel_mm", "edge"), [(2.0, 4), (3.87, 2), (4.8, 2), (8.83, 1), (20.0, 1)]
)
def test_edges_are_of_some_millimetres(voxel_mm, edge):
    assert edge_voxels(1e-3 * voxel_mm**3) == edge


@pytest.mark.parametrize("edge", [1, 2, 3])
def test_even_kinetics_stay_even(edge):
    rng = np.random.default_rng(1)
    first = rng.uniform(1.0, 5.0, SHAPE).astype(np.float32)
    found = hours_of_sum([first, 0.3 * first], EVERYWHERE, edge, ratio)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 0.3, rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ramp_is_met_between_the_centres_of_cubes(axis):
    at = np.expand_dims(
        np.arange(SHAPE[axis], dtype=np.float32), [n for n in range(3) if n != axis]
    )
    first = np.ones(SHAPE, np.float32)
    found = hours_of_sum([first, first * at], EVERYWHERE, 2, ratio)
    # the last cube may be half a cube; before the first centre and beyond the last it is level
    inner = np.moveaxis(found, axis, 0)[1 : 2 * (SHAPE[axis] // 2) - 1]
    expected = np.moveaxis(np.broadcast_to(at, SHAPE), axis, 0)[1 : 2 * (SHAPE[axis] // 2) - 1]
    np.testing.assert_allclose(inner, expected, atol=1e-5)


def test_only_voxels_that_count_say_what_kinetics_are():
    first = np.ones(SHAPE, np.float32)
    where = EVERYWHERE.copy()
    where[:, :, :3] = False
    second = np.where(where, np.float32(0.5), np.float32(90.0))
    found = hours_of_sum([first, second], where, 2, ratio)
    np.testing.assert_allclose(found[where], 0.5, rtol=1e-6)


def test_nothing_comes_of_nothing():
    empty = np.zeros(SHAPE, np.float32)
    assert not hours_of_sum([empty, empty], EVERYWHERE, 2, ratio).any()
    alone = empty.copy()
    alone[4, 4, 4] = 2.0
    found = hours_of_sum([alone, 0.5 * alone], EVERYWHERE, 2, ratio)
    assert found[4, 4, 4] == 0.5
    assert found[0, 0, 0] == 0.0
