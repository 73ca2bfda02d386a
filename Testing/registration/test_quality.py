"""Mutual information and displacement, against what is known."""

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.registration.quality import displacement_mm, mutual_information
from LuDosimetryLib.registration.view import View

GRID = Grid.axial((40, 40, 40), (4.0, 4.0, 4.0))
IDENTITY = sitk.Transform(3, sitk.sitkIdentity)


def view(values: np.ndarray, grid: Grid = GRID) -> View:
    return View(values.astype(np.float32), grid, np.ones(grid.shape, bool))


def test_gaussian_variables_of_known_correlation():
    """Their mutual information is -log2(1 - r^2) / 2."""
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, *GRID.shape))
    for r in (0.0, 0.6, 0.9):
        other = r * a + np.sqrt(1 - r**2) * b
        found, part = mutual_information(view(a + 5.0), view(other + 5.0), IDENTITY)
        # bins of a third of a standard deviation lose a little of it
        assert found == pytest.approx(-0.5 * np.log2(1 - r**2), rel=0.06, abs=0.01)
        assert part == pytest.approx(1.0)


def test_only_what_both_show_counts():
    values = np.random.default_rng(7).random(GRID.shape)
    shift = sitk.TranslationTransform(3, (80.0, 0.0, 0.0))
    _, part = mutual_information(view(values), view(values), shift)
    assert part == pytest.approx(0.5, abs=0.03)
    away = sitk.TranslationTransform(3, (900.0, 0.0, 0.0))
    assert mutual_information(view(values), view(values), away) == (0.0, 0.0)


def test_a_centroid_moves_as_the_transform_says():
    mask = np.zeros(GRID.shape, bool)
    mask[10:20, 12:22, 14:24] = True
    shift = sitk.TranslationTransform(3, (3.0, -4.0, 12.0))
    assert displacement_mm(shift, mask, GRID) == pytest.approx(13.0)
    turn = sitk.Euler3DTransform()
    turn.SetRotation(0.0, 0.0, np.pi)
    x, y, _ = GRID.positions(np.argwhere(mask)[:, ::-1].T).mean(axis=1)
    assert displacement_mm(turn, mask, GRID) == pytest.approx(2 * np.hypot(x, y), rel=0.02)
