"""What the shell's command refuses, and how it ends: real files and real processes."""

import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.cli import CANCELLED, DONE, INVALID, main
from LuDosimetryLib.image import Grid
from LuDosimetryLib.result import read_result

SOURCE = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE)}
POINT = ("time_points", 1)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "LuDosimetryLib", *map(str, arguments)]


def shell(*arguments: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=300,
        check=False,
        **options,
    )


# --- case.json


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not valid JSON"),
        (b'{"schema": ', "line 1, column"),
        (b"[1, 2]", "expected a JSON object"),
        (b'"text"', "expected a JSON object"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "UTF-8"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"cycle": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"schema": "ludosimetry-case/1", "schema": "x"}', "occurs twice"),
        (b'{"schema": "ludosimetry-case/2"}', "expected 'ludosimetry-case/1'"),
        (b'{"schema": "ludosimetry-result/1", "status": "completed"}', "schema"),
        (b"{}", "schema is None"),
        (b'{"schema": "ludosimetry-case/1"}', "'time_points' is missing"),
    ],
)
def test_a_case_file_that_is_none(case_folder, refused, content, said):
    case_folder.file.write_bytes(content)
    message = refused()
    assert said in message
    assert str(case_folder.file) in message


def test_a_case_file_that_is_not_there(case_folder, refused):
    case_folder.file.unlink()
    assert "there is no case file" in refused()
    assert "there is no case file" in refused(file=case_folder.folder)


@pytest.mark.parametrize(
    ("keys", "near"),
    [
        (("time_point",), "'time_points'"),
        ((*POINT, "hour"), "'hours'"),
        ((*POINT, "calibration", "Bq_per_counts"), "'Bq_per_count'"),
        (("segmentation", "label"), "'labels'"),
        (("options", "dose-method"), "'dose_method'"),
    ],
)
def test_unknown_keys_name_the_nearest(case_folder, refused, keys, near):
    case_folder.change(*keys, to=1)
    message = refused()
    assert f"did you mean {near}?" in message
    assert repr(keys[-1]) in message


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (("time_points",), [], "at least one scan"),
        (("time_points",), {}, "must be a list"),
        (("time_points",), ["scan"], "expected a JSON object"),
        ((*POINT, "hours"), 0, "must be a number above 0"),
        ((*POINT, "hours"), -4, "hours is -4"),
        ((*POINT, "hours"), "24", "hours is '24'"),
        ((*POINT, "hours"), True, "hours is True"),
        ((*POINT, "hours"), None, "hours is None"),
        ((*POINT, "hours"), float("nan"), "hours is nan"),
        ((*POINT, "hours"), float("inf"), "hours is inf"),
        ((*POINT, "hours"), 10**400, "must be a number above 0"),
        ((*POINT, "hours"), 4.0, "two time points are both at 4 h"),
        ((*POINT, "spect"), "", "spect is ''"),
        ((*POINT, "spect"), 7, "spect is 7"),
        ((*POINT, "ct"), ["ct.nrrd"], "must be a text"),
        ((*POINT, "unit"), "bq/ml", "did you mean 'Bq/mL'?"),
        ((*POINT, "unit"), "counts", "there is no calibration"),
        ((*POINT, "calibration"), {"Bq_per_count": 1.0}, "only counts need"),
        (("reference_time_point",), 3, "allowed: 0 to 2"),
        (("reference_time_point",), -1, "at least 0"),
        (("reference_time_point",), 1.0, "whole number"),
        (("cycle",), 0, "at least 1"),
        (("patient_id",), 17, "must be a text"),
        (("nuclide",), "Lu177", "Lu-177"),
        (("administered_activity_MBq",), -7400, "above 0"),
        (("segmentation", "file"), None, "file is None"),
        (("segmentation", "labels"), [], "must be a JSON object"),
        (("segmentation", "labels"), {"1": "liver", "2": "liver"}, "'liver' more than once"),
        (("segmentation", "labels"), {"1": 5}, "must be a text"),
        (("segmentation", "differences"), {"rest": ["kidney"]}, "must be a list"),
        (("options",), [], "expected a JSON object"),
        (("options", "dose_method"), "multi_vsv", "did you mean 'multi-vsv'?"),
        (("options", "dose_method"), "montecarlo", "did you mean 'monte-carlo'?"),
        (("options", "compare_with"), "local", "must be a list"),
        (("options", "compare_with"), ["vsv-single"], "single-vsv"),
        (("options", "compare_with"), ["local", "local"], "more than once"),
        (("options", "media"), 0, "at least 1"),
        (("options", "media"), 7, "allowed: 20"),
        (("options", "histories"), 1e8, "whole number"),
        (("options", "seed"), -1, "at least 0"),
        (("options", "device"), "gpu", "allowed: auto, cpu, cuda"),
        (("options", "tail"), "none", "allowed: physical, effective"),
    ],
)
def test_values_that_are_not_allowed(case_folder, refused, keys, value, said):
    case_folder.change(*keys, to=value)
    message = refused()
    assert said in message
    assert len(message) < 600


@pytest.mark.parametrize(
    "calibration",
    [
        {},
        {"cps_per_MBq": 9.0},
        {"duration_s": 1800},
        {"Bq_per_count": 1.0, "duration_s": 1800},
        {"Bq_per_count": 0},
        {"cps_per_MBq": 9.0, "duration_s": float("nan")},
    ],
)
def test_half_a_calibration(case_folder, refused, calibration):
    case_folder.change(*POINT, "unit", to="counts")
    case_folder.change(*POINT, "calibration", to=calibration)
    assert "time_points[1]: calibration: " in refused()


# --- images


@pytest.mark.parametrize("name", ["spect_2.nrrd", "ct.nrrd", "organs.nrrd"])
def test_an_image_that_is_missing_or_cut_short(case_folder, refused, name):
    path = case_folder.folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert str(path) in refused()
    path.write_bytes(b"no image")
    assert "cannot be read as an image" in refused()
    path.unlink()
    assert f"there is no file {path}" in refused()


@pytest.mark.parametrize("extension", ["nii", "nii.gz", "mha"])
@pytest.mark.parametrize("part", [0.1, 0.7, 0.9999])
def test_files_cut_short_in_other_formats(case_folder, refused, extension, part):
    """ITK itself reads a cut NIfTI file without a word and fills it with zeros."""
    path = case_folder.folder / f"spect.{extension}"
    sitk.WriteImage(sitk.ReadImage(str(case_folder.folder / "spect_2.nrrd")), str(path))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    case_folder.change(*POINT, "spect", to=path.name)
    assert str(path) in refused()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_activity_that_is_not_finite(case_folder, refused, value):
    values = case_folder.values("spect_2.nrrd")
    values[3, 4, 5] = value
    case_folder.put("spect_2.nrrd", values)
    assert "1 voxels that are not finite" in refused()


def test_activity_too_large_for_float32(case_folder, refused, capfd):
    case_folder.put("spect_2.nrrd", np.full((24, 24, 24), 1e300))
    assert "not finite" in refused()
    case_folder.put("spect_2.nrrd", np.full((24, 24, 24), 3e38, np.float32))
    case_folder.change(*POINT, "unit", to="Bq")
    assert "more activity than can be" in refused()


def test_strongly_negative_activity(case_folder, refused):
    values = case_folder.values("spect_2.nrrd")
    values[0] = -1e5
    case_folder.put("spect_2.nrrd", values)
    message = refused()
    assert "576 negative voxels (least -100000 Bq/mL)" in message
    assert "allowed: 1 %" in message
    case_folder.put("spect_2.nrrd", -values.clip(1.0))
    assert "more than the positive ones" in refused()


def test_no_activity_at_all(case_folder, refused):
    for n in (1, 2, 3):
        case_folder.put(f"spect_{n}.nrrd", np.zeros((24, 24, 24), np.float32))
    assert "no activity at all" in refused()


def test_images_of_the_wrong_kind(case_folder, refused):
    spect = sitk.ReadImage(str(case_folder.folder / "spect_2.nrrd"))
    kinds = {
        "four.nrrd": (sitk.JoinSeries([spect, spect]), "4 dimensions"),
        "colour.nrrd": (sitk.Compose(spect, spect, spect), "3 values per voxel"),
        "flat.nrrd": (spect[:, :, 3], "2 dimensions"),
        "complex.nrrd": (sitk.RealAndImaginaryToComplex(spect, spect), "complex values"),
    }
    for name, (image, said) in kinds.items():
        sitk.WriteImage(image, str(case_folder.folder / name))
        case_folder.change(*POINT, "spect", to=name)
        assert said in refused()
    (case_folder.folder / "empty").mkdir()
    case_folder.change(*POINT, "spect", to="empty")
    assert "0 DICOM series" in refused()


def test_a_ct_in_other_units(case_folder, refused):
    hu = case_folder.values("ct.nrrd").astype(np.float32)
    grid = Grid.axial((48, 48, 48), (3.0, 3.0, 3.0))
    for values, said in (
        (hu + 1024.0, "offset of 1000 or 1024"),
        (1.0 + hu / 1000.0, "map of density"),
        (0.096 * (1.0 + hu / 1000.0), "map of density or attenuation"),
        (hu * 1e3, "values from -1e+06"),
        (hu + 1e5, "expected CT numbers in HU"),
    ):
        case_folder.put("ct.nrrd", values, grid)
        assert said in refused()


def test_a_ct_elsewhere(case_folder, refused):
    hu = case_folder.values("ct.nrrd")
    case_folder.put("ct.nrrd", hu, Grid.axial((48,) * 3, (3.0,) * 3, (500.0, 0.0, 0.0)))
    assert "do not overlap anywhere" in refused()
    case_folder.put("ct.nrrd", hu, Grid.axial((48,) * 3, (3.0,) * 3, (100.0, 0.0, 0.0)))
    assert re.search(r"the CT does not cover the SPECT: \d+\.\d %.* allowed: 5 %", refused())
    case_folder.put("ct.nrrd", np.full_like(hu, -1000), Grid.axial((48,) * 3, (3.0,) * 3))
    assert "shows no patient" in refused()


def test_a_scan_that_misses_the_reference(case_folder, refused):
    away = Grid.axial((24,) * 3, (6.0,) * 3, (40.0, 0.0, 0.0))
    case_folder.put("spect_2.nrrd", case_folder.values("spect_2.nrrd"), away)
    assert "SPECT at 24 h (spect_2.nrrd) does not cover the reference" in refused()


@pytest.mark.parametrize(
    ("labels", "differences", "said"),
    [
        ({"9": "liver"}, {}, "label '9' is not in"),
        (
            {"1": "kidney"},
            {"rest": ["kidney", "liver"]},
            "needs 'liver', which is not among kidney",
        ),
        ({"1": "kidney"}, {"none": ["kidney", "kidney"]}, "nothing is left of 'none'"),
        ({"1": "kidney"}, {"kidney": ["kidney", "kidney"]}, "the name of a label already"),
    ],
)
def test_volumes_of_interest_that_cannot_be(case_folder, refused, labels, differences, said):
    case_folder.change("segmentation", "labels", to=labels)
    case_folder.change("segmentation", "differences", to=differences)
    assert said in refused()


def test_volumes_of_interest_without_voxels_or_mass(case_folder, refused):
    grid = Grid.axial((48, 48, 48), (3.0, 3.0, 3.0))
    labels = np.zeros(grid.shape, np.uint8)
    labels[1:3, 1:3, 1:3] = 4  # a corner: air
    case_folder.put("organs.nrrd", labels, grid)
    case_folder.change("segmentation", "labels", to={"4": "corner"})
    assert "'corner' has no mass" in refused()
    far = Grid.axial((48,) * 3, (3.0,) * 3, (900.0, 0.0, 0.0))
    case_folder.put("organs.nrrd", labels, far)
    assert "'corner' (label 4 of " in refused()
    case_folder.put("organs.nrrd", labels * np.float32(0.3), grid)
    assert "not whole numbers" in refused()


def test_no_cuda_device(case_folder, refused):
    try:
        import torch

        if torch.cuda.is_available():
            pytest.skip("there is a CUDA device")
    except ImportError:
        pass
    assert "device is 'cuda' but" in refused("--device", "cuda")


def test_a_dose_method_asked_for_by_the_wrong_name(refused):
    assert "did you mean 'split-vsv'?" in refused("--dose-method", "split")


# --- the output folder


def test_an_output_folder_that_cannot_be(case_folder, refused, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("mine")
    assert "is a file" in refused(output=in_the_way)
    assert "cannot be written" in refused(output=in_the_way / "result")
    assert "cannot be written" in refused(output=Path("/proc/none/result"))
    assert "is a file" in refused(output=Path("/dev/full"))
    assert "cannot be written" in refused(output=tmp_path / ("x" * 300))
    assert in_the_way.read_text() == "mine"


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
    (small_disk / "result.json").write_text("{}")
    message = refused(output=small_disk)
    assert "MB free" in message
    assert (small_disk / "result.json").read_text() == "{}"


# --- how a run ends


def test_a_run_from_the_shell(case_folder, tmp_path):
    before = case_folder.hashes()
    output = tmp_path / "deep" / "result"
    done = shell(
        "run", case_folder.file, "-o", output, "--dose-method", "multi-vsv", "--json-progress"
    )
    assert done.returncode == DONE, done.stderr
    lines = [json.loads(line)["progress"] for line in done.stdout.splitlines()]
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    summary, _ = read_result(output)
    assert summary["dose_method"] == "multi-vsv"
    assert case_folder.hashes() == before
    modes = {path.stat().st_mode & 0o777 for path in output.iterdir()}
    umask = os.umask(0)
    os.umask(umask)
    assert modes == {0o666 & ~umask}


def test_a_run_says_the_organ_doses(case_folder, tmp_path, capsys):
    assert main(["run", str(case_folder.folder), "-o", str(tmp_path / "result")]) == DONE
    said = capsys.readouterr().out
    assert "kidney" in said
    assert "report.html" in said


def run_to(case_folder, output: Path, message: str) -> subprocess.Popen:
    """A run that has just said a message and goes on."""
    arguments = command("run", case_folder.file, "-o", output, "--json-progress")
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    for line in process.stdout:
        if message in line:
            return process
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("message", ["reading the scans", "writing the volumes"])
def test_a_run_that_is_cancelled(case_folder, tmp_path, number, message):
    output = tmp_path / "result"
    process = run_to(case_folder, output, message)
    process.send_signal(number)
    _, error = process.communicate(timeout=100)
    assert process.returncode == CANCELLED, error
    assert error == "ludosimetry: cancelled; nothing was written.\n"
    assert not output.exists()


def test_a_run_that_is_killed(case_folder, tmp_path):
    output = tmp_path / "result"
    process = run_to(case_folder, output, "writing the report")
    process.kill()
    process.communicate(timeout=100)
    left = [path.name for path in output.iterdir()]
    assert [name.startswith(".ludosimetry-partial-") for name in left] == [True]
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert not list(output.glob(".*"))
    read_result(output)


def test_a_listener_that_goes_away(case_folder, tmp_path):
    process = run_to(case_folder, tmp_path / "result", "reading the scans")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(timeout=100) == CANCELLED
    assert "nobody reads the output" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "result").exists()


def test_a_run_over_an_earlier_result(case_folder, tmp_path):
    output = tmp_path / "result"
    case_folder.change("options", "compare_with", to=["single-vsv"])
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert (output / "dose_single-vsv.nrrd").exists()
    (output / "notes.txt").write_text("mine")
    (output / "dose_of_mine.nrrd").write_text("mine")
    case_folder.change("options", "compare_with", to=[])
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert not list(output.glob("*single-vsv*"))
    assert (output / "notes.txt").exists()
    assert (output / "dose_of_mine.nrrd").exists()
    summary, _ = read_result(output)
    assert set(summary["volumes"]) == {"tia", "density", "dose"}


def test_a_refused_run_keeps_an_earlier_result(case_folder, refused, tmp_path):
    output = tmp_path / "result"
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in output.iterdir()}
    (case_folder.folder / "spect_3.nrrd").unlink()
    refused(output=output)
    assert {p: hashlib.sha256(p.read_bytes()).digest() for p in output.iterdir()} == before


def test_a_result_beside_its_inputs(case_folder):
    before = case_folder.hashes()
    assert main(["run", str(case_folder.file), "-o", str(case_folder.folder)]) == DONE
    after = case_folder.hashes()
    assert {path: after[path] for path in before} == before


# --- arguments


VERBS = (
    *("run", "sample", "phantom", "compare", "kernels", "kernels-build", "bench"),
    "dicom-import",
)


@pytest.mark.parametrize("verb", VERBS)
def test_help(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "-h"])
    assert ended.value.code == 0
    assert "usage: ludosimetry" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["walk"],
        ["run"],
        ["run", "case.json"],
        ["run", "case.json", "-o", "x", "--device", "gpu"],
        ["phantom", "--seed", "1.5", "-o", "x"],
        ["phantom", "--seed", "inf", "-o", "x"],
        ["bench", "--grid", "0"],
        ["kernels", "--voxel-mm", "4", "4", "-4", "--density", "1", "--composition", "water"],
        ["kernels", "--voxel-mm", "4", "4", "nan", "--density", "1", "--composition", "water"],
    ],
)
def test_arguments_that_are_not_allowed(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == INVALID
    assert "usage: ludosimetry" in capsys.readouterr().err


def test_a_bad_case_from_the_shell(case_folder):
    case_folder.change("options", "dose_method", to="multivsv")
    done = shell("run", case_folder.file, "-o", case_folder.folder / "result")
    assert done.returncode == INVALID
    assert done.stderr.startswith(
        f"ludosimetry: {case_folder.file}: options: dose_method is 'multivsv'"
    )
    assert done.stderr.count("\n") == 1


def test_ctrl_c_while_the_libraries_load(case_folder, tmp_path):
    arguments = command("run", case_folder.file, "-o", tmp_path / "result")
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=100)
    assert (process.returncode, "Traceback" in error) == (CANCELLED, False), error
    assert not (tmp_path / "result").exists()
