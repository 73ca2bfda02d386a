"""Background runs of the real worker: how they go well, and how they end otherwise."""

import os
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.jobs.runner import INTERPRETER_VARIABLE, BackgroundRun, find_interpreter

from ..conftest import read_folder

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


@pytest.fixture(autouse=True)
def this_python(monkeypatch):
    monkeypatch.setenv(INTERPRETER_VARIABLE, sys.executable)


def until(run: BackgroundRun, words: str, timeout_s: float = 60.0) -> None:
    """Poll until a message with some words comes."""
    started = time.monotonic()
    while not any(words in message.text for message in run.poll()):
        assert run.running, run.outcome
        assert time.monotonic() - started < timeout_s
        time.sleep(0.01)


@pytest.mark.slow
def test_a_run_to_its_end(case_folder):
    run = BackgroundRun(case_folder.folder)
    messages = []
    longest = 0.0
    while run.running:
        before = time.perf_counter()
        messages += run.poll()
        longest = max(longest, time.perf_counter() - before)
        time.sleep(0.005)
    assert run.outcome.kind == "done", run.outcome
    assert longest < 0.05
    fractions = [m.fraction for m in messages if m.fraction is not None]
    assert fractions == sorted(fractions)
    assert {m.text for m in messages} >= {"reading the scans", "dose: local"}
    assert run.outcome.result == case_folder.folder / "result"
    summary, _ = read_folder(run.outcome.result)
    assert summary["status"] == "completed"
    assert run.poll() == []
    run.cancel()  # too late, and harmless
    run.stop()
    assert run.outcome.kind == "done"


@pytest.mark.slow
@pytest.mark.parametrize("method", [m for m in DOSE_METHODS if m != "unet"])
def test_cancel_takes_less_than_two_seconds(case_folder, method, group_lives):
    if method == "monte-carlo":
        pytest.importorskip("ompmc")
    case_folder.data["options"] = {"dose_method": method, "histories": 2_000_000_000}
    case_folder.write()
    run = BackgroundRun(case_folder.folder)
    until(run, "Monte Carlo: batch" if method == "monte-carlo" else "reading the scans")
    process = run._process.pid
    started = time.monotonic()
    run.cancel()
    run.cancel()
    outcome = run.wait(5.0)
    assert time.monotonic() - started < 2.0
    assert outcome.kind == "cancelled"
    assert not (case_folder.folder / "result").exists()
    assert not group_lives(process)


def deaf_worker(folder: Path, body: str) -> Path:
    """A Python whose worker does something else."""
    script = folder / "python"
    script.write_text(
        f"#!{sys.executable}\nimport os, signal, subprocess, sys, time\n{body}\n", encoding="utf-8"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def test_what_does_not_listen_is_terminated(tmp_path, monkeypatch):
    script = deaf_worker(
        tmp_path,
        'print(\'LUDOSIMETRY {"progress": {"fraction": 0, "message": "up"}}\', flush=True)\ntime.sleep(100)',
    )
    monkeypatch.setenv(INTERPRETER_VARIABLE, str(script))
    monkeypatch.setattr("LuDosimetryLib.jobs.runner.TERMINATE_AFTER_S", 0.3)
    run = BackgroundRun(tmp_path)
    until(run, "up")
    run.cancel()
    assert run.wait(3.0).kind == "cancelled"
    assert run._process.returncode == -signal.SIGTERM


def test_what_refuses_to_end_is_killed_with_its_children(tmp_path, monkeypatch, group_lives):
    script = deaf_worker(
        tmp_path,
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)'])\n"
        'print(\'LUDOSIMETRY {"progress": {"fraction": 0, "message": "up"}}\', flush=True)\n'
        "time.sleep(100)",
    )
    monkeypatch.setenv(INTERPRETER_VARIABLE, str(script))
    monkeypatch.setattr("LuDosimetryLib.jobs.runner.TERMINATE_AFTER_S", 0.2)
    monkeypatch.setattr("LuDosimetryLib.jobs.runner.KILL_AFTER_S", 0.6)
    run = BackgroundRun(tmp_path)
    until(run, "up")
    run.cancel()
    assert run.wait(5.0).kind == "cancelled"
    assert run._process.returncode == -signal.SIGKILL
    time.sleep(0.1)
    assert not group_lives(run._process.pid)


def test_stop_leaves_nothing(tmp_path, monkeypatch, group_lives):
    script = deaf_worker(
        tmp_path,
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'print(\'LUDOSIMETRY {"progress": {"fraction": 0, "message": "up"}}\', flush=True)\n'
        "time.sleep(100)",
    )
    monkeypatch.setenv(INTERPRETER_VARIABLE, str(script))
    run = BackgroundRun(tmp_path)
    until(run, "up")
    started = time.monotonic()
    run.stop()
    assert time.monotonic() - started < 2.0
    assert run.outcome.kind == "cancelled"
    assert not group_lives(run._process.pid)


@pytest.mark.slow
def test_killed_from_outside(case_folder):
    pytest.importorskip("ompmc")
    case_folder.data["options"] = {"dose_method": "monte-carlo", "histories": 2_000_000_000}
    case_folder.write()
    run = BackgroundRun(case_folder.folder)
    until(run, "Monte Carlo: batch")
    os.kill(run._process.pid, signal.SIGKILL)
    outcome = run.wait(5.0)
    assert outcome.kind == "killed"
    assert "killed, possibly out of memory" in outcome.text
    assert outcome.result is None
    assert not (case_folder.folder / "result" / "result.json").exists()


def test_a_crash_of_native_code(case_folder):
    run = BackgroundRun(case_folder.folder)
    until(run, "reading the scans")
    os.kill(run._process.pid, signal.SIGSEGV)
    outcome = run.wait(5.0)
    assert outcome.kind == "killed"
    assert "crashed (SIGSEGV)" in outcome.text


def test_invalid_case(case_folder):
    case_folder.change("time_points", 0, "hours", to=-1)
    outcome = BackgroundRun(case_folder.folder).wait(30.0)
    assert outcome.kind == "invalid"
    assert "hours is -1; it must be a number above 0." in outcome.text


def test_no_half_result_when_the_disk_does_not_take_it(case_folder):
    (case_folder.folder / "result").write_text("in the way", encoding="utf-8")
    outcome = BackgroundRun(case_folder.folder).wait(30.0)
    assert outcome.kind == "invalid"
    assert "is a file; give a folder" in outcome.text


def test_an_interpreter_that_is_not_there(case_folder, monkeypatch):
    monkeypatch.setenv(INTERPRETER_VARIABLE, "/no/such/python")
    run = BackgroundRun(case_folder.folder)
    assert run.outcome.kind == "failed"
    assert run.outcome.text.startswith(
        "the calculation could not be started with /no/such/python (No such file or directory); "
    )
    assert run.poll() == []
    run.cancel()
    run.stop()


def test_an_interpreter_that_is_none(case_folder, monkeypatch):
    monkeypatch.setenv(INTERPRETER_VARIABLE, "/bin/false")
    outcome = BackgroundRun(case_folder.folder).wait(5.0)
    assert outcome.kind == "failed"
    assert outcome.text == "the calculation ended without a result (exit code 1)."


def test_an_interpreter_that_lacks_the_packages(case_folder, monkeypatch, tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    monkeypatch.setenv(INTERPRETER_VARIABLE, str(bare))
    outcome = BackgroundRun(case_folder.folder).wait(20.0)
    assert outcome.kind == "failed"
    assert "the package numpy is missing from the Python" in outcome.text


def test_stderr_is_the_details(tmp_path, monkeypatch):
    script = deaf_worker(
        tmp_path, "[print(f'line {n}', file=sys.stderr) for n in range(500)]\nsys.exit(1)"
    )
    monkeypatch.setenv(INTERPRETER_VARIABLE, str(script))
    outcome = BackgroundRun(tmp_path).wait(5.0)
    lines = outcome.details.splitlines()
    assert lines[-1] == "line 499"
    assert len(lines) < 100


class TestInterpreter:
    def test_the_variable_comes_first(self, monkeypatch):
        monkeypatch.setenv(INTERPRETER_VARIABLE, "/some/python")
        assert find_interpreter() == "/some/python"

    def test_then_the_one_of_slicer(self, monkeypatch, tmp_path):
        monkeypatch.delenv(INTERPRETER_VARIABLE)
        slicer = tmp_path / "PythonSlicer"
        slicer.write_text("#!/bin/sh\n", encoding="utf-8")
        slicer.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_interpreter() == str(slicer)

    def test_then_this_one(self, monkeypatch, tmp_path):
        monkeypatch.delenv(INTERPRETER_VARIABLE)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_interpreter() == sys.executable

    def test_else_one_sentence(self, monkeypatch, case_folder):
        monkeypatch.delenv(INTERPRETER_VARIABLE)
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(sys, "executable", "")
        run = BackgroundRun(case_folder.folder)
        assert run.outcome.kind == "failed"
        assert "no Python to calculate with was found" in run.outcome.text
