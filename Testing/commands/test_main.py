"""The shell's command: its arguments, and how it ends: real processes."""

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from LuDosimetryLib.base.errors import CANCELLED, DONE, INVALID
from LuDosimetryLib.commands.main import main

from ..conftest import ENVIRONMENT, command, read_folder, shell


@pytest.mark.slow
def test_a_run_from_the_shell(case_folder, tmp_path):
    before = case_folder.hashes()
    output = tmp_path / "deep" / "result"
    done = shell(
        "run", case_folder.file, "-o", output, "--dose-method", "multi-vsv", "--json-progress"
    )
    assert done.returncode == DONE, done.stderr
    lines = [json.loads(line)["progress"] for line in done.stdout.splitlines()]
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    summary, _ = read_folder(output)
    assert summary["dose_method"] == "multi-vsv"
    assert case_folder.hashes() == before
    modes = {path.stat().st_mode & 0o777 for path in output.iterdir()}
    umask = os.umask(0)
    os.umask(umask)
    assert modes == {0o666 & ~umask}


@pytest.mark.slow
def test_a_run_says_the_organ_doses(case_folder, tmp_path, capsys):
    assert main(["run", str(case_folder.folder), "-o", str(tmp_path / "result")]) == DONE
    said = capsys.readouterr().out
    assert "kidney" in said
    assert "report.html" in said


def run_to(case_folder, output: Path, message: str) -> subprocess.Popen:
    """A run that has just said a message and goes on."""
    arguments = command("run", case_folder.file, "-o", output, "--json-progress")
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    for line in process.stdout:
        if message in line:
            return process
    raise AssertionError(process.communicate())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("message", ["reading the scans", "writing the volumes"])
def test_a_run_that_is_cancelled(case_folder, tmp_path, number, message):
    output = tmp_path / "result"
    process = run_to(case_folder, output, message)
    process.send_signal(number)
    _, error = process.communicate(timeout=100)
    assert process.returncode == CANCELLED, error
    assert error == "ludosimetry: cancelled; nothing was written.\n"
    assert not output.exists()


@pytest.mark.slow
def test_a_run_that_is_killed(case_folder, tmp_path):
    output = tmp_path / "result"
    process = run_to(case_folder, output, "writing the report")
    process.kill()
    process.communicate(timeout=100)
    left = [path.name for path in output.iterdir()]
    assert [name.startswith(".ludosimetry-partial-") for name in left] == [True]
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert not list(output.glob(".*"))
    read_folder(output)


def test_a_listener_that_goes_away(case_folder, tmp_path):
    process = run_to(case_folder, tmp_path / "result", "reading the scans")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(timeout=100) == CANCELLED
    assert "nobody reads the output" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "result").exists()


@pytest.mark.slow
def test_a_run_over_an_earlier_result(case_folder, tmp_path):
    output = tmp_path / "result"
    case_folder.change("options", "compare_with", to=["single-vsv"])
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert (output / "dose_single-vsv.nrrd").exists()
    (output / "notes.txt").write_text("mine", encoding="utf-8")
    (output / "dose_of_mine.nrrd").write_text("mine", encoding="utf-8")
    case_folder.change("options", "compare_with", to=[])
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert not list(output.glob("*single-vsv*"))
    assert (output / "notes.txt").exists()
    assert (output / "dose_of_mine.nrrd").exists()
    summary, _ = read_folder(output)
    assert set(summary["volumes"]) == {"tia", "density", "dose"}


@pytest.mark.slow
def test_a_refused_run_keeps_an_earlier_result(case_folder, refused, tmp_path):
    output = tmp_path / "result"
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in output.iterdir()}
    (case_folder.folder / "spect_3.nrrd").unlink()
    refused(output=output)
    assert {p: hashlib.sha256(p.read_bytes()).digest() for p in output.iterdir()} == before


@pytest.mark.slow
def test_a_result_beside_its_inputs(case_folder):
    before = case_folder.hashes()
    assert main(["run", str(case_folder.file), "-o", str(case_folder.folder)]) == DONE
    after = case_folder.hashes()
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["walk"],
        ["run"],
        ["run", "case.json"],
        ["run", "case.json", "-o", "x", "--device", "gpu"],
        ["phantom", "--seed", "1.5", "-o", "x"],
        ["phantom", "--seed", "inf", "-o", "x"],
        ["bench", "--grid", "0"],
        ["kernels", "--voxel-mm", "4", "4", "-4", "--density", "1", "--composition", "water"],
        ["kernels", "--voxel-mm", "4", "4", "nan", "--density", "1", "--composition", "water"],
    ],
)
def test_arguments_that_are_not_allowed(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == INVALID
    assert "usage: ludosimetry" in capsys.readouterr().err


def test_a_bad_case_from_the_shell(case_folder):
    case_folder.change("options", "dose_method", to="multivsv")
    done = shell("run", case_folder.file, "-o", case_folder.folder / "result")
    assert done.returncode == INVALID
    assert done.stderr.startswith(
        f"ludosimetry: {case_folder.file}: options: dose_method is 'multivsv'"
    )
    assert done.stderr.count("\n") == 1


def test_ctrl_c_while_the_libraries_load(case_folder, tmp_path):
    arguments = command("run", case_folder.file, "-o", tmp_path / "result")
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=100)
    assert (process.returncode, "Traceback" in error) == (CANCELLED, False), error
    assert not (tmp_path / "result").exists()
