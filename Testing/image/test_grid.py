import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from LuDosimetryLib.image.grid import Grid

TURNED = tuple(Rotation.from_euler("zyx", (20, -35, 70), degrees=True).as_matrix().reshape(-1))
OBLIQUE = Grid((4, 5, 6), (3.0, 2.0, 1.0), (10.0, -20.0, 30.0), TURNED)

shapes = st.tuples(*[st.integers(1, 9)] * 3)
triples = st.tuples(*[st.floats(0.5, 9.0)] * 3)
offsets = st.tuples(*[st.floats(-20.0, 20.0)] * 3)


@st.composite
def grids(draw):
    """Any rotation, and mirrored ones too."""
    turn = Rotation.from_euler("zyx", draw(st.tuples(*[st.floats(-180, 180)] * 3)), degrees=True)
    direction = turn.as_matrix() * draw(st.tuples(*[st.sampled_from([1.0, -1.0])] * 3))
    return Grid(draw(shapes), draw(triples), draw(offsets), tuple(direction.reshape(-1)))


def all_indices(shape) -> np.ndarray:
    """(i, j, k) of all voxels in the order of the array."""
    return np.indices(shape).reshape(3, -1)[::-1]


@given(grids())
def test_indices_undo_positions(grid):
    index = all_indices(grid.shape)
    np.testing.assert_allclose(grid.indices(grid.positions(index)), index, atol=1e-9)
    assert grid.voxel_volume_mL == pytest.approx(np.prod(grid.spacing_mm) / 1000)


@given(grids(), st.data())
def test_a_crop_lies_where_it_was(grid, data):
    starts = [data.draw(st.integers(0, n - 1)) for n in grid.shape]
    stops = [data.draw(st.integers(a + 1, n)) for a, n in zip(starts, grid.shape, strict=True)]
    part = grid.crop(tuple(slice(a, b) for a, b in zip(starts, stops, strict=True)))
    index = all_indices(part.shape)
    moved = index + np.array(starts[::-1])[:, None]
    np.testing.assert_allclose(part.positions(index), grid.positions(moved), atol=1e-9)


@given(grids(), st.tuples(*[st.integers(1, 4)] * 3))
def test_a_refined_grid_fills_the_same_space(grid, factors):
    fine = grid.refined(factors)
    for low, high in ((-0.5, -0.5), (0.5, 0.5)):
        coarse_end = np.array([[n - 1 if high > 0 else 0] for n in grid.shape[::-1]]) + low
        fine_end = np.array([[n - 1 if high > 0 else 0] for n in fine.shape[::-1]]) + low
        np.testing.assert_allclose(grid.positions(coarse_end), fine.positions(fine_end), atol=1e-9)
    centres = grid.positions(all_indices(grid.shape)).mean(axis=1)
    np.testing.assert_allclose(
        fine.positions(all_indices(fine.shape)).mean(axis=1), centres, atol=1e-9
    )


@given(grids(), grids())
def test_which_voxels_another_grid_covers(grid, other):
    at = other.indices(grid.positions(all_indices(grid.shape)))
    size = np.array(other.shape[::-1])[:, None]
    margin = np.minimum(at + 0.5, size - 0.5 - at).min(axis=0)
    covered = grid.covered_by(other).reshape(-1)
    sure = np.abs(margin) > 1e-5
    np.testing.assert_array_equal(covered[sure], (margin > 0)[sure])
    box = np.zeros(grid.shape, bool)
    box[grid.box_around(other)] = True
    assert not (covered & ~box.reshape(-1)).any()


def test_a_grid_covers_itself_and_its_box_is_the_whole():
    assert OBLIQUE.covered_by(OBLIQUE).all()
    assert OBLIQUE.box_around(OBLIQUE) == tuple(slice(0, n) for n in OBLIQUE.shape)


def test_grids_are_the_same_within_a_hundredth_of_a_millimetre():
    def moved(by: float) -> Grid:
        return Grid(OBLIQUE.shape, OBLIQUE.spacing_mm, (10.0 + by, -20.0, 30.0), TURNED)

    assert OBLIQUE.same_as(moved(0.005))
    assert not OBLIQUE.same_as(moved(0.05))
    assert not OBLIQUE.same_as(OBLIQUE.refined((1, 1, 2)))
    stretched = Grid(OBLIQUE.shape, (3.0, 2.0, 1.01), OBLIQUE.origin_mm, TURNED)
    assert not OBLIQUE.same_as(stretched)


def test_an_axial_grid_is_centred():
    grid = Grid.axial((3, 4, 5), (3.0, 2.0, 1.0), (7.0, 8.0, 9.0))
    centres = grid.positions(all_indices(grid.shape)).mean(axis=1)
    np.testing.assert_allclose(centres, (7.0, 8.0, 9.0))
    assert grid.voxel_cm == pytest.approx((0.3, 0.2, 0.1))
