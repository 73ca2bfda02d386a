"""The script that compares folders of results finds every kind of difference, and nothing else."""

import json
import shutil

import numpy as np
import pytest

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.image.volume import Volume, read_volume, write_volume

from ..support.compare_results import compare_folders, main


@pytest.fixture
def folders(case_folder, tmp_path):
    """A result, and the same written again at another time."""
    result = run_case(Case.read(case_folder.file))
    for name in ("old", "new"):
        result.write(tmp_path / name / "a")
        result.timing_s["read"] += 1.0
    return tmp_path / "old", tmp_path / "new"


@pytest.mark.slow
def test_a_result_written_twice_is_the_same(folders, capsys):
    assert main([str(folder) for folder in folders]) == 0
    assert capsys.readouterr().out.endswith(" 0 differences, 0 additions\n")


def _voxel(folder):
    volume = read_volume(folder / "dose.nrrd", "dose")
    values = volume.values.copy()
    values[12, 12, 12] = np.nextafter(values[12, 12, 12], np.float32(1e3))
    write_volume(folder / "dose.nrrd", Volume(values, volume.grid), "Gy")


def _organ(folder):
    content = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    content["organs"][1]["mean_dose_Gy"] *= 1.0 + 1e-12
    content["of a later version"] = 1
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")


def _cell(folder):
    text = (folder / "organs.csv").read_text(encoding="utf-8")
    (folder / "organs.csv").write_text(text.replace("kidney", "kidneys"), encoding="utf-8")


def _column(folder):
    rows = [
        line.split(",") for line in (folder / "organs.csv").read_text(encoding="utf-8").splitlines()
    ]
    place = rows[0].index("mean_dose_Gy")
    text = "\n".join(",".join(row[:place] + row[place + 1 :]) for row in rows)
    (folder / "organs.csv").write_text(text, encoding="utf-8")


def _pixels(folder):
    import pydicom

    dose = pydicom.dcmread(folder / "dose.dcm")
    dose.PixelData = b"\x01" + dose.PixelData[1:]
    dose.save_as(folder / "dose.dcm")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_voxel, "a/dose.nrrd: voxels: 1 of 13824 differ"),
        (_organ, "a/result.json: /organs[1]/mean_dose_Gy: "),
        (_cell, "a/organs.csv: row 1 (kidney), name: 'kidney' -> 'kidneys'"),
        (_column, "a/organs.csv: column 'mean_dose_Gy': missing"),
        (_pixels, "a/dose.dcm: PixelData: 1 of "),
        (lambda folder: (folder / "dvh.csv").unlink(), "a/dvh.csv: only in "),
    ],
)
def test_each_difference_is_found(folders, capsys, change, expected):
    change(folders[1] / "a")
    assert main([str(folder) for folder in folders]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("different")]
    assert len(lines) == 1
    assert lines[0].startswith(f"different: {expected}")


@pytest.mark.slow
def test_what_is_new_is_no_difference(folders):
    shutil.copy(folders[1] / "a" / "organs.csv", folders[1] / "a" / "more.csv")
    _organ(folders[0] / "a")
    _organ(folders[1] / "a")
    old = folders[0] / "a" / "result.json"
    content = json.loads(old.read_text(encoding="utf-8"))
    del content["of a later version"]
    old.write_text(json.dumps(content), encoding="utf-8")
    findings = compare_folders(*folders)
    assert findings.differences == []
    assert findings.added == ["a/more.csv: file", "a/result.json: /of a later version"]
