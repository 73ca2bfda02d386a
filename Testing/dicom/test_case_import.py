"""What scanners write goes through dicom-import and run, and gives the doses of the NRRD case."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.image.grid import Grid


def hours_of(case):
    return [point["hours"] for point in json.loads(case.read_text(encoding="utf-8"))["time_points"]]


@pytest.mark.parametrize("decay", [None, "NONE", "START", "ADMIN"])
@pytest.mark.parametrize("backwards", [False, True])
def test_nm(study, imported, same_doses, decay, backwards):
    study.nm_scans(decay=decay, backwards=backwards)
    study.anatomy()
    case = imported(study.folder)
    assert hours_of(case) == pytest.approx([4.0, 24.0, 96.0], abs=1e-5)
    assert json.loads(case.read_text(encoding="utf-8"))["administered_activity_MBq"] == 7400.0
    same_doses(case)


@pytest.mark.slow
@pytest.mark.parametrize("decay", ["NONE", "START", "ADMIN"])
@pytest.mark.parametrize("beds", [1, 3])
def test_pt(study, imported, same_doses, decay, beds):
    study.pt_scans(decay=decay, beds=beds)
    study.anatomy()
    same_doses(imported(study.folder))


@pytest.mark.parametrize("syntax", ["implicit", "big"])
def test_transfer_syntaxes(study, imported, same_doses, syntax):
    study.syntax = syntax
    study.nm_scans(decay="START")
    study.anatomy(contours=True)
    same_doses(imported(study.folder))


@pytest.mark.slow
@pytest.mark.parametrize("syntax", ["jpeg2000", "rle"])
def test_compressed_ct(study, imported, same_doses, syntax):
    study.nm_scans(decay="START")
    study.anatomy(ct_syntax=syntax)
    case = imported(study.folder)
    written = sitk.GetArrayFromImage(sitk.ReadImage(str(case.parent / "ct_1.nrrd")))
    np.testing.assert_array_equal(written, study.volume("ct.nrrd")[0])
    same_doses(case)


def test_real_world_value_mapping_only(study, imported, same_doses):
    study.nm_scans(real_world=True)
    study.anatomy()
    same_doses(imported(study.folder))


def test_contours(study, imported, same_doses):
    study.nm_scans()
    study.anatomy(contours=True)
    same_doses(imported(study.folder))


def oblique(grid: Grid, moved_mm: float) -> Grid:
    """A grid turned about all axes, and moved."""
    a, b, c = 0.2, -0.35, 0.5
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    turned = x @ y @ z
    origin = turned @ (np.array(grid.origin_mm) + moved_mm) + (11.0, -7.0, 3.0)
    direction = turned @ np.array(grid.direction).reshape(3, 3)
    return Grid(grid.shape, grid.spacing_mm, tuple(origin), tuple(direction.reshape(-1)))


@pytest.mark.parametrize("kind", ["nm", "nm backwards", "pt"])
def test_oblique(case_folder, study, imported, same_doses, kind):
    names = ["ct.nrrd", "organs.nrrd", *(f"spect_{n}.nrrd" for n in (1, 2, 3))]
    for name in names:
        values, grid = study.volume(name)
        # off the borders of CT voxels, where the nearest one would be a matter of rounding
        moved = 0.7 if name.startswith("spect") else 0.0
        case_folder.put(name, values.astype(np.float32), oblique(grid, moved))
    if kind == "pt":
        study.pt_scans()
    else:
        study.nm_scans(backwards=kind == "nm backwards")
    study.anatomy()
    case = imported(study.folder)
    spect = Grid.of(sitk.ReadImage(str(case.parent / "spect_1.nrrd")))
    assert spect.same_as(study.volume("spect_1.nrrd")[1])
    same_doses(case)


@pytest.mark.parametrize("decay", ["NONE", "START"])
def test_nm_beds_are_joined(study, imported, same_doses, decay):
    """Two files of a scan, the second begun half an hour later, overlapping by two slices."""
    from math import exp

    from LuDosimetryLib.tissue.nuclide import read_nuclide

    per_h = read_nuclide("Lu-177").decay_constant_per_h
    for n, hours in enumerate(study.hours, start=1):
        values, grid = study.volume(f"spect_{n}.nrrd")
        for bed, part in enumerate((slice(0, 13), slice(11, 24))):
            own = grid.crop((part, slice(0, 24), slice(0, 24)))
            seen = values[part] * exp(-per_h * 0.5 * bed)
            study.nm(f"nm{n}_{bed}.dcm", seen, own, hours + 0.5 * bed, decay=decay)
    study.anatomy()
    case = imported(study.folder)
    assert hours_of(case) == pytest.approx([4.0, 24.0, 96.0], abs=1e-5)
    same_doses(case)


def test_counts_with_a_calibration(study, imported, same_doses):
    """Counts by the sensitivity and duration that make them the same activity."""
    voxel_mL, sensitivity, duration_s = 0.216, 9.0, 1200.0
    for n, hours in enumerate(study.hours, start=1):
        values, grid = study.volume(f"spect_{n}.nrrd")
        counts = values * voxel_mL * 1e-6 * sensitivity * duration_s / 1.25
        study.nm(f"nm{n}.dcm", counts, grid, hours, decay="START", unit=None)
    study.anatomy()
    calibration = {"cps_per_MBq": sensitivity, "dead_time_factor": 1.25}
    case = imported(study.folder, {"time_points": [{"calibration": calibration}] * 3})
    points = json.loads(case.read_text(encoding="utf-8"))["time_points"]
    assert [point["unit"] for point in points] == ["counts"] * 3
    assert points[0]["calibration"]["duration_s"] == duration_s
    same_doses(case)


def test_time_zones_and_midnight(study, imported, same_doses):
    """Given at 23:00 in one zone, scanned the next days in another."""
    import datetime

    study.injected = datetime.datetime(2024, 3, 30, 23, 0)

    def in_utc(ds):
        ds.TimezoneOffsetFromUTC = "+0000"
        begun = datetime.datetime.strptime(
            ds.AcquisitionDate + ds.AcquisitionTime[:6], "%Y%m%d%H%M%S"
        )
        begun -= datetime.timedelta(hours=2)
        ds.AcquisitionDate, ds.AcquisitionTime = f"{begun:%Y%m%d}", f"{begun:%H%M%S}"

    study.zone = "+0200"
    study.nm_scans(change=in_utc)
    study.anatomy()
    case = imported(study.folder)
    assert hours_of(case) == pytest.approx([4.0, 24.0, 96.0], abs=1e-3)
    same_doses(case)


def test_each_scan_has_its_own_ct(study, imported, same_doses):
    for n, hours in enumerate(study.hours, start=1):
        study.frame_uid = f"1.2.3.{n}"
        study.nm(f"{n}/nm.dcm", *study.volume(f"spect_{n}.nrrd"), hours)
        study.ct(f"{n}/ct", *study.volume("ct.nrrd"), hours)
    study.frame_uid = "1.2.3.1"
    labels, grid = study.volume("organs.nrrd")
    study.seg("organs.dcm", labels, study.names, grid)
    case = imported(study.folder)
    points = json.loads(case.read_text(encoding="utf-8"))["time_points"]
    assert [point["ct"] for point in points] == ["ct_1.nrrd", "ct_2.nrrd", "ct_3.nrrd"]
    same_doses(case)


@pytest.mark.slow
def test_assumptions_are_warnings_of_the_result(study, imported, same_doses):
    study.nm_scans(decay=None)
    study.anatomy()
    result = same_doses(imported(study.folder), written=True)
    warnings = json.loads((result / "result.json").read_text(encoding="utf-8"))["warnings"]
    assert any("RadionuclideTotalDose (0018,1074) 7400 was taken as MBq" in w for w in warnings)
    assert any("DecayCorrection (0054,1102) is missing" in w for w in warnings)


def test_a_unit_that_is_missing_is_said(study, imported):
    study.nm_scans(unit=None)
    study.anatomy()
    case = imported(study.folder, {"time_points": [{"calibration": {"Bq_per_count": 3.0}}] * 3})
    said = json.loads((case.parent / "dicom.json").read_text(encoding="utf-8"))["remarks"]
    assert any("taken as counts" in remark for remark in said)


def test_the_study_is_not_changed(study, imported):
    import hashlib

    study.nm_scans()
    study.anatomy()

    def hashes():
        files = sorted(p for p in study.folder.rglob("*") if p.is_file())
        return {p: hashlib.sha256(p.read_bytes()).digest() for p in files}

    before = hashes()
    imported(study.folder)
    assert hashes() == before


def test_other_objects_and_files_beside_are_left_out(study, imported, same_doses):
    scans = study.nm_scans()
    study.nm("planar.dcm", *study.volume("spect_1.nrrd"), 4.0, change=kind("WHOLE BODY"))
    study.anatomy()
    (study.folder / "copy.dcm").write_bytes(scans[0].read_bytes())
    (study.folder / "notes.pdf").write_bytes(b"%PDF-1.4 " + b"x" * 200)
    case = imported(study.folder)
    remarks = " ".join(
        json.loads((case.parent / "dicom.json").read_text(encoding="utf-8"))["remarks"]
    )
    assert "planar whole-body" in remarks
    assert "Copies of files" in remarks
    assert "no DICOM files" in remarks
    same_doses(case)


def kind(name):
    def change(ds):
        ds.ImageType = ["ORIGINAL", "PRIMARY", name, "EMISSION"]

    return change
