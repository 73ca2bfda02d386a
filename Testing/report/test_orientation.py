from itertools import permutations, product

import numpy as np
import pytest

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.report.orientation import PatientOrder, line_through, three_planes

SIGNED_PERMUTATIONS = [
    (axes, signs) for axes in permutations(range(3)) for signs in product((1, -1), repeat=3)
]


def grid_along(axes: tuple[int, ...], signs: tuple[int, ...]) -> Grid:
    """Grid whose i, j, k run along the patient axes given, with the signs given."""
    direction = np.zeros((3, 3))
    for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        direction[axis, column] = sign
    return Grid((2, 3, 4), (2.0, 3.0, 4.0), (10.0, 20.0, 30.0), tuple(direction.reshape(-1)))


def positions_of(grid: Grid) -> np.ndarray:
    """Patient x, y, z of every voxel, shape (3, k, j, i)."""
    k, j, i = np.meshgrid(*map(np.arange, grid.shape), indexing="ij")
    index = np.stack([i, j, k]).reshape(3, -1)
    return grid.positions(index).reshape(3, *grid.shape)


@pytest.mark.parametrize(("axes", "signs"), SIGNED_PERMUTATIONS)
def test_every_axis_aligned_direction_comes_into_patient_order(axes, signs):
    grid = grid_along(axes, signs)
    order = PatientOrder.of(grid)
    x, y, z = (order.apply(values) for values in positions_of(grid))
    dz, dy, dx = order.spacing_mm
    np.testing.assert_allclose(np.diff(x, axis=2), dx)
    np.testing.assert_allclose(np.diff(y, axis=1), dy)
    np.testing.assert_allclose(np.diff(z, axis=0), dz)
    assert order.tilt_degrees == pytest.approx(0.0, abs=1e-6)
    assert not order.is_oblique


@pytest.mark.parametrize(("axes", "signs"), SIGNED_PERMUTATIONS)
def test_the_array_index_names_the_same_voxel(axes, signs):
    grid = grid_along(axes, signs)
    order = PatientOrder.of(grid)
    values = np.arange(24).reshape(grid.shape)
    turned = order.apply(values)
    for index in np.ndindex(turned.shape):
        assert values[order.array_index(index, grid.shape)] == turned[index]


def test_an_oblique_grid_takes_its_nearest_axes_and_says_its_tilt():
    angle = np.radians(20.0)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, -1]]
    )
    order = PatientOrder.of(Grid((2, 3, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), tuple(turn.flat)))
    assert order.axes == (0, 1, 2)
    assert order.flipped == (True, False, False)
    assert order.tilt_degrees == pytest.approx(20.0)
    assert order.is_oblique


def test_two_array_axes_never_take_the_same_patient_axis():
    # the first two columns are both closest to x
    turn = np.array([[0.70, 0.714, 0.0], [0.714, -0.70, 0.0], [0.0, 0.0, 1.0]])
    order = PatientOrder.of(Grid((2, 3, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), tuple(turn.flat)))
    assert sorted(order.axes) == [0, 1, 2]


def test_planes_are_radiological():
    # values tell the direction: z to superior hundreds, y to posterior tens, x to left ones
    z, y, x = np.meshgrid(np.arange(2), np.arange(3), np.arange(4), indexing="ij")
    axial, coronal, sagittal = three_planes(100 * z + 10 * y + x, (1, 2, 3), (5.0, 2.0, 1.0))
    assert axial.values.tolist() == [
        [100, 101, 102, 103],
        [110, 111, 112, 113],
        [120, 121, 122, 123],
    ]
    assert axial.letters == "RLAP"
    assert (axial.row, axial.column, axial.spacing_mm) == (2, 3, (2.0, 1.0))
    assert coronal.values.tolist() == [[120, 121, 122, 123], [20, 21, 22, 23]]
    assert coronal.letters == "RLSI"
    assert (coronal.row, coronal.column, coronal.spacing_mm) == (0, 3, (5.0, 1.0))
    assert sagittal.values.tolist() == [[103, 113, 123], [3, 13, 23]]
    assert sagittal.letters == "APSI"
    assert (sagittal.row, sagittal.column, sagittal.spacing_mm) == (0, 2, (5.0, 2.0))


@pytest.mark.parametrize(
    ("axis", "line"), [(0, [23, 123]), (1, [103, 113, 123]), (2, [120, 121, 122, 123])]
)
def test_a_line_goes_through_the_point(axis, line):
    z, y, x = np.meshgrid(np.arange(2), np.arange(3), np.arange(4), indexing="ij")
    assert line_through(100 * z + 10 * y + x, (1, 2, 3), axis).tolist() == line
