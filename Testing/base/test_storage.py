import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.storage import check_writable, staged, write_atomically

SOURCE = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_file_has_the_mode_of_the_umask(tmp_path, umask):
    with write_atomically(tmp_path / "file") as file:
        file.write(b"new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o666 & ~umask
    with staged(tmp_path / "folder") as stage:
        (stage / "file").write_text("new", encoding="utf-8")
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o777 & ~umask


def test_a_file_is_the_old_one_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")

    def fail_half_way() -> None:
        with write_atomically(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text(encoding="utf-8") == "old"
    with write_atomically(path) as file:
        file.write(b"new")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == ["file"]


def test_a_folder_gets_all_files_or_none(tmp_path):
    folder = tmp_path / "a" / "b"

    def fail_half_way() -> None:
        with staged(folder) as stage:
            (stage / "one").write_text("half", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert not (tmp_path / "a").exists()
    with staged(folder) as stage:
        (stage / "one").write_text("1", encoding="utf-8")
        assert names(folder) == [stage.name]
    assert names(folder) == ["one"]


def test_other_files_stay_and_obsolete_ones_go(tmp_path):
    for name in ("result.json", "old.nrrd", "both.nrrd", "mine.txt"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    with staged(tmp_path, obsolete=("old.nrrd", "both.nrrd", "absent.nrrd")) as stage:
        (stage / "both.nrrd").write_text("new", encoding="utf-8")
    assert names(tmp_path) == ["both.nrrd", "mine.txt", "result.json"]
    assert (tmp_path / "both.nrrd").read_text(encoding="utf-8") == "new"


def test_the_last_file_says_that_all_are_there(tmp_path, monkeypatch):
    """A move that fails half-way must not leave an old result.json beside new files."""
    for name in ("dose.nrrd", "result.json", "tia.nrrd"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    move, moved = os.replace, []

    def failing(source, target):
        if len(moved) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        moved.append(Path(target).name)
        move(source, target)

    monkeypatch.setattr(os, "replace", failing)

    def write_anew() -> None:
        with staged(tmp_path) as stage:
            for name in ("dose.nrrd", "result.json", "tia.nrrd"):
                (stage / name).write_text("new", encoding="utf-8")

    with pytest.raises(InvalidInput, match="cannot be written"):
        write_anew()
    assert names(tmp_path) == ["dose.nrrd", "tia.nrrd"]


def test_too_little_room(tmp_path):
    with pytest.raises(InvalidInput, match="MB are needed"), staged(tmp_path / "new", 10**18):
        pass
    assert not (tmp_path / "new").exists()


def test_whether_a_folder_can_be_written_leaves_no_trace(tmp_path):
    (tmp_path / "result.json").write_text("old", encoding="utf-8")
    check_writable(tmp_path)
    check_writable(tmp_path / "a" / "b")
    assert names(tmp_path) == ["result.json"]
    with pytest.raises(InvalidInput, match="is a file"):
        check_writable(tmp_path / "result.json")


def test_what_a_killed_process_left_goes_and_what_a_living_one_uses_stays(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from LuDosimetryLib.base.storage import staged\n"
        "with staged(Path(sys.argv[1])) as stage:\n"
        "    (stage / 'half').write_text('x'); print(stage.name, flush=True); time.sleep(100)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    check_writable(tmp_path)
    assert names(tmp_path) == [name]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert names(tmp_path) == [name]
    check_writable(tmp_path)
    assert names(tmp_path) == []
