"""Multiple voxel S values against the same done plainly."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from LuDosimetryLib.dose.media_map import MediaMap
from LuDosimetryLib.dose.problem import GY_G_PER_KEV_MBQ_H, DoseProblem
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.kernels.media import electron_reach_cm, long_range, short_range
from LuDosimetryLib.kernels.point import read_point_kernels
from LuDosimetryLib.kernels.table import KernelTable
from LuDosimetryLib.kernels.voxel import energy_kernels
from LuDosimetryLib.tissue.nuclide import read_nuclide

from ..support.doses import dose_by


def plain_multi_vsv(problem: DoseProblem) -> np.ndarray:
    """One full convolution for each medium and range, in double precision, nothing left out."""
    media, points = MediaMap.of(problem), read_point_kernels("Lu-177")
    reach = electron_reach_cm(points, media.media)
    shape = problem.grid.shape
    density = problem.density_g_cm3.astype(np.float64)
    dose = np.zeros(shape)
    for number, medium in enumerate(media.media):
        here = np.zeros(shape, bool)
        here[media.box] = media.index == number
        here &= problem.reported
        deposits = [short_range(points, medium, reach), long_range(points, medium, reach)]
        kernels = energy_kernels(deposits, media.voxel_cm, shape)
        for kernel, per_density in zip(
            kernels, (1.0 / density, 1.0 / medium.density_g_cm3), strict=True
        ):
            full = np.pad(kernel, [(n - 1, 0) for n in shape], mode="reflect")
            energy = fftconvolve(problem.tia_MBq_h_mL.astype(np.float64), full, mode="full")
            energy = energy[tuple(slice(n - 1, 2 * n - 1) for n in shape)]
            dose[here] += (energy * per_density)[here]
    return dose * GY_G_PER_KEV_MBQ_H


def test_equals_plain_convolutions(mixed_problem):
    plain = plain_multi_vsv(mixed_problem)
    dose = dose_by("multi-vsv", mixed_problem)
    counts = plain > 0.01 * plain.max()
    assert np.abs(dose[counts] / plain[counts] - 1.0).max() < 1e-3


def test_point_source_gives_the_kernel_back():
    shape, centre = (17, 17, 17), (8, 8, 8)
    tia = np.zeros(shape, np.float32)
    tia[centre] = 1.0  # MBq h/mL
    grid = Grid.axial(shape, (4.0,) * 3)
    rho = np.full(shape, 1.045, np.float32)  # a medium's own density
    p = DoseProblem(grid, tia, rho, np.ones(shape, bool), read_nuclide("Lu-177"))
    dose = dose_by("multi-vsv", p)
    decays_MBq_s = 1.0 * grid.voxel_volume_mL * 3600.0
    kernel = KernelTable.of((4.0, 4.0, 4.0), 1.045, "soft").values * 1e-3 * decays_MBq_s
    for offset in ((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 0, 0), (3, 2, 1), (8, 8, 8)):
        assert dose[tuple(np.add(centre, offset))] == pytest.approx(kernel[offset], rel=2e-3)


def test_no_step_inside_a_density_bin():
    """Electron dose follows the voxel's own mass."""
    shape = (9, 9, 9)
    tia = np.ones(shape, np.float32)
    doses = []
    for density in (1.0301, 1.0599):  # both ends of one bin
        rho = np.full(shape, density, np.float32)
        p = DoseProblem(
            Grid.axial(shape, (4.0,) * 3), tia, rho, np.ones(shape, bool), read_nuclide("Lu-177")
        )
        doses.append(dose_by("multi-vsv", p)[4, 4, 4])
    assert doses[0] / doses[1] == pytest.approx(1.0599 / 1.0301, rel=2e-3)
