"""A new organ quantity takes two files: its declaration, and the place where it is calculated."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ATTRIBUTE = "    network_correction_percent: float | None = None\n"
DECLARATION = """    Quantity(
        "D95_Gy",
        "D95",
        "Gy",
        _private("D95", "Absorbed dose that at least 95 % of the volume receives"),
        Shown.ANSWER | Shown.CONSOLE | Shown.PANEL | Shown.COHORT | Shown.COURSE,
        explanation="D95: near-minimum dose.",
    ),
)
\"\"\"Every single value"""
CALCULATION = "                D2_Gy=float(d2),\n"
CHECK = """
import csv, json, sys
from pathlib import Path
import numpy as np
import LuDosimetryLib
from LuDosimetryLib import Case, Result, run_case
from LuDosimetryLib.cohort.cases import CohortCase, Ending
from LuDosimetryLib.cohort.folder import read_cohort, write_cohort
from LuDosimetryLib.course.folder import read_course, write_course
from LuDosimetryLib.organs.quantities import Shown, for_reading
from LuDosimetryLib.output.tables import organ_lines

copy, case, out = map(Path, sys.argv[1:])
assert Path(LuDosimetryLib.__file__).is_relative_to(copy)
result = run_case(Case.read(case))
result.write(out / "p" / "c1")
expected = [float(np.percentile(result.dose[m & result.reported], 5.0)) for m in result.vois.values()]
assert [organ.D95_Gy for organ in Result.read(out / "p" / "c1").organs] == expected
write_course(read_course(out / "p"), out / "course")
case = CohortCase("c1", case, (out / "p" / "c1").resolve())
write_cohort(read_cohort(out / "p", [Ending(case, 0)]))
for file in ("p/c1/organs.csv", "p/cohort.csv", "course/course.csv"):
    rows = list(csv.DictReader((out / file).open(encoding="utf-8")))
    assert [row["D95_Gy"] for row in rows] == [f"{value:.6g}" for value in expected], file
report = (out / "p/c1/report.html").read_text(encoding="utf-8")
assert "<th scope=\\"col\\">D95<small>Gy</small></th>" in report
assert "D95: near-minimum dose." in report
assert "D95" in (out / "course/course.html").read_text(encoding="utf-8")
assert "D95 [Gy]" in organ_lines(result)
assert "D95_Gy" in [q.attribute for q in for_reading(Shown.PANEL, result.organs)]
try:
    import highdicom
except ImportError:
    sys.exit(0)
groups = highdicom.sr.srread(out / "p/c1/organ_doses_sr.dcm").content
for group, value in zip(groups.get_volumetric_roi_measurement_groups(), expected, strict=True):
    found = {m.name.value: m.value for m in group.get_measurements()}
    assert found["D95"] == float(f"{value:.9g}")
"""


def replace_in(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_two_files_are_enough(case_folder, tmp_path):
    copy = tmp_path / "copy"
    library = shutil.copytree(
        ROOT / "LuDosimetryLib",
        copy / "LuDosimetryLib",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (copy / "Resources").symlink_to(ROOT / "Resources")
    declared = library / "organs" / "quantities.py"
    replace_in(declared, ATTRIBUTE, f"{ATTRIBUTE}    D95_Gy: float | None = None\n")
    replace_in(declared, ')\n"""Every single value', DECLARATION)
    replace_in(
        library / "organs" / "organ_dose.py",
        CALCULATION,
        f"{CALCULATION}                D95_Gy=float(np.percentile(dose, 5.0)),\n",
    )
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(copy), str(case_folder.file), str(tmp_path / "out")],
        cwd=tmp_path,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
