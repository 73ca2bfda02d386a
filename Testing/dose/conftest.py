"""Patients small enough for plain convolutions."""

import numpy as np
import pytest

from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.tissue.nuclide import read_nuclide


def uniform_problem(shape=(24, 24, 24), side_mm=4.0, density=1.045, tia=None, device="cpu"):
    grid = Grid.axial(shape, (side_mm,) * 3)
    rho = np.full(shape, density, np.float32)
    if tia is None:
        tia = np.ones(shape, np.float32)
    return DoseProblem(grid, tia, rho, np.ones(shape, bool), read_nuclide("Lu-177"), device=device)


@pytest.fixture
def mixed_problem():
    """Air, lung, fat, soft tissue and bone about a hot spot, on anisotropic voxels."""
    rng = np.random.default_rng(5)
    shape = (22, 20, 26)
    grid = Grid.axial(shape, (5.0, 4.0, 3.5))
    rho = rng.normal(1.04, 0.03, shape).astype(np.float32)
    rho[:, :5] = rng.normal(0.28, 0.06, (22, 5, 26))
    rho[:, 15:] = rng.uniform(1.1, 1.8, (22, 5, 26))
    rho[:3] = 0.92
    rho[:, :, :2] = 0.00121
    rho = np.maximum(rho, 0.00121)
    tia = rng.uniform(1.0, 5.0, shape).astype(np.float32)
    tia[8:12, 8:12, 8:12] = 200.0
    tia[:, :, :2] = 0.0
    return DoseProblem(grid, tia, rho, rho > 0.05, read_nuclide("Lu-177"))
