from math import log, pi, sqrt

import numpy as np
import pytest
from scipy.special import erf

from LuDosimetryLib.activity.partial_volume import SIGMA_PER_FWHM, blurred, self_recovery
from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.organs.uncertainty.delineation import (
    Outline,
    border_uncertainty_mm,
    relative_effect,
    segmentation_voxel_mm,
)

FINE = Grid.axial((56, 56, 56), (2.0, 2.0, 2.0))


def ball(grid: Grid, radius_mm: float) -> np.ndarray:
    at = [
        (np.arange(n) - 0.5 * (n - 1)) * s for n, s in zip(grid.shape, grid.spacing_mm, strict=True)
    ]
    r2 = at[0][:, None, None] ** 2 + at[1][None, :, None] ** 2 + at[2][None, None, :] ** 2
    return r2 <= radius_mm**2


def test_of_the_border():
    """Half of u(d), u^2(d) = a^2 / 6 + FWHM^2 / (4 ln 2)."""
    inputs = UncertaintyInputs(segmentation_resolution_mm=6.0)
    expected = 0.5 * sqrt(2.5**2 / 6 + 36 / (4 * log(2)))
    assert border_uncertainty_mm(inputs, 2.5) == pytest.approx(expected)
    inputs = UncertaintyInputs(segmentation_resolution_mm=0.0, segmentation_voxel_mm=6.0)
    assert border_uncertainty_mm(inputs, 2.5) == pytest.approx(0.5 * sqrt(6.0))


def test_the_segmentations_own_voxels(tmp_path):
    own = Grid.axial((4, 5, 6), (5.0, 1.0, 1.6))
    write_volume(tmp_path / "organs.nrrd", Volume(np.zeros(own.shape, np.float32), own), "")
    assert segmentation_voxel_mm(tmp_path / "organs.nrrd", FINE) == pytest.approx(2.0)
    assert segmentation_voxel_mm(tmp_path, FINE) == pytest.approx(2.0)


@pytest.mark.parametrize("radius_mm", [10.0, 16.0, 30.0])
@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (4.0, 3.0, 3.0)])
def test_volume_of_a_sphere(radius_mm, spacing):
    """3 u(d) / d, whatever the steps of the voxels add to the surface."""
    grid = Grid.axial((40, 50, 50), spacing)
    found = Outline.of(ball(grid, radius_mm), grid).volume_uncertainty(0.7)
    assert found == pytest.approx(3.0 * 0.7 / radius_mm, rel=0.06)


def test_a_flat_volume_is_less_sure_than_a_ball_as_large():
    plate = np.zeros(FINE.shape, bool)
    plate[26:29, 10:46, 10:46] = True
    radius = (3.0 * plate.sum() * 8.0 / (4.0 * pi)) ** (1 / 3)
    flat = Outline.of(plate, FINE).volume_uncertainty(0.5)
    assert flat > 2.0 * Outline.of(ball(FINE, radius), FINE).volume_uncertainty(0.5)
    thickness, side = 6.0, 72.0
    exact = 0.5 * (2.0 / thickness + 4.0 / side)
    assert flat == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("change", [-0.5, -0.1, 0.1, 0.5])
def test_drawn_otherwise(change):
    mask = ball(FINE, 18.0)
    drawn = Outline.of(mask, FINE).drawn(change)
    assert drawn.sum() == pytest.approx((1.0 + change) * mask.sum(), rel=1e-3)
    radius = 18.0 * (1.0 + change) ** (1 / 3)
    assert (drawn & ball(FINE, radius)).sum() > 0.97 * min(drawn.sum(), ball(FINE, radius).sum())
    assert (drawn >= mask).all() if change > 0 else (drawn <= mask).all()


@pytest.mark.parametrize("radius_mm", [12.0, 20.0])
def test_effect_on_the_concentration_of_a_blurred_sphere(radius_mm):
    """The concentration on the surface over the mean, less 1: in closed form for a sphere."""
    fwhm_mm = 8.0
    mask = ball(FINE, radius_mm)
    image = blurred(mask.astype(np.float32), FINE, fwhm_mm)
    outline = Outline.of(mask, FINE)
    s, d = fwhm_mm * SIGMA_PER_FWHM, 2.0 * radius_mm
    surface = 0.5 * erf(d / (s * sqrt(2))) - s / d * sqrt(2 / pi) * (
        1 - np.exp(-0.5 * (d / s) ** 2)
    )
    elasticity = surface / float(image[mask].mean()) - 1.0
    found = relative_effect(outline, 0.1, lambda drawn: float(image[drawn].mean()))
    assert found == pytest.approx(0.1 * abs(elasticity), rel=0.06)


def recovery_of_a_sphere(radius_mm: float, s: float) -> float:
    """Part of its own activity seen in a sphere: its blurred profile in closed form, integrated."""
    rho = np.linspace(1e-6, radius_mm, 4001)
    a, b = (radius_mm - rho) / (s * sqrt(2)), (radius_mm + rho) / (s * sqrt(2))
    seen = 0.5 * (erf(a) + erf(b)) - s / (rho * sqrt(2 * pi)) * (np.exp(-(a**2)) - np.exp(-(b**2)))
    return float(np.trapezoid(3.0 * rho**2 * seen, rho) / radius_mm**3)


@pytest.mark.parametrize("radius_mm", [12.0, 20.0])
def test_effect_on_the_recovered_dose_of_a_blurred_sphere(radius_mm):
    """
    By the terms of Gear et al. 2018 with all their covariances, in closed form.

    Counts change with the volume by phi / (2 R), recovery by d ln R / d ln v, and the S value by -1.
    """
    fwhm_mm = 8.0
    s = fwhm_mm * SIGMA_PER_FWHM
    mask = ball(FINE, radius_mm)
    image = blurred(mask.astype(np.float32), FINE, fwhm_mm)
    q = 2.0 * radius_mm / (s * sqrt(2))
    phi = erf(q) - 2.0 / (q * sqrt(pi)) * (1.0 - np.exp(-(q**2)))
    recovery = recovery_of_a_sphere(radius_mm, s)
    step = 1e-3
    ends = [recovery_of_a_sphere(radius_mm * (1.0 + sign * step), s) for sign in (1.0, -1.0)]
    of_recovery = log(ends[0] / ends[1]) / (6.0 * step)
    expected = 0.05 * abs(phi / (2.0 * recovery) - of_recovery - 1.0)

    def dose(drawn: np.ndarray) -> float:
        weights = drawn.astype(np.float32)
        return float(image[drawn].mean()) / self_recovery(weights, FINE, fwhm_mm)

    assert float(image[mask].mean()) == pytest.approx(recovery, rel=0.01)
    found = relative_effect(Outline.of(mask, FINE), 0.05, dose)
    assert found == pytest.approx(expected, rel=0.08)


def test_an_even_dose_does_not_depend_on_the_border():
    outline = Outline.of(ball(FINE, 15.0), FINE)
    assert relative_effect(outline, 0.2, lambda drawn: 3.0) == 0.0
    assert relative_effect(outline, 0.2, lambda drawn: 0.0) == 0.0


def test_at_the_end_of_the_grid():
    whole = np.ones((4, 4, 4), bool)
    outline = Outline.of(whole, Grid.axial((4, 4, 4), (3.0, 3.0, 3.0)))
    assert outline.drawn(0.5).sum() == 64
    single = np.zeros((4, 4, 4), bool)
    single[1, 1, 1] = True
    assert Outline.of(single, Grid.axial((4, 4, 4), (3.0, 3.0, 3.0))).drawn(-0.5).sum() == 1
