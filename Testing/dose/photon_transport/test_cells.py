"""Cells keep what voxels hold."""

import numpy as np
import pytest

from LuDosimetryLib.dose.photon_transport.cells import CELL_CM, Cells


@pytest.mark.parametrize(
    ("shape", "voxel_cm"), [((20, 31, 17), (0.387,) * 3), ((7, 40, 9), (0.8, 0.2137, 1.4))]
)
def test_the_sum_stays(shape, voxel_cm):
    cells = Cells.of(shape, voxel_cm)
    assert cells.cell_cm == tuple(max(CELL_CM, size) for size in voxel_cm)
    values = np.random.default_rng(1).random(shape, np.float32)
    mean = cells.mean(values)
    held = mean.sum(dtype=float) * np.prod(cells.cell_cm)
    assert held == pytest.approx(values.sum(dtype=float) * np.prod(voxel_cm), rel=1e-5)


def test_a_mirror_image_has_mirrored_cells():
    values = np.random.default_rng(2).random((20, 31, 17), np.float32)
    cells = Cells.of(values.shape, (0.387, 0.3, 0.48))
    for axis in range(3):
        mirrored = cells.mean(np.flip(values, axis))
        assert np.flip(mirrored, axis) == pytest.approx(cells.mean(values), abs=1e-6)


def test_a_slope_comes_back_as_it_was():
    shape, voxel_cm = (24, 30, 26), (0.387, 0.3, 0.48)
    cells = Cells.of(shape, voxel_cm)
    slope = sum(
        np.reshape(n * np.arange(count) * size, [-1 if a == axis else 1 for a in range(3)])
        for axis, (n, count, size) in enumerate(zip((1, -2, 3), shape, voxel_cm, strict=True))
    ).astype(np.float32)
    back = cells.at_voxels(cells.mean(slope))
    inside = (slice(6, -6),) * 3
    # a voxel that a cell cuts is even within itself: off by a part of its own slope
    assert back[inside] == pytest.approx(slope[inside], abs=0.2 * 3 * 0.48)


def test_a_single_voxel():
    cells = Cells.of((1, 1, 1), (0.4,) * 3)
    mean = cells.mean(np.ones((1, 1, 1), np.float32))
    assert mean.shape == (1, 1, 1)
    assert mean[0, 0, 0] == pytest.approx((0.4 / CELL_CM) ** 3)
    assert cells.at_voxels(mean).shape == (1, 1, 1)
