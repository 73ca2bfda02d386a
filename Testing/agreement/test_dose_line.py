import numpy as np
import pytest

from LuDosimetryLib.agreement.dose_line import dose_line
from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.image.grid import Grid

ANGLE = np.radians(30.0)
OBLIQUE = (np.cos(ANGLE), 0.0, np.sin(ANGLE), 0.0, -1.0, 0.0, np.sin(ANGLE), 0.0, -np.cos(ANGLE))
GRID = Grid((7, 8, 9), (2.0, 3.0, 4.0), (-5.0, 7.0, 11.0), OBLIQUE)


def linear_dose() -> np.ndarray:
    """2 x - 3 y + 0.5 z at every voxel: trilinear interpolation reproduces it exactly."""
    k, j, i = np.meshgrid(*map(np.arange, GRID.shape), indexing="ij")
    x, y, z = GRID.positions(np.stack([i, j, k]).reshape(3, -1)).reshape(3, *GRID.shape)
    return 2 * x - 3 * y + 0.5 * z


def test_a_line_through_an_oblique_grid_reads_patient_positions():
    start, end = (tuple(p) for p in GRID.positions(np.array([[1, 7], [1.5, 6], [0.5, 5]])).T)
    line = dose_line({"dose": linear_dose()}, GRID, start, end, 0.5)
    x, y, z = line.position_mm
    np.testing.assert_allclose(line.values["dose"], 2 * x - 3 * y + 0.5 * z, atol=1e-9)
    length = np.linalg.norm(np.subtract(end, start))
    assert line.distance_mm[0] == 0.0
    assert line.distance_mm[-1] == pytest.approx(length)
    assert np.diff(line.distance_mm).mean() == pytest.approx(0.5, rel=0.02)
    np.testing.assert_allclose(line.position_mm[:, 0], start)
    np.testing.assert_allclose(line.position_mm[:, -1], end)


def test_the_line_reaches_the_outermost_voxel_centres_and_no_farther():
    first, last = GRID.positions(np.array([[0, 8], [0, 7], [0, 6]])).T
    line = dose_line({"dose": linear_dose()}, GRID, tuple(first), tuple(last))
    assert np.isfinite(line.values["dose"]).all()
    beyond = dose_line({"dose": linear_dose()}, GRID, tuple(first), tuple(2 * last - first))
    seen = np.isfinite(beyond.values["dose"])
    assert seen[0]
    assert not seen[-1]
    assert seen.mean() == pytest.approx(0.5, abs=0.05)


def test_a_line_needs_length_and_a_step():
    with pytest.raises(InvalidInput, match="two different points"):
        dose_line({}, GRID, (1.0, 2.0, 3.0), (1.0, 2.0, 3.0))
    with pytest.raises(InvalidInput, match="step above 0"):
        dose_line({}, GRID, (1.0, 2.0, 3.0), (1.0, 2.0, 4.0), -1.0)
