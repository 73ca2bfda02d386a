"""The Monte Carlo from the shell: its files, and what remains when it ends early."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.output.folder import checkpoint_folder

pytest.importorskip("ompmc")

ROOT = Path(__file__).parents[2]
MONTE_CARLO = ("--dose-method", "monte-carlo")


def values(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def arguments(case_folder, output, *more):
    return ["run", str(case_folder.file), "-o", str(output), *MONTE_CARLO, *more]


def left_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_result_folder(case_folder, tmp_path, capfd):
    case_folder.change("options", "compare_with", to=["local"])
    output = tmp_path / "result"
    assert main(arguments(case_folder, output, "--histories", "3e4")) == DONE
    shown = capfd.readouterr().out
    assert " ± " in shown
    assert "error" not in shown
    summary = json.loads((output / "result.json").read_text(encoding="utf-8"))
    assert summary["volumes"]["dose_standard_error"] == "dose_standard_error.nrrd"
    assert summary["provenance"]["monte-carlo"]["decays"] == 30_000
    assert summary["provenance"]["monte-carlo"]["engine"].startswith("ompmc")
    error, dose = values(output / "dose_standard_error.nrrd"), values(output / "dose.nrrd")
    assert 0.0 < error.mean() < dose.mean()
    for organ in summary["organs"]:
        assert 0.0 < organ["standard_error_Gy"] < 0.05 * organ["mean_dose_Gy"]
    with (output / "organs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["standard_error_Gy monte-carlo"]) == pytest.approx(
        summary["organs"][0]["standard_error_Gy"], rel=1e-5
    )
    report = (output / "report.html").read_text(encoding="utf-8")
    assert "Statistical: standard error of the mean dose by Monte Carlo alone" in report
    assert "Noise floor" in report
    assert left_in(tmp_path) == {"case", "result"}


@pytest.mark.slow
def test_as_a_compared_method(case_folder, tmp_path):
    case_folder.change("options", "compare_with", to=["monte-carlo"])
    case_folder.change("options", "histories", to=30_000)
    output = tmp_path / "result"
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert left_in(output) >= {"dose_monte-carlo.nrrd", "dose_monte-carlo_standard_error.nrrd"}
    (organ, *_) = json.loads((output / "result.json").read_text(encoding="utf-8"))["organs"]
    assert organ["standard_error_Gy"] is None
    assert organ["standard_error_by_method_Gy"]["monte-carlo"] > 0.0


def test_histories_or_uncertainty_but_not_both(case_folder, tmp_path, capfd):
    with pytest.raises(SystemExit, match="2"):
        main(arguments(case_folder, tmp_path / "r", "--histories", "9", "--uncertainty", "1"))
    assert "not allowed with" in capfd.readouterr().err


@pytest.mark.slow
def test_histories_take_the_place_of_the_case_s_uncertainty(case_folder, tmp_path):
    case_folder.change("options", "uncertainty_percent", to=1e-6)
    assert main(arguments(case_folder, tmp_path / "result", "--histories", "1e4")) == DONE


@pytest.mark.parametrize("value", [0, -1, "much", True])
def test_an_uncertainty_that_is_none(case_folder, refused, value):
    case_folder.change("options", "uncertainty_percent", to=value)
    assert "uncertainty_percent" in refused(*MONTE_CARLO)


def test_without_ompmc(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "ompmc", None)
    assert "needs the package ompmc" in refused(*MONTE_CARLO)


def test_activity_in_air_only(case_folder, refused):
    for n in (1, 2, 3):
        scan = np.zeros_like(case_folder.activity)
        scan[12, 0, 0] = 1000.0 / n
        case_folder.put(f"spect_{n}.nrrd", scan)
    assert "lies in air or outside the patient" in refused(*MONTE_CARLO)


def started(case_folder, output, *more):
    command = [sys.executable, "-m", "LuDosimetryLib", *arguments(case_folder, output, *more)]
    return subprocess.Popen(
        [*command, "--json-progress"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def wait_for_batch(process, number):
    for line in process.stdout:
        if f"batch {number} of" in line:
            return
    raise AssertionError(process.stderr.read())


@pytest.mark.slow
def test_killed_and_started_again(case_folder, tmp_path):
    more = ("--histories", "4e5")
    output = tmp_path / "deep" / "result"
    with started(case_folder, output, *more) as process:
        wait_for_batch(process, 4)
        process.send_signal(signal.SIGKILL)
    assert left_in(tmp_path / "deep") == {checkpoint_folder(output).name}
    assert main(arguments(case_folder, output, *more)) == DONE
    assert left_in(tmp_path / "deep") == {"result"}
    how = json.loads((output / "result.json").read_text(encoding="utf-8"))["provenance"][
        "monte-carlo"
    ]
    assert how["batches_of_an_earlier_run"] >= 3
    assert main(arguments(case_folder, tmp_path / "whole", *more)) == DONE
    for name in ("dose.nrrd", "dose_standard_error.nrrd"):
        whole = values(tmp_path / "whole" / name)
        np.testing.assert_allclose(values(output / name), whole, rtol=1e-5, atol=1e-6 * whole.max())


@pytest.mark.slow
def test_terminated_leaves_nothing_and_soon(case_folder, tmp_path):
    output = tmp_path / "deep" / "result"
    with started(case_folder, output, "--histories", "1e9") as process:
        wait_for_batch(process, 1)
        process.send_signal(signal.SIGTERM)
        asked = time.perf_counter()
        process.communicate(timeout=60)
    assert process.returncode == 3
    assert not (tmp_path / "deep").exists()
    assert time.perf_counter() - asked < 30.0  # two seconds on a machine that is not busy


def test_finished_batches_that_cannot_be_kept(case_folder, tmp_path, capfd):
    """As on a full disk."""
    output = tmp_path / "result"
    checkpoint_folder(output).write_bytes(b"")
    assert main(arguments(case_folder, output, "--histories", "1e4")) == INVALID
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "cannot be written to" in said
    assert not output.exists()
