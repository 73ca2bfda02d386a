"""Outputs take the place of plain files alone, and two runs in one fresh folder do not meet."""

import os
import threading

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.storage import check_writable, staged, write_atomically
from LuDosimetryLib.base.wording import for_spreadsheet, printable


def write(path) -> None:
    with write_atomically(path) as file:
        file.write(b"new")


def test_a_file_is_replaced(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("kind", ["link", "broken link", "pipe"])
def test_what_is_no_file_is_not_replaced(tmp_path, kind):
    target, path = tmp_path / "target", tmp_path / "a"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
    if kind == "link":
        target.write_bytes(b"old")
    with pytest.raises(InvalidInput, match="not replaced"):
        write(path)
    with pytest.raises(InvalidInput, match="not replaced"), staged(tmp_path) as stage:
        (stage / "a").write_bytes(b"new")
    assert kind != "link" or target.read_bytes() == b"old"
    assert not path.is_file() or path.is_symlink()


def test_runs_that_begin_together_in_a_fresh_folder(tmp_path):
    failures: list[BaseException] = []

    def run(n: int, round_: int) -> None:
        folder = tmp_path / str(round_) / "deep" / str(n)
        try:
            check_writable(folder)
            with staged(folder) as stage:
                (stage / "a").write_bytes(b"x")
        except BaseException as error:
            failures.append(error)

    for round_ in range(60):
        threads = [threading.Thread(target=run, args=(n, round_)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("kidney", "kidney"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("a\r\n=1", "a  =1"),
        ("\t=1", " =1"),
        ("\x1b[31m", "\N{REPLACEMENT CHARACTER}[31m"),
    ],
)
def test_cells_that_a_spreadsheet_would_run(text, cell):
    assert for_spreadsheet(text) == cell
    assert printable(text).isprintable()
