"""The process that calculates, driven as whoever starts it does: by its streams and exit code."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from LuDosimetryLib.base.errors import CANCELLED, DONE, FAILED, INVALID
from LuDosimetryLib.jobs.job_folder import PREFIX

from .conftest import CaseFolder, read_folder

ROOT = Path(__file__).resolve().parents[1]


def start(job: Path, **more: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "LuDosimetryLib.worker", str(job)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **more,
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, list[tuple[str, object]], str]:
    """Exit code, what was told, and what was printed, without closing stdin before the end."""
    assert process.stdout is not None
    out = process.stdout.read().decode()
    code = process.wait(60)
    assert process.stderr is not None
    told = []
    for line in out.splitlines():
        assert line.startswith(PREFIX), line
        ((kind, value),) = json.loads(line.removeprefix(PREFIX)).items()
        told.append((kind, value))
    return code, told, process.stderr.read().decode()


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> SimpleNamespace:
    """A case that a worker has calculated: its folder, hashes before, and what the worker told."""
    case_folder = CaseFolder(tmp_path_factory.mktemp("finished") / "case")
    before = case_folder.hashes()
    code, told, said = ended(start(case_folder.folder))
    assert code == DONE, said
    return SimpleNamespace(case=case_folder, before=before, told=told, folder=Path(told[-1][1]))


@pytest.mark.slow
def test_a_case_gives_a_result_folder(finished):
    kinds = [kind for kind, _ in finished.told]
    assert set(kinds) <= {"progress", "warning", "result"}
    assert kinds[-1] == "result"
    fractions = [value["fraction"] for kind, value in finished.told if kind == "progress"]
    assert fractions[0] == 0.0
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.95
    summary, volumes = read_folder(finished.folder)
    assert volumes["dose"].values.max() > 0.0
    warnings = [value for kind, value in finished.told if kind == "warning"]
    assert warnings == summary["warnings"]
    after = finished.case.hashes()
    assert {path: after[path] for path in finished.before} == finished.before


@pytest.mark.slow
def test_the_same_numbers_as_in_this_process(finished):
    from LuDosimetryLib import Case, run_case

    _, volumes = read_folder(finished.folder)
    here = run_case(Case.read(finished.case.file))
    assert (volumes["dose"].values == here.dose).all()


def test_invalid_input_is_one_sentence(case_folder):
    case_folder.change("options", "dose_method", to="magic")
    code, told, said = ended(start(case_folder.folder))
    assert code == INVALID
    kind, error = told[-1]
    assert kind == "error"
    assert "dose_method is 'magic'" in error["message"]
    assert "Traceback" not in said
    assert not (case_folder.folder / "result").exists()


def test_no_job_folder(tmp_path):
    code, told, _ = ended(start(tmp_path / "nowhere"))
    assert code == INVALID
    assert "there is no case file" in told[-1][1]["message"]


def test_a_defect_shows_its_traceback_on_stderr(case_folder):
    broken = case_folder.folder / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import LuDosimetryLib.pipeline as p\ndef run_case(*a): raise ZeroDivisionError('so')\np.run_case = run_case\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "LuDosimetryLib.worker", str(case_folder.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{broken}{os.pathsep}{ROOT}"},
    )
    code, told, said = ended(process)
    assert code == FAILED
    assert "a defect of the program" in told[-1][1]["message"]
    assert "ZeroDivisionError: so" in said


@pytest.mark.slow
def test_what_native_code_prints_does_not_mix_with_the_messages(case_folder):
    chatty = case_folder.folder / "chatty"
    chatty.mkdir()
    (chatty / "sitecustomize.py").write_text(
        "import os, LuDosimetryLib.pipeline as p\nown = p.run_case\n"
        "def run_case(*a):\n    os.write(1, b'native noise without newline')\n    print('and from Python')\n"
        "    return own(*a)\np.run_case = run_case\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "LuDosimetryLib.worker", str(case_folder.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{chatty}{os.pathsep}{ROOT}"},
    )
    code, _, said = ended(process)  # which checks every line of stdout
    assert code == DONE
    assert "native noise" in said
    assert "and from Python" in said


@pytest.mark.slow
def test_it_ends_when_stdin_closes(case_folder):
    # a method that takes a minute; nobody asks it politely
    pytest.importorskip("ompmc")
    case_folder.data["options"] = {"dose_method": "monte-carlo", "histories": 2_000_000_000}
    case_folder.write()
    process = start(case_folder.folder)
    assert process.stdout is not None
    for line in process.stdout:
        if b"Monte Carlo: batch" in line:
            break
    assert process.stdin is not None
    closed = time.monotonic()
    process.stdin.close()
    code = process.wait(10)
    assert code == CANCELLED
    assert time.monotonic() - closed < 2.0
    assert not (case_folder.folder / "result").exists()


@pytest.mark.slow
def test_it_ends_when_its_parent_dies(case_folder, tmp_path):
    pytest.importorskip("ompmc")
    case_folder.data["options"] = {"dose_method": "monte-carlo", "histories": 2_000_000_000}
    case_folder.write()
    started = tmp_path / "pid"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfrom pathlib import Path\nfrom LuDosimetryLib.jobs.runner import BackgroundRun\n"
            f"run = BackgroundRun(Path({str(case_folder.folder)!r}))\n"
            "while not any('batch' in m.text for m in run.poll()): time.sleep(0.05)\n"
            f"Path({str(started)!r}).write_text(str(run._process.pid))\ntime.sleep(100)\n",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        for _ in range(600):
            if started.exists() and started.read_text(encoding="utf-8"):
                break
            time.sleep(0.05)
        worker = int(started.read_text(encoding="utf-8"))
        os.kill(worker, 0)  # it lives
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    for _ in range(60):
        if not _lives(worker):
            break
        time.sleep(0.05)
    else:
        os.kill(worker, signal.SIGKILL)
        pytest.fail("the worker outlived its parent by 3 s")
    assert not (case_folder.folder / "result").exists()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:  # an orphan that nobody waits for stays as a zombie
        return (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            != "Z"
        )
    except OSError:
        return False


@pytest.mark.slow
def test_a_comparison(finished, tmp_path):
    result = finished.folder
    job = tmp_path / "comparison"
    job.mkdir()
    files = {"dose": "tia.nrrd", "reference": "dose.nrrd", "density": "density.nrrd"}
    (job / "comparison.json").write_text(
        json.dumps({key: str(result / name) for key, name in files.items()}), encoding="utf-8"
    )
    code, told, _ = ended(start(job))
    assert code == INVALID
    assert "tia.nrrd is in MBq.h/mL; expected Gy" in told[-1][1]["message"]
    files["dose"] = "dose.nrrd"
    (job / "comparison.json").write_text(
        json.dumps({key: str(result / name) for key, name in files.items()}), encoding="utf-8"
    )
    code, told, _ = ended(start(job))
    assert code == DONE
    summary = json.loads((Path(told[-1][1]) / "comparison.json").read_text(encoding="utf-8"))
    assert summary["pearson_correlation"]["r"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"dose": "a.nrrd"}, "'reference' is missing"),
        ({"dose": "a.nrrd", "refrence": "b.nrrd"}, "did you mean 'reference'?"),
    ],
)
def test_a_bad_comparison(tmp_path, asked, said):
    (tmp_path / "comparison.json").write_text(json.dumps(asked), encoding="utf-8")
    code, told, _ = ended(start(tmp_path))
    assert code == INVALID
    assert said in told[-1][1]["message"]


def test_usage(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "LuDosimetryLib.worker"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.returncode == FAILED
    assert process.stderr.startswith("usage: ")
