"""What headers lack is asked for by name; what cannot be used is refused in a sentence."""

import json

import numpy as np
import pydicom
import pytest

SECRETS = ("Mustermann", "PID-4711", "19501224", "ACC-99", "Dr-Geheim")


def without(*keywords):
    def change(ds):
        for keyword in keywords:
            for part in (ds, *ds.get("RadiopharmaceuticalInformationSequence", [])):
                if keyword in part:
                    delattr(part, keyword)
            for item in ds.get("DetectorInformationSequence", []):
                if keyword in item:
                    delattr(item, keyword)

    return change


def having(**values):
    def change(ds):
        for keyword, value in values.items():
            setattr(ds, keyword, value)

    return change


@pytest.mark.parametrize(
    ("keywords", "said", "supply"),
    [
        (
            ("SpacingBetweenSlices",),
            "SpacingBetweenSlices (0018,0088) is missing",
            {"header": {"SpacingBetweenSlices": 6.0}},
        ),
        (
            ("ImagePositionPatient",),
            "ImagePositionPatient (0020,0032) is missing",
            {"header": {"ImagePositionPatient": [-69.0, -69.0, -69.0]}},
        ),
        (
            ("ImageOrientationPatient",),
            "ImageOrientationPatient (0020,0037) is missing",
            {"header": {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}},
        ),
        (
            ("RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"),
            "RadiopharmaceuticalStartDateTime (0018,1078) is missing",
            {"administered_at": "2024-01-31T09:30"},
        ),
        (
            ("RadiopharmaceuticalInformationSequence",),
            "RadiopharmaceuticalStartDateTime (0018,1078) is missing",
            {"administered_at": "2024-01-31T09:30", "administered_activity_MBq": 7400},
        ),
        (
            ("AcquisitionTime",),
            "AcquisitionTime (0008,0032) is missing",
            {"time_points": [{"hours": 4}, {"hours": 24}, {"hours": 96}]},
        ),
        (
            ("Units",),
            "(0040,9096) gives no activity",
            {"time_points": [{"unit": "Bq/mL"}] * 3},
        ),
    ],
)
def test_nm_tags_that_are_missing(
    study, imported, refused_import, same_doses, keywords, said, supply
):
    study.nm_scans(change=without(*keywords), decay="START")
    study.anatomy()
    message = refused_import(study.folder)
    assert said in message
    assert "nm1.dcm" in message
    assert "--supply FILE.json" in message
    same_doses(imported(study.folder, supply))


@pytest.mark.parametrize(
    ("keyword", "supply"),
    [
        ("Units", {"time_points": [{"unit": "Bq/mL"}] * 3}),
        ("DecayCorrection", {"time_points": [{"decay_correction": "START"}] * 3}),
    ],
)
def test_pt_tags_that_are_missing(study, imported, refused_import, same_doses, keyword, supply):
    study.pt_scans(change=without(keyword))
    study.anatomy()
    message = refused_import(study.folder)
    assert f"{keyword} (0054," in message
    assert "is missing; give" in message
    same_doses(imported(study.folder, supply))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (having(ImageType=["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]), "a planar image"),
        (having(ImageType=["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]), "not reconstructed"),
        (having(ImageType=["ORIGINAL", "PRIMARY", "RECON GATED TOMO"]), "a gated reconstruction"),
        (having(ImageType=["ORIGINAL"]), "of no stated kind"),
        (having(SpacingBetweenSlices=0), "SpacingBetweenSlices (0018,0088) is 0 mm"),
        (having(PixelSpacing=[6.0, 0.0]), "PixelSpacing (0028,0030) is 6, 0 mm"),
        (having(NumberOfFrames=23), "SliceVector (0054,0080) does not name each"),
        (having(Columns=23), "PixelData (7FE0,0010) has"),
        (having(Rows=25), "PixelData (7FE0,0010) has"),
        (having(SliceVector=[1] * 24), "SliceVector (0054,0080) does not name each"),
        (having(RescaleSlope=0), "RescaleSlope (0028,1053) is 0"),
        (having(Units="GML"), "Units (0054,1001) is 'GML'"),
        (having(DecayCorrection="SOME"), "DecayCorrection (0054,1102) is 'SOME'"),
        (having(AcquisitionTime="257000"), "AcquisitionTime (0008,0032) is no time of day"),
        (having(BitsAllocated=12), "BitsAllocated (0028,0100) is 12"),
        (having(CorrectedImage=["DECY"]), "DecayCorrection (0054,1102) is missing"),
    ],
)
def test_nm_that_cannot_be_used(study, refused_import, change, said):
    study.nm_scans(change=change)
    study.anatomy()
    message = refused_import(study.folder)
    assert said in message
    assert "nm1.dcm" in message


def technetium(item):
    item.RadionuclideCodeSequence[0].CodeMeaning = "^99m^Technetium"
    del item.RadionuclideHalfLife


AT = {"administered_at": "2024-01-31T09:30"}


@pytest.mark.parametrize(
    ("change", "said", "supply"),
    [
        (
            lambda item: setattr(item, "RadionuclideTotalDose", 7.4),
            "neither MBq nor Bq",
            {"administered_activity_MBq": 7400},
        ),
        (
            lambda item: setattr(item, "RadionuclideHalfLife", 21624.0),
            "this is another nuclide",
            {"nuclide": "Lu-177"},
        ),
        (technetium, "expected Lu-177", {"nuclide": "Lu-177"}),
        (
            lambda item: setattr(item, "RadiopharmaceuticalStartDateTime", "2024013109"),
            "is no date and time",
            AT,
        ),
        (
            lambda item: setattr(item, "RadiopharmaceuticalStartTime", "103000"),
            "tells another time of day",
            AT,
        ),
    ],
)
def test_radiopharmaceuticals_that_cannot_be(
    study, imported, refused_import, same_doses, change, said, supply
):
    study.nm_scans(change=lambda ds: change(ds.RadiopharmaceuticalInformationSequence[0]))
    study.anatomy()
    assert said in refused_import(study.folder)
    case = imported(study.folder, supply)
    assert json.loads(case.read_text(encoding="utf-8"))["administered_activity_MBq"] == 7400
    same_doses(case)


def test_a_time_without_date_that_may_be_of_the_day_before(study, refused_import):
    study.hours = [24.5, 48.0, 96.0]
    study.nm_scans(change=without("RadiopharmaceuticalStartDateTime"))
    study.anatomy()
    assert "has no date" in refused_import(study.folder)


@pytest.mark.parametrize("date", ["20231231", "20240630"])
def test_scans_before_the_administration_or_long_after(study, refused_import, date):
    study.hours = [4.0, 7.0, 10.0]
    study.nm_scans(change=having(AcquisitionDate=date))
    study.anatomy()
    assert "after the administration" in refused_import(study.folder)


def test_two_cycles(study, refused_import):
    paths = study.nm_scans()
    ds = pydicom.dcmread(paths[2])
    ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20231201093000"
    ds.save_as(paths[2])
    study.anatomy()
    assert "import each cycle by itself" in refused_import(study.folder)


def test_two_patients(study, refused_import):
    paths = study.nm_scans()
    ds = pydicom.dcmread(paths[2])
    ds.PatientID = f"{SECRETS[1]}-B"
    ds.save_as(paths[2])
    study.anatomy()
    assert "PatientID (0010,0020) differs" in refused_import(study.folder)


def test_two_reconstructions_of_a_scan(study, imported, refused_import, same_doses):
    study.nm_scans()
    values, grid = study.volume("spect_1.nrrd")
    study.nm("other.dcm", 0.5 * values, grid, 4.0, change=having(SeriesDescription="NAC"))
    study.anatomy()
    assert "nothing says which to take" in refused_import(study.folder)
    same_doses(imported(study.folder, {"leave_out": ["NAC"]}))


def test_two_scales_that_disagree(study, refused_import):
    def rescaled(ds):
        ds.RescaleSlope, ds.RescaleIntercept, ds.Units = 1, 0, "BQML"

    study.nm_scans(real_world=True, change=rescaled)
    study.anatomy()
    assert "RealWorldValueMappingSequence (0040,9096) says" in refused_import(study.folder)


def test_slices_that_are_missing_or_differ(study, refused_import):
    study.pt_scans()
    study.anatomy()
    (study.folder / "ct" / "020").rename(study.folder.parent / "away")
    assert "a slice is missing, repeated or displaced" in refused_import(study.folder)
    (study.folder.parent / "away").rename(study.folder / "ct" / "020")
    path = study.folder / "pt2" / "slice010.dcm"
    ds = pydicom.dcmread(path)
    ds.PixelSpacing = [5.0, 5.0]
    ds.save_as(path)
    assert f"{path}: PixelSpacing (0028,0030)" in refused_import(study.folder).replace(
        "slice000", "slice010"
    )


def test_folders_that_are_no_study(study, refused_import, tmp_path):
    assert "there is no folder" in refused_import(tmp_path / "none")
    assert "holds no DICOM file" in refused_import(study.folder)
    study.anatomy()
    assert "holds no SPECT" in refused_import(study.folder)


def test_no_ct(study, refused_import):
    study.nm_scans()
    assert "holds no CT" in refused_import(study.folder)


def test_an_output_within_the_study(study, capsys):
    from LuDosimetryLib.base.errors import INVALID
    from LuDosimetryLib.commands.main import main

    study.nm_scans()
    assert main(["dicom-import", str(study.folder), "-o", str(study.folder / "x")]) == INVALID
    assert "must not change" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("supply", "said"),
    [
        ([], "expected a JSON object"),
        ({"hours": 4}, "the key 'hours' is unknown"),
        ({"time_points": [{"hours": -4}]}, "must be a number above 0"),
        ({"time_points": [{}] * 4}, "there are 3 scans"),
        ({"administered_at": "yesterday"}, "expected a date and time"),
        ({"header": {"Spacing": 1}}, "no keyword of a DICOM attribute"),
        ({"options": {"dose_method": "x"}}, "dose_method is 'x'"),
        ({"time_points": [{"calibration": {"Bq_per_count": 1.0}}]}, "needs no calibration"),
    ],
)
def test_supplements_that_cannot_be(study, refused_import, supply, said):
    study.nm_scans()
    study.anatomy()
    assert said in refused_import(study.folder, supply)


def test_calibration_without_duration(study, refused_import):
    study.nm_scans(unit=None, change=without("RotationInformationSequence"))
    study.anatomy()
    message = refused_import(
        study.folder, {"time_points": [{"calibration": {"cps_per_MBq": 9.0}}] * 3}
    )
    assert "cps_per_MBq" in message
    assert "duration_s" in message


def test_pydicom_missing(study, refused_import, monkeypatch):
    monkeypatch.setattr("LuDosimetryLib.dicom_files.availability.find_spec", lambda name: None)
    study.nm_scans()
    assert "needs pydicom, which is not installed: pip install pydicom" in refused_import(
        study.folder
    )


def test_objects_are_left_out_without_highdicom(case_folder, tmp_path, monkeypatch):
    from LuDosimetryLib.base.errors import DONE
    from LuDosimetryLib.commands.main import main

    monkeypatch.setattr("LuDosimetryLib.dicom_files.availability.find_spec", lambda name: None)
    assert main(["run", str(case_folder.file), "-o", str(tmp_path / "result")]) == DONE
    summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
    assert any("DICOM objects were not written" in warning for warning in summary["warnings"])
    assert not list((tmp_path / "result").glob("*.dcm"))


def planar(ds):
    ds.ImageType = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    ds.SeriesNumber = 4


def test_no_identity_but_in_dicom_objects(study, imported, same_doses, capfd):
    """
    Names, numbers and dates of birth stay out of all but dicom.json and the DICOM objects.

    Also where folders and files have them, of which some cannot be used.
    """
    study.folder /= f"{SECRETS[0]}_{SECRETS[1]}"
    study.nm_scans(change=having(SeriesDescription=f"SPECT {SECRETS[0]}", SeriesNumber=3))
    study.nm(f"{SECRETS[0]}.dcm", *study.volume("spect_1.nrrd"), 4.0, change=planar)
    study.anatomy()
    (study.folder / f"{SECRETS[2]}.pdf").write_bytes(b"%PDF-1.4 " + b"x" * 200)
    case = imported(study.folder)
    result = same_doses(case, written=True)
    said = capfd.readouterr()
    texts = {"stdout": said.out, "stderr": said.err}
    for path in [*case.parent.iterdir(), *result.iterdir()]:
        if path.name != "dicom.json" and path.suffix != ".dcm":
            texts[path.name] = path.read_bytes().decode("latin-1")
    for name, text in texts.items():
        assert not any(secret in text for secret in SECRETS), name
    said = json.loads((case.parent / "dicom.json").read_text(encoding="utf-8"))["remarks"]
    assert any("NM of the series 4" in remark for remark in said)
    assert not any(secret in remark for remark in said for secret in SECRETS)
    content = json.loads(case.read_text(encoding="utf-8"))
    assert content["patient_id"].startswith("patient-")
    dose = pydicom.dcmread(result / "dose.dcm")
    assert dose.PatientID == SECRETS[1]
    assert dose.StudyInstanceUID == study.study_uid


def test_identity_when_asked_for(study, imported):
    study.nm_scans()
    study.anatomy()
    case = imported(study.folder, None, "--patient-id", "P 7")
    assert json.loads(case.read_text(encoding="utf-8"))["patient_id"] == "P 7"


def test_damage_names_file_and_tag(study, refused_import):
    paths = study.nm_scans()
    study.anatomy()
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[: len(whole) // 2])
    assert f"{paths[1]} is damaged or cut short: (7FE0,0010)" in refused_import(study.folder)
    at = whole.index(b"\x18\x00\x50\x00DS")
    paths[1].write_bytes(whole[: at + 4] + b"??" + whole[at + 6 :])
    assert "(0018,0050) has no value representation" in refused_import(study.folder)
    paths[1].write_bytes(b"\0" * 128 + b"DICX" + whole[132:])
    assert "lacks the prefix DICM" in refused_import(study.folder)


def test_values_that_are_not_finite(study, refused_import):
    path = study.nm_scans()[0]
    ds = pydicom.dcmread(path)
    values = np.full((ds.NumberOfFrames, ds.Rows, ds.Columns), 1.0, np.float32)
    values[3, 4, 5] = np.nan
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.BitsAllocated, ds.FloatPixelData = 32, values.tobytes()
    ds.save_as(path)
    study.anatomy()
    assert "not finite" in refused_import(study.folder)
