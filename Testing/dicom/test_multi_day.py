"""From the folder of a study of three days to organ doses, by the shell's commands without options."""

import json

import pytest

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
