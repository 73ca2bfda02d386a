import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.resampling import average_onto
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.tissue.density import (
    AIR_DENSITY_G_CM3,
    density_of,
    patient_mask,
)

FINE = Grid.axial((60, 140, 180), (3.0, 2.0, 2.0))
SPECT = Grid.axial((46, 76, 96), (4.0, 4.0, 4.0))
TISSUE, LUNG = 1.04, 0.26


def at(grid: Grid) -> np.ndarray:
    """Patient positions (x, y, z) [mm], shape (3, k, j, i)."""
    index = np.indices(grid.shape).reshape(3, -1)[::-1]
    return grid.positions(index).reshape(3, *grid.shape)


def ellipse(xyz, half, centre=(0.0, 0.0)) -> np.ndarray:
    return ((xyz[0] - centre[0]) / half[0]) ** 2 + ((xyz[1] - centre[1]) / half[1]) ** 2 <= 1.0


class Torso:
    """A trunk with lungs and bowel gas, two arms, a couch that touches the back, and a wire."""

    def __init__(self, grid: Grid) -> None:
        x, y, z = xyz = at(grid)
        self.trunk = ellipse(xyz, (110, 75))
        self.lungs = ellipse(xyz, (35, 40), (-50, -10)) & (z > 10)
        self.lungs |= ellipse(xyz, (35, 40), (50, -10)) & (z > 10)
        self.gas = ellipse(xyz, (20, 15), (20, -30)) & (z < -20) & (z > -60)
        self.arms = ellipse(xyz, (22, 28), (-145, 0)) | ellipse(xyz, (22, 28), (145, 0))
        shell = (np.abs(x) < 170) & (y > 75) & (y < 115)
        foam = (np.abs(x) < 168) & (y > 77) & (y < 113)
        self.couch, self.foam = shell & ~foam, foam
        self.wire = (np.hypot(x - 60, y + 110) < 3) & (z > 0)
        self.body = self.trunk | self.arms
        self.density = np.full(grid.shape, AIR_DENSITY_G_CM3, np.float32)
        self.density[self.body] = TISSUE
        self.density[self.lungs] = LUNG
        self.density[self.gas] = AIR_DENSITY_G_CM3
        self.density[self.couch], self.density[self.foam] = 1.2, 0.06
        self.density[self.wire] = 2.0


def onto_spect(values, grid: Grid = FINE) -> np.ndarray:
    return average_onto(Volume(values.astype(np.float32), grid), SPECT, 0.0)


@pytest.fixture(scope="module")
def torso() -> Torso:
    return Torso(FINE)


@pytest.fixture(scope="module")
def patient(torso) -> np.ndarray:
    return patient_mask(onto_spect(torso.density), SPECT)


def test_density_at_the_nodes_of_physics():
    nodes = {
        -2000: 0.00121,
        -1000: 0.00121,
        -98: 0.93,
        -97: 0.930486,
        14: 1.03,
        23: 1.031,
        100: 1.1199,
        101: 1.0762,
        1600: 1.9642,
        3000: 2.8,
        4000: 2.8,
    }
    hu = np.array(list(nodes), np.float32)
    np.testing.assert_allclose(density_of(hu), list(nodes.values()), rtol=1e-6)
    assert density_of(hu).dtype == np.float32


def test_density_between_the_nodes():
    hu = np.array([-549.0, 18.5, 100.5, 850.5], np.float32)
    between = [0.5 * (0.00121 + 0.93), 1.0305, 0.5 * (1.1199 + 1.0762), 0.5 * (1.0762 + 1.9642)]
    np.testing.assert_allclose(density_of(hu), between, rtol=1e-6)
    assert density_of(np.float32([101]))[0] < density_of(np.float32([100]))[0]


def test_the_patient_has_lungs_gas_and_arms(torso, patient):
    for name in ("trunk", "lungs", "gas", "arms"):
        part = onto_spect(getattr(torso, name)) > 0.999
        assert part.any()
        assert patient[part].all(), name


def test_the_couch_and_the_air_are_not_the_patient(torso, patient):
    nothing = onto_spect(torso.body) < 0.001
    assert not patient[onto_spect(torso.wire) > 0.3].any()
    stray = patient & nothing & (onto_spect(np.ones(FINE.shape)) > 0.999)
    # where the shell touches the back the voxels next to the skin cannot be told from it
    assert stray.sum() < 0.01 * patient.sum()
    away = stray & (at(SPECT)[1] > 75 + 2 * 4.0)
    assert not away.any()


@pytest.mark.parametrize("spacing_mm", [3.0, 4.8, 6.8, 9.0])
def test_the_couch_goes_at_any_voxel_size(torso, spacing_mm):
    shape = tuple(
        int(n * s / spacing_mm) - 1 for n, s in zip(FINE.shape, FINE.spacing_mm, strict=True)
    )
    grid = Grid.axial(shape, (spacing_mm,) * 3)
    mask = patient_mask(average_onto(Volume(torso.density, FINE), grid, 0.0), grid)
    away = at(grid)[1] > 75 + 2 * spacing_mm
    assert not mask[away].any()
    x, y, _ = at(grid)
    assert mask[(np.abs(x) < 80) & (np.abs(y) < 40)].all()


@pytest.mark.parametrize("density", [LUNG, 1.0, 1.4])
@pytest.mark.parametrize("shape", [(12, 13, 14), (3, 3, 3), (1, 20, 20)])
def test_a_phantom_that_fills_the_grid_is_all_patient(density, shape):
    grid = Grid.axial(shape, (4.0, 4.0, 4.0))
    assert patient_mask(np.full(shape, density, np.float32), grid).all()


def test_air_is_no_patient():
    grid = Grid.axial((9, 9, 9), (4.0, 4.0, 4.0))
    assert not patient_mask(np.full(grid.shape, 0.05, np.float32), grid).any()


def test_specks_are_dropped_and_small_bodies_are_not():
    grid = Grid.axial((30, 30, 30), (4.0, 4.0, 4.0))
    density = np.full(grid.shape, 0.0012, np.float32)
    density[12:14, 12:14, 12:14] = 1.0  # too small for the opening
    assert patient_mask(density, grid).sum() == 8
    density[4:26, 4:26, 16:28] = 1.0
    density[2:6, 2:6, 2:6] = 1.0
    mask = patient_mask(density, grid)
    assert mask[4:26, 4:26, 16:28].all()
    assert mask.sum() == 22 * 22 * 12


def test_the_mass_of_a_patient_on_an_oblique_ct():
    turn = Rotation.from_euler("zyx", (12, -8, 5), degrees=True).as_matrix()
    size = (90, 150, 180)
    origin = turn @ np.array([-0.5 * 179 * 2.0, -0.5 * 149 * 2.0, -0.5 * 89 * 2.5])
    oblique = Grid(size, (2.5, 2.0, 2.0), tuple(origin), tuple(turn.reshape(-1)))
    x, y, z = at(oblique)
    body = (x / 105) ** 2 + (y / 80) ** 2 + (z / 75) ** 2 <= 1.0
    lung = ((x - 40) / 40) ** 2 + (y / 45) ** 2 + (z / 45) ** 2 <= 1.0
    density = np.where(body, np.where(lung, LUNG, TISSUE), AIR_DENSITY_G_CM3).astype(np.float32)
    true_g = float(density[body].sum(dtype=np.float64)) * oblique.voxel_volume_mL
    coarse = average_onto(Volume(density, oblique), SPECT, AIR_DENSITY_G_CM3)
    mask = patient_mask(coarse, SPECT)
    mass_g = float(coarse[mask].sum(dtype=np.float64)) * SPECT.voxel_volume_mL
    assert mass_g == pytest.approx(true_g, rel=0.005)
