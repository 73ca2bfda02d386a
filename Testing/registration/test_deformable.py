"""Smooth deformations are recovered to less than a voxel inside organs."""

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.registration.deformable import deformation
from LuDosimetryLib.registration.lattice import Lattice, as_transform, bending


def test_the_lattice_is_that_of_itk():
    """Displacements at voxels, merged or not, against ITK's own B-spline transform."""
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    grid = Grid((20, 24, 30), (3.0, 4.0, 2.5), (7.0, -5.0, 3.0), tuple(axes.reshape(-1)))
    rng = np.random.default_rng(4)
    for merged in (1, 2, 3):
        lattice = Lattice.over(grid, 24.0, merged)
        coefficients = rng.normal(size=(3, *lattice.shape)).astype(np.float32)
        transform = as_transform(coefficients, grid, 24.0)
        along = np.stack([lattice.at_voxels(c) for c in coefficients])
        for k, j, i in ((1, 1, 1), (3, 4, 5), (4, 6, 7)):
            index = np.array([[i], [j], [k]]) * merged + 0.5 * (merged - 1)
            x = grid.positions(index)[:, 0]
            expected = axes @ along[::-1, k, j, i]
            found = np.array(transform.TransformPoint(tuple(x))) - x
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_transpose_and_the_bending_energy():
    lattice = Lattice.over(Grid.axial((12, 15, 18), (4.0, 4.0, 4.0)), 20.0, 1)
    rng = np.random.default_rng(5)
    c = rng.normal(size=lattice.shape).astype(np.float32)
    v = rng.normal(size=(12, 15, 18)).astype(np.float32)
    there, back = (lattice.at_voxels(c) * v).sum(), (c * lattice.transposed(v)).sum()
    assert there == pytest.approx(back, rel=1e-4)
    energy = 0.0
    for a in range(3):
        for b in range(3):
            energy += float((np.diff(np.diff(c, axis=a), axis=b) ** 2).sum())
    assert float((c * bending(c)).sum()) == pytest.approx(energy, rel=1e-4)
    k, j, i = np.indices(lattice.shape, np.float32)
    assert np.abs(bending(2 * k - 3 * j + 0.5 * i + 1)).max() < 1e-4


@pytest.mark.slow
def test_nothing_moves_where_nothing_moved(viewed, moving, trunk):
    ct, vois = trunk
    still = moving.RigidMotion((0, 0, 0), (0, 0, 0), (0, 0, 0))
    scan = moving.ct(ct, moving.grid(ct.grid, still, (4.0, 3.6, 3.6)), still, seed=1)
    fixed, moved = viewed(ct), viewed(scan)
    found = deformation(fixed, moved, sitk.Euler3DTransform(), Log())
    body = np.any(list(vois.values()), axis=0)
    # noise moves even tissue by a fifth of a voxel of 4 mm
    assert moving.error_mm(found, still, body, ct.grid, scan.grid).mean() < 1.0


def test_it_can_be_stopped(viewed, trunk):
    fixed = viewed(trunk[0])
    seen: list[float] = []

    def stop(fraction: float, message: str) -> None:
        seen.append(fraction)
        if fraction > 0.2:
            raise KeyboardInterrupt

    ct, _ = trunk
    noisy = np.random.default_rng(1).normal(scale=60.0, size=ct.values.shape)
    moved = viewed(Volume((ct.values + noisy).astype(np.float32), ct.grid))
    with pytest.raises(KeyboardInterrupt):
        deformation(fixed, moved, sitk.TranslationTransform(3, (5.0, 0.0, 0.0)), Log(stop))
    assert seen == sorted(seen)
