"""Activity goes with the tissue, and none is lost on the way."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.registration.transport import carried, reached, volume_ratio

GRID = Grid.axial((32, 32, 32), (4.0, 4.0, 4.0))


def total(values: np.ndarray, grid: Grid) -> float:
    return float(values.sum(dtype=np.float64)) * grid.voxel_volume_mL


def spots(grid: Grid) -> np.ndarray:
    """Activity as a SPECT shows it: nothing sharper than 8 mm."""
    values = np.zeros(grid.shape, np.float32)
    at = tuple(slice(n // 3, -(n // 3)) for n in grid.shape)
    values[at] = np.random.default_rng(5).random(values[at].shape) ** 6
    sigma = [8.0 / 2.355 / s for s in grid.spacing_mm]
    return ndimage.gaussian_filter(values, sigma, mode="constant")


def turn(degrees: float) -> sitk.Euler3DTransform:
    transform = sitk.Euler3DTransform()
    transform.SetRotation(np.radians(degrees), -np.radians(degrees), np.radians(degrees / 2))
    transform.SetTranslation((3.0, -5.0, 4.0))
    return transform


def bent(amount: float, seed: int) -> sitk.BSplineTransform:
    transform = sitk.BSplineTransform(3, 3)
    transform.SetTransformDomainOrigin((-100.0, -100.0, -100.0))
    transform.SetTransformDomainPhysicalDimensions((200.0, 200.0, 200.0))
    transform.SetTransformDomainMeshSize((5, 5, 5))
    count = len(transform.GetParameters())
    transform.SetParameters((np.random.default_rng(seed).normal(size=count) * amount).tolist())
    return transform


@pytest.mark.parametrize("transform", [turn(8.0), bent(6.0, 1), bent(8.0, 2)])
@pytest.mark.parametrize(
    "scan",
    [
        GRID,
        Grid.axial((60, 50, 40), (2.4, 2.9, 3.4), (2.0, 1.0, -3.0)),
        Grid((32, 32, 32), (4.0, 4.0, 4.0), (62.0, 62.0, -62.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1)),
    ],
)
def test_the_total_is_kept(transform, scan):
    values = spots(scan)
    moved = carried(Volume(values, scan), GRID, transform)
    assert total(moved, GRID) == pytest.approx(total(values, scan), rel=2e-3)
    assert moved.min() >= 0.0


def test_a_stretched_organ_keeps_its_activity():
    """Twice as wide along x at the scan: half the concentration, which is doubled again."""
    transform = sitk.AffineTransform(3)
    transform.SetMatrix((2.0, 0, 0, 0, 1, 0, 0, 0, 1))
    np.testing.assert_allclose(volume_ratio(transform, GRID), 2.0, rtol=1e-5)
    even = Volume(np.full((32, 32, 80), 3.0, np.float32), Grid.axial((32, 32, 80), (4.0, 4.0, 4.0)))
    np.testing.assert_allclose(carried(even, GRID, transform)[8:24, 8:24, 8:24], 6.0, rtol=1e-4)


def test_the_volume_ratio_on_turned_grids():
    """The determinant is the same seen along any axes; by differences of points, as a check."""
    transform = bent(7.0, 3)
    axes = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    grid = Grid((6, 7, 8), (2.0, 2.0, 2.0), (-5.0, 3.0, 7.0), tuple(axes.reshape(-1)))
    found = volume_ratio(transform, grid)
    for k, j, i in ((0, 0, 0), (3, 4, 5), (5, 6, 7)):
        x = grid.positions(np.array([[i], [j], [k]]))[:, 0]
        columns = [
            (np.array(transform.TransformPoint(x + h)) - transform.TransformPoint(x - h)) / 0.2
            for h in 0.1 * np.eye(3)
        ]
        assert found[k, j, i] == pytest.approx(np.linalg.det(np.array(columns).T), abs=0.01)


def test_there_and_back_keeps_small_hot_spots():
    """A tumour of 2 cm seen with 8 mm resolution, through two interpolations."""
    k, j, i = np.indices(GRID.shape)
    ball = (k - 16) ** 2 + (j - 15) ** 2 + (i - 17) ** 2 <= 2.5**2
    seen = ndimage.gaussian_filter(ball.astype(np.float32), 8.0 / 2.355 / 4.0)
    there = carried(Volume(seen, GRID), GRID, turn(5.0))
    back = carried(Volume(there, GRID), GRID, turn(5.0).GetInverse())
    assert back[ball].sum() == pytest.approx(seen[ball].sum(), rel=0.015)


def test_where_a_scan_reaches():
    shift = sitk.TranslationTransform(3, (8.0, 0.0, 0.0))
    seen = reached(GRID, GRID, shift)
    assert seen[:, :, :-2].all()
    assert not seen[:, :, -2:].any()
