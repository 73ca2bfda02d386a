"""The scans as a user checks them, and who the patient is only where it must stand."""

import json
import os
import re
import stat
from pathlib import Path

import pydicom
import pytest

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.errors import DONE
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.dicom.scan_list import read_scan_list
from LuDosimetryLib.dicom.supplement import supplement_from_dict

from .study_writer import SECRETS
from .tiny_study import SPECT, activity


def described(number, text):
    def change(ds, k=None):
        ds.SeriesNumber, ds.SeriesDescription = number, text

    return change


def multi_day(tiny):
    """Three visits: SPECT and CT, SPECT alone, slices in files of their own."""
    tiny.spect(4, change=described(5, f"SPECT {SECRETS[0]} day 0"))
    tiny.tomogram(3.9, change=described(2, "CT low dose"))
    tiny.organ()
    tiny.new_visit()
    tiny.spect(24, f"{SECRETS[1]}/nm24.dcm", change=described(6, "SPECT day 1"))
    tiny.new_visit()
    tiny.pet(96, "a_folder_with_a_long_name/pet96")


def test_the_list_in_the_shell(tiny, tmp_path, capfd):
    multi_day(tiny)
    assert main(["dicom-import", str(tiny.folder), "-o", str(tmp_path / "case")]) == DONE
    said = capfd.readouterr()
    lines = said.out.splitlines()
    rows = [re.split(r"  +", line) for line in lines[:4]]
    assert rows[0] == [
        "file",
        "series",
        "started",
        "hours",
        "minutes",
        "MBq in view",
        "frame",
        "CT",
        "its frame",
    ]
    assert rows[1][:6] == ["nm4.dcm", "5 SPECT … day 0", "2024-01-31 13:30", "4.00", "20.0", "93.7"]
    assert rows[1][6:] == ["A", "2 CT low dose", "A"]
    assert rows[2] == [
        "…/nm24.dcm",
        "6 SPECT day 1",
        "2024-02-01 09:30",
        "24.00",
        "20.0",
        "74.8",
        "B",
        "-",
        "-",
    ]
    assert rows[3][0] == "…ong_name/pet96/slice000.dcm (10)"
    assert rows[3][2:] == ["2024-02-04 09:30", "96.00", "10.0", "34.0", "C", "-", "-"]
    assert lines[4] == "registration: rigid"
    assert "dicom.json holds the patient's name and birth date" in lines[5]
    assert lines[6] == str(tmp_path / "case" / "case.json")
    assert not any(secret in said.out + said.err for secret in SECRETS)


def test_the_list_for_machines(tiny, took):
    multi_day(tiny)
    found = took(tiny)
    data = json.loads((found.folder / "import.json").read_text(encoding="utf-8"))
    assert data["schema"] == "ludosimetry-import/1"
    first = data["scans"][0]
    assert first["activity_MBq"] == pytest.approx(
        1e-6 * activity(4).sum() * SPECT.voxel_volume_mL, rel=1e-3
    )
    ds = pydicom.dcmread(tiny.folder / "nm4.dcm")
    assert first["series"]["uid"] == ds.SeriesInstanceUID
    assert first["series"]["frame_of_reference"] == ds.FrameOfReferenceUID
    assert first["ct"]["files"] == 20
    assert data["scans"][1]["ct"] is None
    assert [series["file"] for series in data["segmentations"]] == ["rs.dcm"]
    assert (
        data["remarks"]
        == json.loads((found.folder / "dicom.json").read_text(encoding="utf-8"))["remarks"]
    )


def test_no_list_among_lines_of_progress(tiny, tmp_path, capfd):
    multi_day(tiny)
    output = str(tmp_path / "case")
    assert main(["dicom-import", str(tiny.folder), "-o", output, "--json-progress"]) == DONE
    lines = capfd.readouterr().out.splitlines()
    assert all(line.startswith("{") for line in lines[:-1])
    assert lines[-1].endswith("case.json")


@pytest.mark.skipif(os.name != "posix", reason="files have no owners' rights there")
def test_only_the_owner_reads_who_the_patient_is(tiny, took):
    multi_day(tiny)
    found = took(tiny)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in found.folder.iterdir()}
    assert modes.pop("dicom.json") == 0o600
    for path in found.folder.iterdir():
        text = path.read_bytes().decode("latin-1")
        assert any(secret in text for secret in SECRETS) == (path.name == "dicom.json")


@pytest.mark.slow
def test_anonymous(tiny, tmp_path, took):
    """No name, birth date, number, date or UID of the study in the case, in its results or their exports."""
    multi_day(tiny)
    found = took(tiny, {"options": {"dose_method": "local"}}, anonymous=True)
    pseudonym = found.case["patient_id"]
    result = run_case(Case.read(found.folder / "case.json"))
    result.write(tmp_path / "result")
    ds = pydicom.dcmread(tiny.folder / "nm4.dcm")
    hidden = [*SECRETS, ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID]
    hidden += [ds.SOPInstanceUID, "20240131", "2024-01-31", "2024-02"]
    for path in [*found.folder.iterdir(), *(tmp_path / "result").iterdir()]:
        text = path.read_bytes().decode("latin-1")
        assert not [secret for secret in hidden if secret in text], path.name
    objects = sorted((tmp_path / "result").glob("*.dcm"))
    assert len(objects) == 4
    made = [pydicom.dcmread(path) for path in objects]
    for each in made:
        assert str(each.PatientID) == str(each.PatientName) == pseudonym
        assert not each.PatientBirthDate
    assert len({each.StudyInstanceUID for each in made}) == 1
    assert found.list.scans[0].series.description == "SPECT … day 0"
    frames = [scan.series.frame_of_reference for scan in found.list.scans]
    assert frames == ["A", "B", "C"]
    assert found.remarks


def test_a_pseudonym_of_the_users(tiny, took):
    multi_day(tiny)
    found = took(tiny, patient_id="P 7", anonymous=True)
    source = json.loads((found.folder / "dicom.json").read_text(encoding="utf-8"))
    assert source["patient"]["PatientID"] == "P 7"
    assert source["series"] == []
    assert read_scan_list(found.folder / "import.json") == found.list


def test_the_supplement_of_the_readme():
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = (text for text in readme.split("```") if "administered_at" in text)
    supplement = supplement_from_dict(json.loads(block.removeprefix("json")))
    assert supplement.series["5"].hours == 4.0
    assert supplement.leave_out == ("7", "Screen Save", "old/")
