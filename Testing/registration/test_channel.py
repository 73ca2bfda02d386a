"""What deformable registration compares is the same whatever the scanners and kinetics do to it."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.arrays import Array
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.registration.channel import of_uptake, without_blur
from LuDosimetryLib.registration.deformable import deformation
from LuDosimetryLib.registration.transport import volume_ratio

GRID = Grid.axial((40, 40, 40), (4.0, 4.0, 4.0))
IDENTITY = sitk.Transform(3, sitk.sitkIdentity)


def ball(radius_mm: float, offset_mm: float = 0.0) -> Array:
    """Part of each voxel within a ball about the middle."""
    fine = GRID.refined((3, 3, 3))
    x = fine.positions(np.indices(fine.shape)[::-1].reshape(3, -1))
    middle = GRID.positions(np.full((3, 1), 19.5)) + np.array([[offset_mm], [0.0], [0.0]])
    within = (np.linalg.norm(x - middle, axis=0) < radius_mm).reshape(fine.shape)
    return within.reshape(40, 3, 40, 3, 40, 3).mean(axis=(1, 3, 5), dtype=np.float32)


@pytest.mark.slow
def test_an_organ_keeps_its_volume_on_a_less_sharp_ct(viewed):
    """Blurred edges of what is round lie farther in: looked at as they are, 19 % of a ball is lost."""
    hu = -1000.0 + 900.0 * ball(70.0) + 140.0 * ball(20.0)
    blurred = ndimage.gaussian_filter(hu, 2.3 / 4.0)
    fixed, moving = viewed(Volume(hu, GRID)), viewed(Volume(blurred, GRID))
    found = deformation(fixed, moving, sitk.Euler3DTransform(), Log())
    ratio = volume_ratio(found, GRID)
    assert float(ratio[ball(20.0) > 0.5].mean()) == pytest.approx(1.0, abs=0.04)
    # nor does the patient become smaller
    assert float(ratio[ball(66.0) > 0.5].mean()) == pytest.approx(1.0, abs=0.02)


def test_what_a_blur_explains_is_taken_off_and_nothing_else():
    rng = np.random.default_rng(2)
    blurring = rng.normal(size=(3, 5000)).astype(np.float32)
    weights = rng.uniform(size=5000).astype(np.float32)
    other = rng.normal(size=5000).astype(np.float32)
    amounts = np.array([0.3, -0.1, 0.7], np.float32)
    left = without_blur(amounts @ blurring, weights, blurring)
    assert np.abs(left).max() < 1e-5
    both = without_blur(amounts @ blurring + other, weights, blurring)
    np.testing.assert_allclose(both, without_blur(other, weights, blurring), atol=1e-5)
    assert np.abs((blurring * weights) @ both).max() < 1e-2
    np.testing.assert_array_equal(without_blur(other, weights, 0.0 * blurring), other)


def uptake(inside: float, outside: float, offset_mm: float = 0.0) -> Volume:
    patient = ball(70.0)
    activity = outside * patient + (inside - outside) * ball(20.0, offset_mm)
    return Volume(ndimage.gaussian_filter(activity, 3.2 / 4.0).astype(np.float32), GRID)


EDGE = np.abs(ball(26.0) - ball(14.0)) > 0.5


@pytest.mark.parametrize("contrast", [3.0, 60.0])
def test_an_edge_looks_the_same_whatever_its_contrast(contrast):
    channel = of_uptake(uptake(10.0, 1.0), uptake(contrast, 1.0), IDENTITY, GRID)
    strongest = np.abs(channel.fixed[EDGE]).max()
    assert np.abs((channel.moving - channel.fixed)[EDGE]).max() < 0.05 * strongest


def test_edges_of_opposite_sign_are_not_compared():
    """A bladder that is full of activity at one scan and empty at the next."""
    none = np.zeros((3, *GRID.shape), np.float32)
    for inside, compared in ((5.0, True), (0.1, False)):
        channel = of_uptake(uptake(10.0, 1.0), uptake(inside, 1.0), IDENTITY, GRID)
        assert channel.mask[EDGE].all()
        assert channel.alike(none, GRID.spacing_mm).mask[EDGE].all() == compared


def test_what_moved_is_compared_where_it_went():
    channel = of_uptake(uptake(10.0, 1.0), uptake(10.0, 1.0, 16.0), IDENTITY, GRID)
    shifts = np.zeros((3, *GRID.shape), np.float32)
    assert not channel.alike(shifts, GRID.spacing_mm).mask[EDGE].all()
    shifts[2] = 16.0 / 4.0
    assert channel.alike(shifts, GRID.spacing_mm).mask[EDGE].all()
