"""Files for the engine: there to be read, and gone whatever happens."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.base.storage import lock
from LuDosimetryLib.montecarlo import engine_files
from LuDosimetryLib.montecarlo.engine_files import engine_files as files_of

has_locks = pytest.mark.skipif(os.name != "posix", reason="folders have no locks")


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    engine_files._remove_abandoned.cache_clear()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_contents_by_name_and_nothing_afterwards(temporary):
    with files_of({"one.a": b"one", "two.b": memoryview(b"two" * 1000)}) as files:
        assert files.path("one.a").read_bytes() == b"one"
        assert len(files.path("two.b").read_bytes()) == 3000
    assert not list(temporary.iterdir())


@has_locks
def test_an_open_file_outlives_its_name(temporary):
    with files_of({"one.a": b"one"}) as files, files.path("one.a").open("rb") as opened:
        files.remove()
        files.remove()
        assert not list(temporary.iterdir())
        assert opened.read() == b"one"


@has_locks
def test_what_a_killed_process_leaves_goes_at_the_next_start(temporary):
    code = (
        "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from LuDosimetryLib.montecarlo.engine_files import engine_files\n"
        "with engine_files({'one.a': bytes(10_000)}):\n"
        "    print('there', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(temporary)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout.readline() == b"there\n"
        (folder,) = temporary.iterdir()
        os.utime(folder, (0, 0))
        with files_of({}):
            assert folder.exists()  # it is locked, whatever its age
        process.send_signal(signal.SIGKILL)
    engine_files._remove_abandoned.cache_clear()
    with files_of({}):
        assert not folder.exists()


@has_locks
def test_young_folders_and_locked_ones_stay(temporary):
    young, locked = (temporary / f"{engine_files._PREFIX}{name}" for name in ("young", "locked"))
    young.mkdir()
    locked.mkdir()
    os.utime(locked, (0, 0))
    with lock(locked), files_of({}):
        assert young.exists()
        assert locked.exists()


@has_locks
def test_a_run_of_the_engine_soon_has_no_files(temporary, patient):
    pytest.importorskip("ompmc")
    from LuDosimetryLib.montecarlo.patient import simulate_batch
    from LuDosimetryLib.tissue.nuclide import read_nuclide

    left = []
    log = Log(lambda fraction, message: left.append(list(temporary.iterdir())))
    energy = simulate_batch(patient, read_nuclide("Lu-177"), 20_000, 1, 0, log).energy_keV
    assert len(left) > 10
    assert not any(left)
    assert np.isfinite(energy).all()
    assert not list(temporary.iterdir())


def test_no_temporary_folder_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with (
        pytest.raises(InvalidInput, match=r"cannot hold the Monte Carlo's particles.*TMPDIR\.$"),
        files_of({}),
    ):
        pass
