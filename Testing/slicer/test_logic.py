"""The module without its panel: the logic from the console, and the batch script."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer

from LuDosimetryLib import Case, InvalidInput, run_case

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "LuDosimetry" / "LuDosimetry.py"
BATCH = ROOT / "LuDosimetry" / "Resources" / "Scripts" / "ludosimetry_batch.py"


@pytest.fixture
def logic(host, monkeypatch):
    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)
    return host.load(MODULE).python.LuDosimetryLogic()


@pytest.fixture
def batch(logic) -> Any:
    spec = importlib.util.spec_from_file_location("ludosimetry_batch", BATCH)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.mark.slow
def test_plain_arguments(logic, case_folder):
    loaded = logic.loadCase(case_folder.file)
    reports = []
    outputs = logic.run(
        timePoints=[
            (s, c, h) for s, c, h in zip(loaded.spects, loaded.cts, (4.0, 24.0, 96.0), strict=True)
        ],
        segmentation=loaded.segmentation,
        doseMethod="local",
        integration="trapezoid",
        registration="none",
        progress=lambda fraction, text: reports.append((fraction, text)),
    )
    expected = run_case(Case.read(case_folder.file))
    assert np.array_equal(slicer.util.arrayFromVolume(outputs.dose), expected.dose)
    fractions = [fraction for fraction, _ in reports]
    assert fractions == sorted(fractions)
    logic.removeResultFolders()


def test_what_cannot_be_calculated_is_one_sentence(logic):
    with pytest.raises(InvalidInput, match="To run: add at least one time point"):
        logic.run()
    with pytest.raises(InvalidInput, match="add at least one time point"):
        logic.run(timePoints=[])


@pytest.mark.slow
def test_options_without_a_widget_are_kept(logic, case_folder):
    case_folder.data["options"] |= {
        "recovery_coefficients": [[1.0, 0.5], [50.0, 0.9]],
        "histories": 12345,
    }
    case_folder.write()
    logic.loadCase(case_folder.file)
    parameters = logic.getParameterNode()
    assert json.loads(parameters.furtherOptions) == {
        "recovery_coefficients": [[1.0, 0.5], [50.0, 0.9]],
        "histories": 12345,
    }
    outputs = logic.run(parameters)
    expected = run_case(Case.read(case_folder.file))
    assert np.allclose(slicer.util.arrayFromVolume(outputs.dose), expected.dose)
    logic.removeResultFolders()


def test_cancel_from_the_console(logic, case_folder):
    from LuDosimetryLib.base.errors import Cancelled as Raised

    def stop(fraction: float, _text: str) -> None:
        if fraction > 0.0:
            raise Raised

    logic.loadCase(case_folder.file)
    with pytest.raises(Raised):
        logic.run(progress=stop)
    assert not list(Path(slicer.app.temporaryPath).glob("LuDosimetry-*"))


@pytest.mark.slow
def test_batch_of_a_folder(batch, case_folder, tmp_path):
    broken = case_folder.folder.parent / "broken"
    broken.mkdir()
    (broken / "case.json").write_text("{}", encoding="utf-8")
    code = batch.main([str(case_folder.folder.parent), "-o", str(tmp_path / "out")])
    assert code == 2
    result = tmp_path / "out" / "case"
    assert (result / "result.json").exists()
    assert (result / "scene.mrb").exists()
    assert not (tmp_path / "out" / "broken").exists()
    expected = run_case(Case.read(case_folder.file))
    found = json.loads((result / "result.json").read_text(encoding="utf-8"))
    assert found["organs"][0]["mean_dose_Gy"] == pytest.approx(expected.organs[0].mean_dose_Gy)


def test_batch_without_a_case(batch, tmp_path, capsys):
    assert batch.main([str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "there is no case file in" in capsys.readouterr().err
    assert batch.main([]) == 2


def test_batch_names(batch, tmp_path):
    for name in ("a/1", "a/2", "b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "case.json").write_text("{}", encoding="utf-8")
    found = batch.find_cases([tmp_path])
    assert sorted(found.values()) == ["a-1", "a-2", "b"]
    found = batch.find_cases([tmp_path / "a" / "1" / "case.json", tmp_path / "b"])
    assert sorted(found.values()) == ["1", "b"]
