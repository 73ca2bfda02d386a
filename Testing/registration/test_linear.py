"""Rigid and affine registration recover what is known, wherever the scans start."""

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.registration.linear import affine, best_flip, rigid, scales
from LuDosimetryLib.registration.view import View


def shown(view: View, part: slice) -> View:
    """What a scan of fewer slices shows."""
    box = (part, slice(0, view.grid.shape[1]), slice(0, view.grid.shape[2]))
    return View(view.values[box].copy(), view.grid.crop(box), view.compared[box].copy())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shift_mm", "degrees", "tilt"),
    [
        ((12.0, -11.0, 11.0), (6.0, -5.0, 6.0), (0, 0, 0)),
        ((-9.0, 15.0, -9.0), (-5.0, 6.0, 6.0), (5, -4, 10)),
    ],
)
def test_a_rigid_motion_is_recovered(viewed, moving, trunk, shift_mm, degrees, tilt):
    """20 mm and 10 degrees, on oblique slices of other voxels, with noise, the couch left behind."""
    ct, vois = trunk
    motion = moving.RigidMotion(shift_mm, degrees, (0.0, 0.0, 0.0))
    assert 19.0 < np.linalg.norm(shift_mm) < 21.0
    scan = moving.ct(ct, moving.grid(ct.grid, motion, degrees=tilt), motion, seed=1)
    fixed, moved = viewed(ct), viewed(scan)
    found = rigid(fixed, moved, Log())
    for mask in vois.values():
        error = moving.error_mm(found, motion, mask, ct.grid, scan.grid)
        assert error.size > 50
        assert error.mean() < 1.0


@pytest.mark.slow
def test_a_stretched_patient(viewed, trunk):
    ct, _ = trunk
    fixed = viewed(ct)
    grid = ct.grid
    wide = Grid(
        grid.shape,
        (4.0, 4.0, 4.16),
        (grid.origin_mm[0] * 1.04, *grid.origin_mm[1:]),
        grid.direction,
    )
    moved = viewed(Volume(ct.values, wide))
    found = affine(fixed, moved, rigid(fixed, moved, Log()), Log())
    assert scales(found) == pytest.approx([1.0, 1.0, 1.04], abs=0.006)


@pytest.mark.slow
def test_other_fields_of_view_and_coordinates(viewed, trunk):
    """Half of the patient, and a scanner that counts from elsewhere."""
    fixed = viewed(trunk[0])
    count = fixed.grid.shape[0]
    there = np.array([150.0, -80.0, -400.0])
    for part in (slice(0, count // 2), slice(count // 2, count)):
        half = shown(fixed, part)
        origin = tuple(float(x) for x in half.grid.origin_mm + there)
        far = View(
            half.values,
            Grid(half.grid.shape, half.grid.spacing_mm, origin, half.grid.direction),
            half.compared,
        )
        for scan, shift in ((half, np.zeros(3)), (far, there)):
            centre = half.centre_mm()
            found = rigid(fixed, scan, Log()).TransformPoint(tuple(centre)) - centre
            assert np.abs(found - shift).max() < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flipped_scan_is_told_from_one_that_is_not(viewed, trunk, axis):
    fixed = viewed(trunk[0])
    given, flipped = best_flip(fixed, fixed, Log())
    assert given > 1.3 * flipped.information
    turned = View(
        np.flip(fixed.values, axis).copy(), fixed.grid, np.flip(fixed.compared, axis).copy()
    )
    given, flipped = best_flip(fixed, turned, Log())
    assert flipped.axes == (axis,)
    assert flipped.information > 1.3 * given


@pytest.mark.slow
def test_the_same_whatever_the_number_of_threads(viewed, moving, trunk):
    ct, _ = trunk
    motion = moving.RigidMotion((8.0, 3.0, -5.0), (2.0, 3.0, -4.0), (0.0, 0.0, 0.0))
    scan = moving.ct(ct, moving.grid(ct.grid, motion), motion, seed=2)
    fixed, moved = viewed(ct), viewed(scan)
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    found = []
    try:
        for threads in (1, 5):
            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
            found.append(rigid(fixed, moved, Log()).GetParameters())
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    np.testing.assert_allclose(found, [found[0]] * 2, atol=1e-6)


def test_progress_rises_and_what_it_raises_comes_out(viewed, trunk):
    fixed = viewed(trunk[0])
    seen: list[float] = []

    def stop(fraction: float, message: str) -> None:
        seen.append(fraction)
        if fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rigid(fixed, fixed, Log(stop))
    assert len(seen) > 20
    assert seen == sorted(seen)
