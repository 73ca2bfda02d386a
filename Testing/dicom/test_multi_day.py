"""From the folder of a study of three days to organ doses, by the shell's commands without options."""

import json

import pytest

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.dicom.case_import import import_case
from LuDosimetryLib.dicom.supplement import supplement_from_dict

from ..conftest import read_folder, shell

pytestmark = pytest.mark.slow


def test_organ_doses_of_a_patient_who_lies_elsewhere_each_day(multi_day, tmp_path):
    case, result = tmp_path / "case", tmp_path / "result"
    imported = shell("dicom-import", multi_day.folder, "-o", case)
    assert imported.returncode == 0, imported.stderr
    listed = imported.stdout.splitlines()
    assert [line.split()[-1] for line in listed[1:4]] == ["A", "B", "C"]
    assert listed[4] == "registration: rigid"
    run = shell("run", case, "-o", result)
    assert run.returncode == 0, run.stderr
    content, _ = read_folder(result)
    asked = json.loads((case / "case.json").read_text(encoding="utf-8"))["options"]
    assert asked == {"registration": "rigid"}
    assert [scan["method"] for scan in content["registration"]] == ["reference", "rigid", "rigid"]
    multi_day.check({organ["name"]: organ["mean_dose_Gy"] for organ in content["organs"]})


def test_activities_where_the_first_day_alone_has_a_ct(multi_day, tmp_path):
    """The other scans are aligned by their SPECT."""
    supplement = supplement_from_dict(
        {"leave_out": ["day1/ct", "day2/ct"], "options": {"dose_method": "local"}}
    )
    case = Case.read(import_case(multi_day.folder, tmp_path / "case", supplement))
    assert [point.ct is not None for point in case.time_points] == [True, False, False]
    organs = run_case(case).organs
    multi_day.check_integrals({organ.name: organ.tia_MBq_h for organ in organs})
