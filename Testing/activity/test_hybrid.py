import numpy as np
import pytest

from LuDosimetryLib.activity.hybrid import hybrid_tia, voxels_of_smallest
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY = read_nuclide("Lu-177").decay_constant_per_h
HOURS = [4.0, 24.0, 48.0, 120.0]
VOXEL_ML = 0.05
SHAPE = (6, 6, 6)


def masks() -> dict[str, np.ndarray]:
    liver, tumour = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    liver[:4] = True
    tumour[1:3, 2:4, 2:4] = True
    return {"liver": liver, "tumour": tumour}


def scans(noise: float = 0.0) -> list[np.ndarray]:
    """A liver of 60 h and a tumour of 90 h, uneven in space."""
    rng = np.random.default_rng(8)
    uneven = 1e5 * (1.0 + rng.random(SHAPE))
    tumour = masks()["tumour"]
    images = [
        uneven * np.where(tumour, 5.0 * 2.0 ** (-t / 90.0), 2.0 ** (-t / 60.0)) for t in HOURS
    ]
    return [(i * np.exp(noise * rng.standard_normal(SHAPE))).astype(np.float32) for i in images]


def test_a_voxel_belongs_to_its_smallest_volume():
    own = voxels_of_smallest(masks())
    assert not (own["liver"] & own["tumour"]).any()
    np.testing.assert_array_equal(own["liver"] | own["tumour"], masks()["liver"])
    hidden = voxels_of_smallest(masks() | {"whole tumour": masks()["tumour"]})
    assert sum(int(mask.sum()) for mask in hidden.values()) == int(masks()["liver"].sum())


def test_voxels_of_one_kinetics_are_integrated_exactly():
    found = hybrid_tia(HOURS, scans(), masks(), DECAY, "physical", VOXEL_ML)
    assert [curve.name for curve, *_ in found] == ["tumour", "liver"]
    for (curve, mask, tia), half_life in zip(found, (90.0, 60.0), strict=True):
        assert curve.effective_half_life_h == pytest.approx(half_life, rel=1e-5)
        start = scans()[0][mask] * 2.0 ** (HOURS[0] / half_life)
        np.testing.assert_allclose(tia, 1e-6 * start * half_life / np.log(2.0), rtol=1e-5)


def test_the_voxels_add_up_to_the_volume():
    for curve, _, tia in hybrid_tia(HOURS, scans(0.3), masks(), DECAY, "physical", VOXEL_ML):
        assert VOXEL_ML * tia.sum(dtype=float) == pytest.approx(curve.tia_MBq_h, rel=1e-5)


def test_a_volume_without_a_fit_is_left_out():
    rising = scans()[::-1]
    assert hybrid_tia(HOURS, rising, masks(), DECAY, "physical", VOXEL_ML) == []
