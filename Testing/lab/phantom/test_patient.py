"""Virtual patients by seed."""

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.case import Case
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.lab.phantom.patient import virtual_patient, write_phantom
from LuDosimetryLib.lab.phantom.physique import Physique
from LuDosimetryLib.lab.phantom.source import concentration_MBq_mL
from LuDosimetryLib.tissue.density import density_of, patient_mask
from LuDosimetryLib.tissue.nuclide import read_nuclide
from LuDosimetryLib.voi.read import read_vois

COARSE_MM = 5.0
SEEDS = (1, 6, 15)
"""6 has its arms down."""


@pytest.fixture(scope="module", params=SEEDS)
def patient(request):
    return virtual_patient(request.param, COARSE_MM)


def test_organs_have_the_sizes_of_an_adult(patient):
    voxel = patient.ct.grid.voxel_volume_mL
    volume = {segment.name: segment.mask.sum() * voxel for segment in patient.segments}
    assert 90.0 < volume["left kidney"] < 260.0
    assert 90.0 < volume["right kidney"] < 260.0
    assert 650.0 < volume["liver"] < 2300.0
    assert 60.0 < volume["spleen"] < 450.0
    assert 1500.0 < volume["lungs"] < 8500.0
    assert 40.0 < volume["lumbar marrow"] < 200.0
    assert 1 <= sum("tumour" in name or "metastasis" in name for name in volume) <= 6


def test_organs_do_not_overlap_but_for_tumours_in_the_liver(patient):
    organs = [s for s in patient.segments if "tumour" not in s.name and "metastasis" not in s.name]
    assert np.sum([s.mask for s in organs], axis=0).max() == 1
    tumours = [s for s in patient.segments if s not in organs]
    assert np.sum([s.mask for s in tumours], axis=0).max() <= 1
    masks = {s.name: s.mask for s in patient.segments}
    for tumour in tumours:
        if tumour.name.startswith("liver"):
            assert not (tumour.mask & ~masks["liver"]).any()


def test_the_patient_is_found_without_the_couch(patient):
    density = density_of(patient.ct.values)
    body = patient_mask(density, patient.ct.grid)
    for segment in patient.segments:
        assert (segment.mask & ~body).sum() <= 0.01 * segment.mask.sum()
    lowest = np.flatnonzero(body.any(axis=(0, 2)))[-1]
    assert lowest * COARSE_MM < patient.ct.grid.shape[1] * COARSE_MM - 25.0


def test_tissues_have_their_densities(patient):
    density = density_of(patient.ct.values)
    mean = {s.name: density[s.mask].mean() for s in patient.segments}
    assert 0.15 < mean["lungs"] < 0.45
    assert mean["liver"] == pytest.approx(1.06, abs=0.02)
    assert 1.05 < mean["lumbar marrow"] < 1.35


def test_no_more_activity_than_was_given(patient):
    decay = read_nuclide("Lu-177").decay_constant_per_h
    for hours in (1.0, 4.0, 24.0, 120.0):
        activity = concentration_MBq_mL(patient.sources, patient.ct.grid.shape, hours)
        contained = activity.sum(dtype=float) * patient.ct.grid.voxel_volume_mL
        assert contained < 0.8 * patient.administered_MBq * np.exp(-decay * hours)


def test_a_seed_fixes_the_patient_and_another_gives_another():
    first, same, other = (virtual_patient(seed, 8.0) for seed in (4, 4, 5))
    assert np.array_equal(first.ct.values, same.ct.values)
    assert [s.name for s in first.segments] == [s.name for s in same.segments]
    assert [s.uptake for s in first.sources] == [s.uptake for s in same.sources]
    assert first.ct.values.shape != other.ct.values.shape or not np.allclose(
        first.ct.values, other.ct.values
    )
    assert first.sources[0].uptake != other.sources[0].uptake


def test_bodies_differ_within_bounds():
    drawn = [Physique.draw(np.random.default_rng(seed)) for seed in range(200)]
    widths = [p.half_width_mm for p in drawn]
    assert 115.0 < min(widths) < 145.0
    assert 175.0 < max(widths) < 225.0
    assert 0.15 < np.mean([p.arms_down for p in drawn]) < 0.35
    assert all(0.2 <= p.lung_g_mL <= 0.35 for p in drawn)


@pytest.mark.slow
def test_a_phantom_is_a_case(tmp_path):
    case = Case.read(write_phantom(2, tmp_path, Log()))
    grid = read_volume(case.time_points[0].spect, "SPECT").grid
    assert grid.shape == (128, 128, 128)
    vois = read_vois(case.segmentation, grid)
    assert {"liver", "spleen", "left kidney", "right kidney", "lungs", "lumbar marrow"} <= set(vois)
    truth = read_volume(tmp_path / "true_tia.nrrd", "TIA").values
    assert truth.min() == 0.0
    dose = {name: 0.0853 * truth[voi].mean() / 1.05 for name, voi in vois.items()}
    assert 2.0 < dose["left kidney"] < 9.0
    assert 1.0 < dose["liver"] < 25.0
    assert max(dose.values()) > 6.0
