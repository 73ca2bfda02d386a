"""Which images of a study are scans and CTs, and which CT belongs to which scan."""

import json

import pytest

from .conftest import remarks_of


def test_an_attenuation_map_beside(study, imported, same_doses):
    def transmission(ds):
        ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "TRANSMISSION"]

    study.nm_scans()
    values, grid = study.volume("spect_1.nrrd")
    study.nm("map.dcm", values + 1.0, grid, 4.0, change=transmission)
    study.anatomy()
    case = imported(study.folder)
    assert "it is a transmission image" in remarks_of(case)
    same_doses(case)


def test_a_wrong_sign_of_the_spacing(study, imported, refused_import, same_doses):
    """It puts the scan beside its CT; the import says so instead of giving the run no patient."""

    def flipped(ds):
        ds.SpacingBetweenSlices = -ds.SpacingBetweenSlices

    study.nm_scans(change=flipped)
    study.anatomy()
    message = refused_import(study.folder)
    assert "SpacingBetweenSlices (0018,0088) is -6 mm, which puts the scan beside its CT" in message
    same_doses(imported(study.folder, {"header": {"SpacingBetweenSlices": 6.0}}))


@pytest.mark.slow
def test_cts_of_other_studies_and_frames(study, imported, same_doses):
    """Neither study nor frame of reference is that of the scan; the hour is."""
    for n, hours in enumerate(study.hours, start=1):
        study.study_uid, study.frame_uid = f"1.2.3.{n}", f"1.2.4.{n}"
        study.nm(f"nm{n}.dcm", *study.volume(f"spect_{n}.nrrd"), hours)
        study.study_uid, study.frame_uid = f"1.2.5.{n}", f"1.2.6.{n}"
        study.ct(f"ct{n}", *study.volume("ct.nrrd"), hours + 0.5)
    labels, grid = study.volume("organs.nrrd")
    study.frame_uid = "1.2.6.1"
    study.seg("organs.dcm", labels, study.names, grid)
    case = imported(study.folder)
    points = json.loads(case.read_text(encoding="utf-8"))["time_points"]
    assert [point["ct"] for point in points] == ["ct_1.nrrd", "ct_2.nrrd", "ct_3.nrrd"]
    assert "taken as aligned" in remarks_of(case)
    same_doses(case)


def test_a_broken_ct_beside_a_whole_one(study, imported, same_doses):
    study.nm_scans()
    study.anatomy()
    study.ct("other", *study.volume("ct.nrrd"))
    (study.folder / "other" / "011").unlink()
    case = imported(study.folder)
    assert "A CT was left out because its slices make no volume" in remarks_of(case)
    same_doses(case)


def test_processing_dates_are_not_taken(study, imported, refused_import, same_doses):
    """Without AcquisitionDate, and with dates of series and study that differ."""

    def processed(ds):
        ds.SeriesDate = "20240305"
        del ds.AcquisitionDate

    study.nm_scans(change=processed)
    study.anatomy()
    assert "AcquisitionDate (0008,0022) is missing" in refused_import(study.folder)
    supply = {"series": {f"nm{n}.dcm": {"hours": h} for n, h in enumerate(study.hours, start=1)}}
    same_doses(imported(study.folder, supply))


def test_cts_that_belong_to_no_scan(study, refused_import):
    for n in (1, 2):
        study.study_uid, study.frame_uid = f"1.2.5.{n}", f"1.2.6.{n}"
        study.ct(f"ct{n}", *study.volume("ct.nrrd"), 300.0 + n)
    study.study_uid, study.frame_uid = "1.2.3", "1.2.4"
    study.nm_scans()
    assert "none of the 2 CT series belongs to a scan" in refused_import(study.folder)
