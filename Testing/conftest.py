"""A case small enough for every test to have its own, written as files; what was not run is said."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.errors import INVALID
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, read_volume, write_volume
from LuDosimetryLib.output.summary import read_summary

from .support import sharing
from .support.not_run import not_run

SPECT = Grid.axial((24, 24, 24), (6.0, 6.0, 6.0))
CT = Grid.axial((48, 48, 48), (3.0, 3.0, 3.0))
HOURS = (4.0, 24.0, 96.0)
HALF_LIFE_H = 60.0
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
LABELS = {"1": "kidney", "2": "tumour", "3": "lung"}


def command(*arguments: object) -> list[str]:
    """The shell's command, for another process."""
    return [sys.executable, "-m", "LuDosimetryLib", *map(str, arguments)]


def shell(*arguments: object, **options) -> subprocess.CompletedProcess:
    """Run it to its end."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=300,
        check=False,
        **options,
    )


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, Volume]]:
    """The content of ``result.json`` of a result folder, and its volumes by key."""
    names = read_summary(folder).volumes
    content = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return content, {key: read_volume(folder / name, key) for key, name in names.items()}


def _at(grid: Grid) -> list[np.ndarray]:
    """Positions (z, y, x) [mm] along the axes of an axial grid."""
    return list(
        np.ogrid[
            tuple(
                slice(-0.5 * (n - 1) * s, 0.5 * n * s, s)
                for n, s in zip(grid.shape, grid.spacing_mm, strict=True)
            )
        ]
    )


def _ball(grid: Grid, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    z, y, x = _at(grid)
    return (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2


def _organs(grid: Grid) -> np.ndarray:
    labels = np.zeros(grid.shape, np.uint8)
    labels[_ball(grid, (0, 0, -25), 15)] = 1
    labels[_ball(grid, (10, 0, 25), 12)] = 2
    labels[_ball(grid, (-30, 0, 0), 18)] = 3
    return labels


class CaseFolder:
    """A case in a folder of its own: a cylinder of tissue with a lung, a kidney and a tumour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "case.json"
        folder.mkdir()
        _, y, x = _at(CT)
        body = (np.hypot(y, x) < 58.0) & np.ones(CT.shape, bool)
        labels = _organs(CT)
        hu = np.where(body, 40, -1000).astype(np.int16)
        hu[labels == 3] = -740
        self.put("ct.nrrd", hu, CT)
        self.put("organs.nrrd", labels, CT)
        organs = _organs(SPECT)
        activity = np.where(np.hypot(*_at(SPECT)[1:]) < 56.0, 2e3, 0.0) * np.ones(SPECT.shape)
        activity[organs == 1], activity[organs == 2] = 4e5, 9e5
        self.activity = activity.astype(np.float32)
        for n, hours in enumerate(HOURS, start=1):
            self.put(f"spect_{n}.nrrd", self.activity * np.float32(2.0 ** (-hours / HALF_LIFE_H)))
        self.data: dict[str, Any] = {
            "schema": "ludosimetry-case/1",
            "patient_id": "test",
            "time_points": [
                {"hours": hours, "spect": f"spect_{n}.nrrd", "ct": "ct.nrrd", "unit": "Bq/mL"}
                for n, hours in enumerate(HOURS, start=1)
            ],
            "segmentation": {"file": "organs.nrrd", "labels": LABELS},
            "options": {
                "dose_method": "local",
                "integration": "trapezoid",
                "registration": "none",
                "device": "cpu",
            },
        }
        self.write()

    def write(self) -> Path:
        self.file.write_text(json.dumps(self.data), encoding="utf-8")
        return self.file

    def change(self, *keys: str | int, to: Any) -> Path:
        """Set what lies under some keys, and write the case file."""
        inner = self.data
        for key in keys[:-1]:
            inner = inner.setdefault(key, {}) if isinstance(inner, dict) else inner[key]
        inner[keys[-1]] = to
        return self.write()

    def put(self, name: str, values: np.ndarray, grid: Grid = SPECT) -> Path:
        """Write an image."""
        write_volume(self.folder / name, Volume(values, grid), "")
        return self.folder / name

    def values(self, name: str) -> np.ndarray:
        """Of an image, as written."""
        return sitk.GetArrayFromImage(sitk.ReadImage(str(self.folder / name)))

    def hashes(self) -> dict[str, str]:
        files = (p for p in self.folder.rglob("*") if p.is_file())
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(files)}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write into the file of results which tests are marked slow (see support/slow_tests.py)."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.user_properties.append(("slow", "yes"))
    if hasattr(config, "workerinput"):
        sharing.order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests among processes by whole files."""
    return sharing.scheduler(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was not tested on this machine and why, and what the Slicer module was tested with."""
    reports = terminalreporter.stats
    for line in not_run(reports.get("skipped", [])):
        terminalreporter.write_line(line)
    if any(report.nodeid.startswith("Testing/slicer/") for report in reports.get("passed", [])):
        with_what = os.environ.get("SLICER_SOURCE") or "the stand-ins"
        terminalreporter.write_line(f"The Slicer module was tested with {with_what}.")


def _listed(folder: Path) -> list[str] | None:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return None


@pytest.fixture
def case_folder(tmp_path: Path) -> CaseFolder:
    return CaseFolder(tmp_path / "case")


@pytest.fixture(scope="session")
def multi_day(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A DICOM study of three days, on each of which the patient lies elsewhere."""
    pytest.importorskip("pydicom")
    # which needs pydicom
    from .support.multi_day import MultiDay

    return MultiDay.written(tmp_path_factory.mktemp("multi_day"))


@pytest.fixture
def refused(
    case_folder: CaseFolder, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run the case, which must be refused in one sentence with nothing changed; the sentence."""

    def run(*more: str, file: Path | None = None, output: Path | None = None) -> str:
        before = case_folder.hashes()
        folder = output or tmp_path / "deep" / "result"
        listed = _listed(folder)
        capfd.readouterr()
        code = main(["run", str(file or case_folder.file), "-o", str(folder), *more])
        said = capfd.readouterr()
        assert (code, said.out) == (INVALID, ""), said.err
        assert said.err.startswith("ludosimetry: ")
        assert said.err.count("\n") == 1
        assert said.err.endswith(".\n")
        assert "Traceback" not in said.err
        assert _listed(folder) == listed
        assert not (tmp_path / "deep").exists()
        assert case_folder.hashes() == before
        return said.err

    return run


@pytest.fixture
def group_lives() -> Callable[[int], bool]:
    """Whether a process of a group is alive; one that is dead and not waited for is not."""

    def lives(group: int) -> bool:
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, its_group = (
                    path.read_text(encoding="utf-8").rpartition(")")[2].split()[:3]
                )
            except OSError:
                continue
            if int(its_group) == group and state != "Z":
                return True
        return False

    return lives
