"""Files for the engine: there to be read, and gone whatever happens."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.montecarlo import engine_files as nameless
from LuDosimetryLib.montecarlo.engine_files import Nameless


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_content_by_suffix_and_nothing_afterwards(temporary):
    with Nameless.holding({".a": b"one", ".b": b"two" * 1000}) as files:
        assert files.base.with_suffix(".a").read_bytes() == b"one"
        assert len(files.base.with_suffix(".b").read_bytes()) == 3000
    assert not list(temporary.iterdir())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files in memory are Linux's")
def test_no_name_once_forgotten(temporary):
    with (
        Nameless.holding({".a": b"one"}) as files,
        files.base.with_suffix(".a").open("rb") as opened,
    ):
        files.forget_names()
        assert not list(temporary.iterdir())
        assert opened.read() == b"one"


def test_what_a_killed_process_leaves_is_small_and_goes_at_the_next_start(temporary):
    code = (
        "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from LuDosimetryLib.montecarlo.engine_files import Nameless\n"
        "with Nameless.holding({'.a': bytes(10_000_000)}):\n"
        "    print('there', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(temporary)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout.readline() == b"there\n"
        process.send_signal(signal.SIGKILL)
    (left,) = temporary.iterdir()
    if sys.platform.startswith("linux"):
        assert sum(p.lstat().st_size for p in left.iterdir()) < 1000
    os.utime(left, (0, 0))
    nameless._remove_abandoned.cache_clear()
    with Nameless.holding({".a": b""}):
        assert not left.exists()


def test_folders_of_living_processes_stay(temporary):
    other = temporary / f"{nameless._PREFIX}{os.getppid()}-x"
    other.mkdir()
    os.utime(other, (0, 0))
    nameless._remove_abandoned.cache_clear()
    with Nameless.holding({".a": b""}):
        assert other.exists()


def test_no_temporary_folder_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with (
        pytest.raises(InvalidInput, match=r"cannot hold the Monte Carlo's particles.*TMPDIR\.$"),
        Nameless.holding({}),
    ):
        pass
