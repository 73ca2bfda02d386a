"""Many cases by one command: each its result, one table, and what fails beside what does not."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.errors import (
    CANCELLED,
    DONE,
    FAILED,
    INVALID,
    Cancelled,
    InvalidInput,
    worst_of,
)
from LuDosimetryLib.cohort.cases import find_cases
from LuDosimetryLib.cohort.run import _finished, run_cohort
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.jobs import parallel

NAMES = ["a/cycle 1", "a/cycle 2", "b"]


@pytest.fixture
def cases(case_folder, tmp_path) -> Path:
    """Three cases: two cycles of a patient, the second with half the activity, and another's."""
    folder = tmp_path / "cases"
    for name, activity_MBq, cycle in zip(NAMES, (7400, 3700, None), (1, 2, 1), strict=True):
        case_folder.data |= {"patient_id": name[0], "cycle": cycle}
        case_folder.data["administered_activity_MBq"] = activity_MBq
        case_folder.write()
        shutil.copytree(case_folder.folder, folder / name)
    return folder


def rows_of(output: Path) -> list[dict[str, str]]:
    with (output / "cohort.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def spoil(cases: Path) -> None:
    (cases / "a/cycle 2/spect_2.nrrd").unlink()


def written(output: Path) -> dict[str, int]:
    """When each result was written."""
    files = output.rglob("result.json")
    return {f.parent.relative_to(output).as_posix(): f.stat().st_mtime_ns for f in files}


@pytest.mark.slow
def test_one_failing_case_does_not_stop_the_others(cases, tmp_path, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)  # it is not needed on one machine
    spoil(cases)
    output = tmp_path / "out"
    assert main(["cohort", str(cases), "-o", str(output)]) == INVALID
    printed = capfd.readouterr()
    assert printed.out == f"{output / 'cohort.html'}\n"
    (failure,) = printed.err.splitlines()
    assert failure.startswith("a/cycle 2: SPECT at 24 h: there is no file ")
    assert sorted(written(output)) == ["a/cycle 1", "b"]
    assert not (output / "a/cycle 2").exists()
    alone = run_case(Case.read(cases / "b"))
    rows = rows_of(output)
    assert [(row["case"], row["organ"]) for row in rows] == [
        *((NAMES[0], organ.name) for organ in alone.organs),
        (NAMES[1], ""),
        *((NAMES[2], organ.name) for organ in alone.organs),
    ]
    assert rows[3]["exit_code"] == str(INVALID)
    assert rows[3]["message"].startswith("SPECT at 24 h: there is no file")
    for row, organ in zip(rows[4:], alone.organs, strict=True):
        assert float(row["mean_dose_Gy"]) == pytest.approx(organ.mean_dose_Gy, rel=1e-5)
        assert row["dose_per_activity_Gy_GBq"] == ""
    kidney = float(rows[0]["mean_dose_Gy"])
    assert float(rows[0]["dose_per_activity_Gy_GBq"]) == pytest.approx(kidney / 7.4, rel=1e-4)
    summary = json.loads((output / "cohort.json").read_text(encoding="utf-8"))
    assert [case["exit_code"] for case in summary["cases"]] == [DONE, INVALID, DONE]
    spread = summary["organs"][0]["dose_Gy"]
    assert (spread["count"], spread["standard_deviation"]) == (2, 0.0)
    assert spread["mean"] == pytest.approx(kidney, rel=1e-5)
    assert summary["organs"][0]["dose_per_activity_Gy_GBq"]["count"] == 1
    html = (output / "cohort.html").read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 2
    assert "1 of 3 cases without a result" in html
    assert "Case a/cycle 2: SPECT at 24 h: there is no file" in html
    assert '<a href="a/cycle%201/report.html">a/cycle 1</a>' in html
    assert (output / "a/cycle 1/report.html").exists()
    _goes_on(cases, output)


def _goes_on(cases: Path, output: Path) -> None:
    """What is finished is not calculated again, unless the case, its images or options changed."""
    command = ["cohort", str(cases), "-o", str(output)]
    before = written(output)
    shutil.copy(cases / "b/spect_2.nrrd", cases / "a/cycle 2/spect_2.nrrd")
    assert main(command) == DONE
    after = written(output)
    assert {name: after[name] for name in before} == before
    assert sorted(after) == NAMES
    # another scan under the same name is another case, and so is another option
    scan = sitk.ReadImage(str(cases / "b/spect_2.nrrd"))
    sitk.WriteImage(0.9 * scan, str(cases / "b/spect_2.nrrd"))
    assert main(command) == DONE
    changed = written(output)
    assert [name for name in NAMES if changed[name] != after[name]] == ["b"]
    asked = Case.read(cases / "b")
    assert _finished(asked, output / "b")
    assert not _finished(asked.with_options(integration="hybrid"), output / "b")


@pytest.mark.slow
def test_cancelling_keeps_what_is_done(cases, tmp_path):
    def progress(fraction: float, message: str) -> None:
        assert 0.0 <= fraction <= 1.0
        if message.startswith("1 of 3 done; a/cycle 2: dose"):
            raise Cancelled

    output = tmp_path / "out"
    endings = run_cohort(find_cases(cases, output), {}, progress, workers=1)
    assert next(endings).case.name == "a/cycle 1"
    with pytest.raises(Cancelled):
        next(endings)
    assert sorted(written(output)) == ["a/cycle 1"]
    assert not (output / "a/cycle 2").exists()


@pytest.mark.slow
def test_two_cases_at_a_time(cases, tmp_path, monkeypatch):
    """Both are under way at the same moment, and the numbers are those of each alone."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    under_way: list[set[str]] = []
    seen: set[str] = set()

    def progress(fraction: float, message: str) -> None:
        name = message.partition("; ")[2].partition(": ")[0]
        if message.startswith("0 of 3 done") and "looking" not in message:
            seen.add(name)
            under_way.append(set(seen))

    output = tmp_path / "out"
    endings = list(run_cohort(find_cases(cases, output), {"media": 20}, progress, workers=2))
    assert {"a/cycle 1", "a/cycle 2"} in under_way
    assert sorted(ending.case.name for ending in endings) == NAMES
    assert all(ending.code == DONE and not ending.earlier for ending in endings)
    for name in NAMES:
        dose = read_volume(output / name / "dose.nrrd", name).values
        np.testing.assert_array_equal(dose, run_case(Case.read(cases / name)).dose)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "cases", "out"]


@pytest.mark.slow
def test_abandoning_a_cohort_ends_its_processes(cases, tmp_path, monkeypatch, group_lives):
    """Whoever stops asking for endings leaves no process behind, and nothing half written."""
    pytest.importorskip("ompmc")
    started: list[int] = []
    begun = parallel.BackgroundRun

    def noted(*given: object, **named: object) -> parallel.BackgroundRun:
        run = begun(*given, **named)
        started.append(run._process.pid)
        return run

    monkeypatch.setattr(parallel, "BackgroundRun", noted)
    endless = {"dose_method": "monte-carlo", "histories": 2_000_000_000}
    (cases / "a/cycle 1/spect_1.nrrd").unlink()  # this one ends at once, the others never
    output = tmp_path / "out"
    endings = run_cohort(find_cases(cases, output), endless, workers=3)
    assert next(endings).code == INVALID
    assert len(started) == 3
    before = time.monotonic()
    endings.close()
    assert time.monotonic() - before < 8.0
    assert not any(group_lives(process) for process in started)
    assert not list(output.rglob("*"))


def test_which_cases_there_are(cases, tmp_path):
    shutil.copytree(cases / "b", cases / ".trash" / "b")
    shutil.copytree(cases / "b", cases / "out" / "b")
    found = find_cases(cases, cases / "out")
    assert [case.name for case in found] == NAMES
    assert found[0].output == (cases / "out" / "a" / "cycle 1").resolve()
    (alone,) = find_cases(cases / "b", tmp_path / "out")
    assert alone.name == "b"
    # results beside their cases
    assert [case.output for case in find_cases(cases / "a", cases / "a")] == [
        case.file.parent for case in find_cases(cases / "a", cases / "a")
    ]


def test_no_case_is_invalid(tmp_path, capfd):
    (tmp_path / "empty").mkdir()
    for folder, expected in (("empty", "holds no case"), ("gone", "there is no folder")):
        command = ["cohort", str(tmp_path / folder), "-o", str(tmp_path / "out")]
        assert main(command) == INVALID
        error = capfd.readouterr().err
        assert expected in error
        assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_option_that_cannot_be_is_refused_once(cases, tmp_path, capfd):
    command = ["cohort", str(cases), "-o", str(tmp_path / "out"), "--dose-method", "multivsv"]
    assert main(command) == INVALID
    printed = capfd.readouterr().err
    assert printed.count("\n") == 1
    assert "--dose-method is 'multivsv'" in printed
    assert "did you mean 'multi-vsv'?" in printed


def test_a_scheduler_without_dask_is_refused(cases, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    endings = run_cohort(find_cases(cases, tmp_path), {}, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(InvalidInput, match=r"dask\.distributed is not installed"):
        next(endings)


def test_the_worst_ending_is_that_of_all():
    assert worst_of([]) == worst_of([DONE, DONE]) == DONE
    assert worst_of([DONE, INVALID]) == INVALID
    assert worst_of([INVALID, FAILED, DONE]) == FAILED
    assert worst_of([INVALID, CANCELLED]) == CANCELLED


def started(cases: Path, output: Path) -> "subprocess.Popen[str]":
    """The command in a process group of its own, its JSON lines to be read."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "LuDosimetryLib", "cohort", str(cases), "-o", str(output)),
            *("--workers", "1", "--json-progress"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(output.parent)},
    )


def wait_for(process: "subprocess.Popen[str]", part: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if part in json.loads(line)["progress"]["message"]:
            return
    pytest.fail(f"ended before it wrote {part!r}: {process.communicate()[1]}")


@pytest.mark.slow
def test_a_killed_process_and_ctrl_c(cases, tmp_path):
    """
    A process that is killed costs its case alone. Ctrl-C ends all: one sentence each, nothing half
    written, no process left.
    """
    output = tmp_path / "out"
    process = started(cases, output)
    wait_for(process, "0 of 3 done; a/cycle 1: reading")
    listing = subprocess.check_output(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)], text=True
    )
    (worker,) = [line.split()[0] for line in listing.splitlines() if ".worker" in line]
    (output / "a/cycle 1/.ludosimetry-partial-0").mkdir(parents=True)  # as if killed while writing
    os.kill(int(worker), signal.SIGKILL)
    wait_for(process, "1 of 3 done; a/cycle 2: ")
    assert not (output / "a/cycle 1").exists()
    os.killpg(process.pid, signal.SIGINT)
    killed, cancelled = process.communicate()[1].splitlines()
    assert process.returncode == CANCELLED
    assert killed.startswith("a/cycle 1: the process that calculated it ended, possibly out of")
    assert cancelled.startswith("ludosimetry: cancelled; 0 of 3 cases are done and stay")
    assert not written(output)
    assert not any(output.rglob("*"))
    for _ in range(50):
        listing = subprocess.check_output(["ps", "-ww", "-eo", "args="], text=True)
        if str(tmp_path) not in listing:
            return
        time.sleep(0.1)
    pytest.fail("a process of the cohort is still there")


@pytest.mark.slow
def test_on_a_scheduler(cases, tmp_path, capfd):
    """The same numbers as one case alone, and the scheduler stays."""
    distributed = pytest.importorskip("distributed")
    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "n_workers": 2}
    spoil(cases)
    output = tmp_path / "out"
    with distributed.LocalCluster(processes=True, **options) as running:
        command = ["cohort", str(cases), "-o", str(output)]
        assert main([*command, "--scheduler", running.scheduler_address]) == INVALID
        assert running.status.name == "running"
    assert capfd.readouterr().err.startswith("a/cycle 2: SPECT at 24 h: there is no file")
    assert sorted(written(output)) == ["a/cycle 1", "b"]
    alone = run_case(Case.read(cases / "b"))
    doses = [float(row["mean_dose_Gy"]) for row in rows_of(output) if row["case"] == "b"]
    assert doses == pytest.approx([organ.mean_dose_Gy for organ in alone.organs], rel=1e-5)
