from math import pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

from LuDosimetryLib.activity.partial_volume import (
    SIGMA_PER_FWHM,
    Regions,
    Unblurred,
    blurred,
    self_recovery,
)
from LuDosimetryLib.image.grid import Grid

FWHM_MM = 10.0


def ball(grid: Grid, radius_mm: float, centre=(0.0, 0.0, 0.0)) -> np.ndarray:
    at = [
        (np.arange(n) - 0.5 * (n - 1)) * s - c
        for n, s, c in zip(grid.shape, grid.spacing_mm, centre, strict=True)
    ]
    return (
        at[0][:, None, None] ** 2 + at[1][None, :, None] ** 2 + at[2][None, None, :] ** 2
    ) <= radius_mm**2


def seen_within_a_sphere(radius_mm: float, fwhm_mm: float) -> float:
    """Mean over an evenly filled sphere of its own blurred image; the profile is in closed form."""
    s = fwhm_mm * SIGMA_PER_FWHM

    def profile(r: float) -> float:
        edges = [(radius_mm - r) / s, (radius_mm + r) / s]
        even = 0.5 * sum(erf(e / sqrt(2.0)) for e in edges)
        gaussians = [np.exp(-0.5 * e**2) for e in edges]
        return float(even - s / (r * sqrt(2.0 * pi)) * (gaussians[0] - gaussians[1]))

    integral = quad(lambda r: profile(r) * r**2, 1e-6, radius_mm)[0]
    return 3.0 * float(integral) / radius_mm**3


@pytest.mark.parametrize("radius_mm", [6.0, 10.0, 15.0, 25.0])
def test_self_recovery_of_spheres(radius_mm):
    grid = Grid.axial((80, 80, 80), (1.0, 1.0, 1.0))
    found = self_recovery(ball(grid, radius_mm).astype(np.float32), grid, FWHM_MM)
    assert found == pytest.approx(seen_within_a_sphere(radius_mm, FWHM_MM), rel=0.005)


def test_shape_matters_and_not_only_volume():
    """A flat volume loses more than a ball as large; along one axis the blur has a closed form."""
    grid = Grid.axial((60, 60, 60), (2.0, 2.0, 2.0))
    slab = np.zeros(grid.shape, np.float32)
    slab[28:32] = 1.0  # as wide as the grid, which the blur leaves at the other sides
    inner = slab.copy()
    s = FWHM_MM * SIGMA_PER_FWHM
    seen = blurred(inner, grid, FWHM_MM)[28:32, 30, 30].mean()
    exact = quad(lambda z: 0.5 * (erf((4 - z) / s / sqrt(2)) + erf((4 + z) / s / sqrt(2))), 0, 4)
    assert seen == pytest.approx(exact[0] / 4.0, rel=0.015)
    round_radius = (3.0 * 8.0 * 40.0**2 / (4.0 * pi)) ** (1 / 3)
    plate = np.zeros(grid.shape, np.float32)
    plate[28:32, 20:40, 20:40] = 1.0
    as_ball = self_recovery(ball(grid, round_radius).astype(np.float32), grid, FWHM_MM)
    assert self_recovery(plate, grid, FWHM_MM) < as_ball - 0.1


def two_regions(contrast: float) -> tuple[Grid, np.ndarray, Regions, np.ndarray]:
    grid = Grid.axial((40, 40, 40), (3.0, 3.0, 3.0))
    hot, patient = ball(grid, 14.0), ball(grid, 58.0)
    truth = np.where(hot, contrast, np.where(patient, 1.0, 0.0)).astype(np.float32)
    return grid, truth, Regions.of({"tumour": hot}, grid), hot


@pytest.mark.parametrize("contrast", [0.1, 1.0, 4.0, 50.0])
def test_even_regions_are_found_again(contrast):
    """Hot or cold, and as by the geometric transfer matrix of the same two regions."""
    grid, truth, regions, hot = two_regions(contrast)
    shown = blurred(truth, grid, FWHM_MM)
    found = Unblurred.of(shown, regions, grid, FWHM_MM)
    assert found.concentration[1] == pytest.approx(contrast, rel=0.02, abs=0.01)
    rest = (truth > 0.0) & ~hot
    sources = [blurred(mask.astype(np.float32), grid, FWHM_MM) for mask in (hot, rest)]
    matrix = [[float(image[mask].mean()) for image in sources] for mask in (hot, rest)]
    by_matrix = np.linalg.solve(matrix, [float(shown[mask].mean()) for mask in (hot, rest)])
    assert found.concentration[1] == pytest.approx(by_matrix[0], rel=0.02, abs=0.01)


def test_activity_is_moved_back_and_not_made():
    grid, truth, regions, hot = two_regions(30.0)
    shown = blurred(truth, grid, FWHM_MM)
    found = Unblurred.of(shown, regions, grid, FWHM_MM).values
    assert found.sum(dtype=float) == pytest.approx(shown.sum(dtype=float), rel=0.01)
    near = ball(grid, 20.0) & ~hot
    assert shown[near].mean() > 5.0  # what spilled out
    assert found[near].mean() == pytest.approx(1.0, abs=0.3)
    assert found[hot].std() < 0.05 * found[hot].mean()


def test_a_cold_volume_beside_a_hot_uneven_one_stays_above_zero():
    grid = Grid.axial((40, 40, 40), (3.0, 3.0, 3.0))
    cold, hot = ball(grid, 12.0, (0.0, 0.0, -13.0)), ball(grid, 12.0, (0.0, 0.0, 13.0))
    patient = ball(grid, 58.0)
    rng = np.random.default_rng(3)
    truth = np.where(hot, 50.0 * rng.uniform(0.5, 1.5, grid.shape), np.where(cold, 0.5, 2.0))
    truth = np.where(patient, truth, 0.0).astype(np.float32)
    shown = rng.poisson(40.0 * blurred(truth, grid, FWHM_MM)).astype(np.float32) / 40.0
    regions = Regions.of({"cold": cold, "hot": hot}, grid)
    found = Unblurred.of(shown, regions, grid, FWHM_MM)
    by_name = dict(zip(regions.names, found.concentration[1:], strict=True))
    assert shown[cold].mean() > 2.5 * truth[cold].mean()
    assert 0.0 < by_name["cold"] < 0.5 * shown[cold].mean()
    assert by_name["hot"] == pytest.approx(truth[hot].mean(), rel=0.06)


def test_a_smaller_volume_is_cut_out_of_a_larger():
    grid = Grid.axial((20, 20, 20), (5.0, 5.0, 5.0))
    liver, tumour = ball(grid, 30.0), ball(grid, 10.0)
    regions = Regions.of({"tumour": tumour, "liver": liver}, grid)
    assert regions.names == ("liver", "tumour")
    assert (regions.labels[tumour] == 2).all()
    assert (regions.labels[liver & ~tumour] == 1).all()
    assert not regions.labels[~liver].any()
    values = np.where(tumour, 7.0, 2.0).astype(np.float32)
    np.testing.assert_allclose(regions.means(values), [0.0, 2.0, 7.0])
