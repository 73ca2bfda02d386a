"""The host for all tests of the Slicer module: one application, a fresh scene for every test.

A test fails when a slot, an observer or a virtual method raised, when a modal window opened
without an answer, or when an answer was left over.
"""

import importlib.util
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def _start() -> Any:
    """The host, from its folder: `Testing` itself must not be importable, it has a folder `slicer`."""
    folder = HERE.parent / "support" / "slicer_host"
    if "slicer_host" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "slicer_host", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["slicer_host"] = module
        spec.loader.exec_module(module)
    return sys.modules["slicer_host"].start()


def _missing() -> str:
    """Why the host cannot start here, or an empty string."""
    for name in ("slicer_core", "PySide6"):
        if importlib.util.find_spec(name) is None:
            return f"{name} is not installed (pip install -e '.[slicer]'; Python 3.11 to 3.13)"
    try:
        import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
        from PySide6 import QtUiTools, QtWidgets  # noqa: F401
    except ImportError as error:
        return f"Qt or VTK cannot be loaded here: {error}"
    return ""


MISSING = _missing()
HOST = None if MISSING else _start()


class _Skipped(pytest.Module):
    """A file of tests that the host cannot run here; it is not even imported."""

    def collect(self) -> Any:
        pytest.skip(MISSING)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> Any:
    return _Skipped.from_parent(parent, path=module_path) if MISSING else None


@pytest.fixture(autouse=True)
def host() -> Iterator[Any]:
    """The host with a fresh scene; checks at the end that nothing went wrong unseen."""
    assert HOST is not None
    HOST.new_scene()
    HOST.failures()
    HOST.dialogs.reset()
    yield HOST
    HOST.close()
    problems = HOST.failures()
    unused = HOST.dialogs.reset()
    assert not problems, "\n".join(problems)
    assert not unused, f"nobody asked for these answers: {unused}"


@pytest.fixture
def scene(host: Any) -> Any:
    """`slicer.mrmlScene`."""
    return host.scene.node


@pytest.fixture
def panel(host: Any) -> Any:
    """The panel of the LuDosimetry module, opened as by the first click on it."""
    return host.load(ROOT / "LuDosimetry" / "LuDosimetry.py").open()


@pytest.fixture
def wait_until() -> Any:
    """`wait_until(condition, seconds)`: turn the event loop until the condition holds."""
    from slicer_host.event_loop import wait_until

    return wait_until


@pytest.fixture
def responsiveness() -> Any:
    """`with responsiveness() as r: …; r.longest_s`: longest time the event loop stood still."""
    from slicer_host.event_loop import Responsiveness

    return Responsiveness


@pytest.fixture
def loaded(panel, case_folder, monkeypatch):
    """The panel with a small case, to be calculated by this Python."""
    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)
    case_folder.data["options"] |= {"dose_method": "single-vsv", "compare_with": ["local"]}
    case_folder.write()
    panel.logic.loadCase(case_folder.file)
    return panel


def parameters(panel: Any) -> Any:
    return panel.logic.getParameterNode()


def row(panel: Any, option: str) -> Any:
    """The widget of an option whose row is made of its declaration."""
    from PySide6 import QtWidgets

    return panel.ui.moreOptionsWidget.findChild(QtWidgets.QWidget, f"option_{option}")


def job_folders() -> list[Path]:
    import slicer

    return sorted(Path(slicer.app.temporaryPath).glob("LuDosimetry-*"))


def run_to_the_end(panel: Any, wait_until: Any, seconds: float = 300.0) -> None:
    assert panel.ui.runButton.text == "Run"
    assert panel.ui.runButton.enabled, panel.ui.runButton.toolTip
    panel.ui.runButton.click()
    wait_until(lambda: panel.job is None, seconds)


def until_it_calculates(panel: Any, wait_until: Any) -> int:
    """Wait until the worker has reported something; return its process."""
    wait_until(lambda: panel.job._run is not None and "reading" in panel.ui.stageLabel.text, 120.0)
    return panel.job._run._process.pid


def slow_case(panel: Any) -> None:
    """A Monte Carlo that would take an hour."""
    pytest.importorskip("ompmc")
    parameters(panel).doseMethod = "monte-carlo"
    parameters(panel).uncertaintyPercent = 0.0
    parameters(panel).furtherOptions = json.dumps({"histories": 2_000_000_000})


def errors(caplog: Any) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.fixture
def two_rows(panel: Any) -> Any:
    """Two time points with their volumes, the later one first."""
    from .panel_table import fill_row, volume  # needs slicer

    early, late, ct = volume("early"), volume("late"), volume("CT", 40.0)
    panel.ui.addTimePointButton.click()
    panel.ui.addTimePointButton.click()
    fill_row(panel, 0, late, ct, 24.0)
    fill_row(panel, 1, early, None, 4.0)
    return early, late, ct
