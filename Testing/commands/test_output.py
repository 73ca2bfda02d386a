"""The folder that the shell's command writes: what may stand in it, and a disk that fills up."""

import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from LuDosimetryLib.base.errors import INVALID

from ..conftest import shell


def test_an_output_folder_that_is_refused(case_folder, refused, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("mine", encoding="utf-8")
    assert "is a file" in refused(output=in_the_way)
    assert "cannot be written" in refused(output=in_the_way / "result")
    assert "cannot be written" in refused(output=Path("/proc/none/result"))
    assert "is a file" in refused(output=Path("/dev/full"))
    assert "cannot be written" in refused(output=tmp_path / ("x" * 300))
    assert in_the_way.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["density.nrrd", "dose.nrrd", "dose_unet.nrrd", "tia.nrrd"])
def test_an_output_folder_with_an_input_in_the_way(case_folder, refused, name):
    (case_folder.folder / "ct.nrrd").rename(case_folder.folder / name)
    for n in range(3):
        case_folder.change("time_points", n, "ct", to=name)
    message = refused(output=case_folder.folder)
    assert str(case_folder.folder / name) in message
    assert "would be overwritten" in message


def test_an_output_folder_with_the_case_file_in_the_way(case_folder, refused):
    file = case_folder.file.rename(case_folder.folder / "result.json")
    assert "would be overwritten" in refused(file=file, output=case_folder.folder)


@pytest.mark.slow
def test_an_output_folder_with_a_folder_in_the_way(case_folder, refused, tmp_path):
    output = tmp_path / "result"
    (output / "dose.nrrd").mkdir(parents=True)
    assert "has a folder called dose.nrrd" in refused(output=output)


def test_an_output_folder_within_a_dicom_folder(case_folder, refused):
    (case_folder.folder / "ct").mkdir()
    shutil.copy(case_folder.folder / "ct.nrrd", case_folder.folder / "ct")
    case_folder.change("time_points", 0, "ct", to="ct")
    assert "must not change" in refused(output=case_folder.folder / "ct" / "result")
    assert "must not change" in refused(output=case_folder.folder / "ct")


def limited_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


def test_a_disk_that_fills_up(case_folder, tmp_path):
    """Files no larger than 40 kB, as with a quota: the volumes do not fit."""
    before = case_folder.hashes()
    done = shell("run", case_folder.file, "-o", tmp_path / "new", preexec_fn=limited_files)
    assert done.returncode == INVALID, done.stderr
    assert done.stderr.count("\n") == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()
    assert case_folder.hashes() == before


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_small_disk_keeps_an_earlier_result(case_folder, refused, small_disk):
    (small_disk / "result.json").write_text("{}", encoding="utf-8")
    message = refused(output=small_disk)
    assert "MB free" in message
    assert (small_disk / "result.json").read_text(encoding="utf-8") == "{}"
