"""Uptake at random places of a CT."""

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.lab.phantom.random_uptake import patient_of_ct
from LuDosimetryLib.lab.phantom.scanner import Scanner
from LuDosimetryLib.lab.phantom.source import concentration_MBq_mL, tia_MBq_h_mL
from LuDosimetryLib.lab.phantom.virtual_case import spect_grid, write_virtual_case
from LuDosimetryLib.tissue.density import density_of, patient_mask

SHAPE = (44, 56, 60)
GRID = Grid.axial(SHAPE, (4.0, 4.0, 4.0))


@pytest.fixture(scope="module")
def ct():
    """A trunk with two lungs and a spine; below it a couch."""
    k, j, i = np.ogrid[tuple(slice(-1.0, 1.0, n * 1j) for n in SHAPE)]
    body = ((j + 0.15) ** 2 / 0.6 + i**2 / 0.7 < 1) & np.ones(SHAPE, bool)
    lungs = (k > 0.0) & ((np.abs(i) - 0.4) ** 2 / 0.08 + (j + 0.15) ** 2 / 0.2 < 1)
    spine = body & ((j - 0.35) ** 2 + i**2 < 0.03)
    rng = np.random.default_rng(1)
    hu = np.where(body, 45.0, -1000.0) + 10.0 * rng.standard_normal(SHAPE)
    hu[lungs], hu[spine] = -750.0, 400.0
    hu[:, -3:-1, 6:-6] = 120.0
    return Volume(hu.astype(np.float32), GRID)


@pytest.fixture(scope="module")
def patients(ct):
    return [patient_of_ct(ct, f"p{seed}", seed) for seed in range(8)]


def test_the_seed_decides_everything(ct, patients):
    again = patient_of_ct(ct, "p3", 3)
    same, other = patients[3], patients[4]
    assert [s.name for s in again.sources] == [s.name for s in same.sources]
    for ours, theirs in zip(again.sources, same.sources, strict=True):
        assert ours.box == theirs.box
        assert ours.uptake == theirs.uptake
        np.testing.assert_array_equal(ours.relative, theirs.relative)
    assert again.administered_MBq == same.administered_MBq != other.administered_MBq
    tia = [tia_MBq_h_mL(p.sources, SHAPE) for p in (same, other)]
    assert np.corrcoef(tia[0].ravel(), tia[1].ravel())[0, 1] < 0.9


def test_activity_is_in_the_patient_and_nowhere_else(ct, patients):
    density = density_of(ct.values)
    body = patient_mask(density, GRID)
    couch = np.zeros(SHAPE, bool)
    couch[:, -3:-1] = True
    for patient in patients:
        tia = tia_MBq_h_mL(patient.sources, SHAPE)
        assert (tia >= 0.0).all()
        assert not tia[~body].any()
        assert not tia[couch].any()
        # and everywhere in it but in gas
        assert (tia[body & (density > 0.15)] > 0.0).all()
        early, late = (concentration_MBq_mL(patient.sources, SHAPE, h) for h in (4.0, 120.0))
        assert (late[body] <= early[body] * (1 + 1e-6)).mean() > 0.9


def test_regions_do_not_overlap(patients):
    for patient in patients:
        owners = np.zeros(SHAPE, int)
        for source in patient.sources:
            owners[source.box] += source.relative > 0.0
        assert owners.max() == 1
        segmented = np.sum([s.mask for s in patient.segments], axis=0)
        assert segmented.max() <= 1
        names = [s.name for s in patient.segments]
        assert names == [s.name for s in patient.sources[:-1]]
        assert len(set(names)) == len(names)
        assert patient.sources[-1].name == "body"
        for segment, source in zip(patient.segments, patient.sources, strict=False):
            assert segment.mask.sum() == np.count_nonzero(source.relative) >= 30


def test_uptake_is_plausible(patients):
    """What 7.4 GBq leave: local doses of tenths of a gray to a hundred, and part of the decays."""
    for patient in patients:
        assert 6400.0 < patient.administered_MBq < 8400.0
        tia = tia_MBq_h_mL(patient.sources, SHAPE)
        for source in patient.sources:
            local_Gy = 0.0853 * source.uptake.tia_MBq_h_mL
            low, high = (0.005, 1.0) if source.name == "body" else (0.02, 130.0)
            assert low < local_Gy < high, source.name
        # an administered MBq that stayed until it decayed would give 230 MBq h
        total = tia.sum(dtype=float) * GRID.voxel_volume_mL
        assert 0.001 < total / (230.0 * patient.administered_MBq) < 0.6


def test_what_is_drawn_varies(patients):
    kinds = {source.name.split()[0] for patient in patients for source in patient.sources}
    assert {"tumour", "organ", "marrow", "body"} <= kinds
    numbers = {len(patient.sources) for patient in patients}
    assert len(numbers) > 2


def test_a_ct_of_soft_tissue_alone():
    """No lung and no bone to put tumours in."""
    hu = np.full((20, 20, 20), -1000.0, np.float32)
    hu[2:18, 2:18, 2:18] = 40.0
    grid = Grid.axial(hu.shape, (6.0, 6.0, 6.0))
    for seed in range(3):
        patient = patient_of_ct(Volume(hu, grid), "soft", seed)
        assert not any(s.name.startswith(("marrow", "lung")) for s in patient.sources)
        tia = tia_MBq_h_mL(patient.sources, hu.shape)
        np.testing.assert_array_equal(tia > 0.0, patient_mask(density_of(hu), grid))


def test_the_case_is_one_that_is_read(patients, ct, tmp_path):
    from LuDosimetryLib.case.case import Case
    from LuDosimetryLib.voi.read import read_vois

    write_virtual_case(
        patients[1],
        tmp_path,
        Log(),
        grid=spect_grid(GRID, 24, 8.0),
        scanner=Scanner(),
        seed=1,
    )
    case = Case.read(tmp_path / "case.json")
    vois = read_vois(case.segmentation, GRID)
    for segment in patients[1].segments:
        np.testing.assert_array_equal(vois[segment.name], segment.mask)
