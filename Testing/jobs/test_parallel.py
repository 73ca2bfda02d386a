"""Several jobs at a time: how many, in which order they end, and how all are ended early."""

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.jobs import runner
from LuDosimetryLib.jobs.parallel import run_jobs
from LuDosimetryLib.jobs.runner import running_interpreter

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


@pytest.fixture
def python(tmp_path):
    """A Python whose worker sleeps as long as its job folder's name says, then succeeds."""
    script = tmp_path / "python"
    script.write_text(
        f"#!{sys.executable}\n"
        "import os, signal, sys, time\n"
        "job = sys.argv[-1]\n"
        "if job.endswith('stubborn'):\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'print(\'LUDOSIMETRY {"progress": {"fraction": 0, "message": "%d"}}\' % os.getpid(), flush=True)\n'
        "time.sleep(100 if job.endswith('stubborn') else float(os.path.basename(job)))\n"
        'print(\'LUDOSIMETRY {"result": "%s"}\' % job, flush=True)\n',
        encoding="utf-8",
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


def jobs_in(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).mkdir()
    return [folder / name for name in names]


@pytest.mark.slow
def test_no_more_at_a_time_than_asked_for(tmp_path, python):
    jobs = jobs_in(tmp_path, "1.2", "0.3", "0.4", "0.2")
    running: set[Path] = set()
    most = 0

    def report(job, message):
        nonlocal most
        running.add(job)
        most = max(most, len(running))

    ended = []
    for job, outcome in run_jobs(jobs, 2, report, lambda: None, python):
        running.discard(job)
        ended.append(job.name)
        assert outcome.kind == "done"
        assert outcome.result == job
    assert most == 2
    assert sorted(ended) == sorted(job.name for job in jobs)
    assert ended[0] == "0.3"


def test_whoever_cancels_waits_for_the_end_of_all(tmp_path, python, monkeypatch, group_lives):
    monkeypatch.setattr(runner, "TERMINATE_AFTER_S", 0.2)
    monkeypatch.setattr(runner, "KILL_AFTER_S", 0.5)
    jobs = jobs_in(tmp_path, "stubborn", "50")
    processes: list[int] = []

    def check() -> None:
        if len(processes) == 2:
            raise Cancelled

    started = time.monotonic()
    with pytest.raises(Cancelled):
        list(run_jobs(jobs, 2, lambda _job, m: processes.append(int(m.text)), check, python))
    assert time.monotonic() - started < 10.0
    assert len(processes) == 2
    assert not any(group_lives(process) for process in processes)


def test_a_shell_calculates_with_the_python_that_runs_it(monkeypatch):
    monkeypatch.delenv(runner.INTERPRETER_VARIABLE, raising=False)
    assert running_interpreter() == sys.executable
    for within in ("", "/opt/Slicer/bin/SlicerApp-real", "/opt/Slicer/bin/PythonSlicer"):
        monkeypatch.setattr(sys, "executable", within)
        assert running_interpreter() is None
    for plain in ("/usr/bin/python3.13", "C:/Python/PYTHONW.EXE", "/usr/bin/python3.14t"):
        monkeypatch.setattr(sys, "executable", plain)
        assert running_interpreter() == plain
    monkeypatch.setenv(runner.INTERPRETER_VARIABLE, os.devnull)
    assert running_interpreter() is None
