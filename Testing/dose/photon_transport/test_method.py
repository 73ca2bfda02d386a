"""Dose by photon transport against Monte Carlo, closed forms, and published S values."""

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.photon_transport.method import photon_dose, photon_transport_dose
from LuDosimetryLib.dose.problem import GY_G_PER_KEV_MBQ_H, DoseProblem
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.kernels.point import read_point_kernels
from LuDosimetryLib.tissue.nuclide import read_nuclide

LU177 = read_nuclide("Lu-177")
VOXEL_CM = 0.4


def problem(density, tia, **more):
    grid = Grid.axial(tia.shape, (10 * VOXEL_CM,) * 3)
    return DoseProblem(
        grid, tia.astype(np.float32), density.astype(np.float32), density > 0.05, LU177, **more
    )


@pytest.mark.slow
def test_far_from_a_ball_in_soft_tissue_as_by_monte_carlo():
    # point kernels of photons come from another code, which follows every photon
    count = 91
    axis = (np.arange(count) - count // 2) * VOXEL_CM
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    tia = (radius <= 1.2).astype(float)
    found = photon_dose(problem(np.ones(tia.shape), tia), Log()) / GY_G_PER_KEV_MBQ_H
    kernel = read_point_kernels("Lu-177").by_composition["soft"].photons
    edges = np.linspace(0.0, 30.0, 3001)
    middle = 0.5 * (edges[1:] + edges[:-1])
    density = np.diff(kernel(edges)) / np.diff(edges) / (4 * np.pi * middle**2)
    # a ball of hardly more than a cell; near it, cells of a centimetre are coarse
    for shell, within in ((3.0, 0.08), (5.0, 0.03), (8.0, 0.02), (11.0, 0.02)):
        voxels = np.argwhere(np.abs(radius - shell) < 0.5 * VOXEL_CM)
        apart = np.linalg.norm((voxels[:, None] - np.argwhere(tia)) * VOXEL_CM, axis=2)
        exact = np.interp(apart, middle, density).sum(axis=1).mean() * VOXEL_CM**3
        assert found[tuple(voxels.T)].mean(dtype=float) == pytest.approx(exact, rel=within), shell
        print(shell, found[tuple(voxels.T)].mean(dtype=float) / exact)


class TestTrunk:
    """A box of tissue with a spine and a lung, activity in two lumps."""

    density = np.full((40, 30, 44), 1.04)
    density[:, 20:26, 18:26] = 1.4
    density[:16, 6:18, 28:40] = 0.26

    @staticmethod
    def lump(where):
        tia = np.zeros((40, 30, 44))
        tia[where] = 1.0
        return tia

    left = lump((slice(20, 26), slice(8, 14), slice(6, 12)))
    right = lump((slice(28, 34), slice(8, 14), slice(32, 38)))

    def dose(self, tia, **more):
        return photon_transport_dose(problem(self.density, tia, **more), Log()).dose

    @pytest.mark.slow
    def test_linear(self):
        one, other = self.dose(self.left), self.dose(self.right)
        both = self.dose(self.left + self.right)
        # what lies in the box around the activity is the same, so the cells are
        assert both == pytest.approx(one + other, rel=1e-3, abs=1e-6 * float(both.max()))
        assert self.dose(2.0 * self.left) == pytest.approx(2.0 * one, rel=1e-4)

    def test_no_activity_no_dose(self):
        assert not self.dose(np.zeros(self.density.shape)).any()

    @pytest.mark.slow
    def test_calcium_makes_the_spine_absorb_more(self):
        no_bone = np.zeros(self.density.shape, np.float32)
        shown, as_soft = self.dose(self.left), self.dose(self.left, calcium_shown=no_bone)
        spine = (slice(22, 24), slice(22, 24), slice(21, 23))
        assert shown[spine].mean() > 1.2 * as_soft[spine].mean()
        inside = (slice(21, 25), slice(9, 13), slice(7, 11))
        assert shown[inside].mean() == pytest.approx(as_soft[inside].mean(), rel=2e-3)
