"""Odd inputs by kind, each through the real command: refused in a sentence, or warned of; never a dose in silence."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.commands.main import main

from ..support import closed_form as patient

Change = Callable[[Path], object]


def values(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Change of an image's values."""

    def of(folder: Path) -> None:
        image = sitk.ReadImage(str(folder / name))
        new = sitk.GetImageFromArray(change(sitk.GetArrayFromImage(image)).astype(np.float32))
        new.CopyInformation(image)
        sitk.WriteImage(new, str(folder / name))

    return of


def entry(change: Callable[[dict[str, Any]], object]) -> Change:
    """Change of case.json."""

    def of(folder: Path) -> None:
        case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        change(case)
        (folder / "case.json").write_text(json.dumps(case), encoding="utf-8")

    return of


def hours(factor: float) -> Change:
    def of(case: dict[str, Any]) -> None:
        for point in case["time_points"]:
            point["hours"] *= factor

    return entry(of)


def all_scans(change: Callable[[np.ndarray], np.ndarray]) -> Change:
    def of(folder: Path) -> None:
        for n in (1, 2, 3):
            values(f"spect_{n}.nrrd", change)(folder)

    return of


def without_geometry(name: str) -> Change:
    def of(folder: Path) -> None:
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / name)))
        sitk.WriteImage(sitk.GetImageFromArray(array), str(folder / name))

    return of


def with_unit(unit: str) -> Change:
    def of(folder: Path) -> None:
        image = sitk.ReadImage(str(folder / "spect_1.nrrd"))
        image.SetMetaData("unit", unit)
        sitk.WriteImage(image, str(folder / "spect_1.nrrd"))

    return of


def sheared(name: str) -> Change:
    def of(folder: Path) -> None:
        image = sitk.ReadImage(str(folder / name))
        image.SetDirection((1.0, 0.5, 0.0, 0.0, 0.75**0.5, 0.0, 0.0, 0.0, 1.0))
        sitk.WriteImage(image, str(folder / name))

    return of


def hot_voxel(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[0, 0, 0] = 20.0 * array.sum()
    return array


def pipe(name: str) -> Change:
    def of(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return of


def label_beyond(folder: Path) -> None:
    array = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "labels.nrrd")))
    far = np.zeros((array.shape[0] + 30, *array.shape[1:]), np.uint8)
    far[: array.shape[0]] = array
    far[-3:, 10:15, 10:15] = 4
    sitk.WriteImage(patient.image_of(far, patient.CT), str(folder / "labels.nrrd"))
    entry(lambda case: case["segmentation"]["labels"].update({"4": "far"}))(folder)


REFUSED: dict[str, tuple[Change, str]] = {
    "CT offset": (values("ct.nrrd", lambda hu: hu + 1024.0), "offset of 1000 or 1024"),
    "CT window": (values("ct.nrrd", lambda hu: np.clip(hu, -160, 240)), "display window"),
    "CT zero": (values("ct.nrrd", lambda hu: 0.0 * hu), "0 everywhere"),
    "CT over 1000": (values("ct.nrrd", lambda hu: hu / 1000.0), "divided by 1000"),
    "hours in seconds": (hours(3600.0), "up to 1000 h"),
    "hours in minutes": (hours(60.0), "up to 1000 h"),
    "hours at once": (
        entry(lambda c: c["time_points"][1].update(hours=4.0000001)),
        "at least 3 minutes apart",
    ),
    "one file twice": (
        entry(lambda c: c["time_points"][1].update(spect="spect_1.nrrd")),
        "used twice",
    ),
    "unit counts": (with_unit("counts"), "states the unit 'counts'"),
    "unit kBq/mL": (with_unit("kBq/mL"), "states the unit 'kBq/mL'"),
    "unit Gy": (with_unit("Gy"), "states the unit 'Gy'"),
    "labels without geometry": (without_geometry("labels.nrrd"), "states no geometry"),
    "CT without geometry": (without_geometry("ct.nrrd"), "states no geometry"),
    "SPECT without geometry": (without_geometry("spect_2.nrrd"), "states no geometry"),
    "SPECT sheared": (sheared("spect_1.nrrd"), "right angles"),
    "CT sheared": (sheared("ct.nrrd"), "right angles"),
    "labels sheared": (sheared("labels.nrrd"), "right angles"),
    "a million times": (all_scans(lambda a: a * 1e6), "more activity than can be"),
    "CT a pipe": (pipe("ct.nrrd"), "device or a pipe"),
    "case a pipe": (pipe("case.json"), "device or a pipe"),
    "SPECT a device": (
        entry(lambda c: c["time_points"][0].update(spect="/dev/zero")),
        "device or a pipe",
    ),
    "steering name": (
        entry(lambda c: c["segmentation"]["labels"].update({"1": "li\x1b[31mver"})),
        "control characters",
    ),
    "steering patient": (entry(lambda c: c.update(patient_id="a\x1b]0;x\x07")), "control characters"),
}  # fmt: skip
WARNED: dict[str, tuple[Change, str]] = {
    "hours in days": (hours(1.0 / 24.0), "in hours, not in days"),
    "a thousand times": (all_scans(lambda a: a * 1e3), "more than a scan of a therapy"),
    "a hundred thousandth": (all_scans(lambda a: a * 1e-5), "less than a scan of a therapy"),
    "one hot voxel": (values("spect_1.nrrd", hot_voxel), "check whether it is damaged"),
    "label beyond the grid": (label_beyond, "no voxel on the SPECT grid"),
}
RIGHT: dict[str, Change] = {
    "as it is": lambda folder: None,
    "unit as stated": with_unit("Bq/mL"),
    "other letters": with_unit("Bq/ml"),
}


@pytest.fixture
def ended(tmp_path, capfd) -> Callable[[Change], tuple[int, str, Path]]:
    """Exit code, what stderr says, and the result folder of the patient with a change."""

    def of(change: Change) -> tuple[int, str, Path]:
        case = patient.write_patient(tmp_path / "case")
        change(case.parent)
        capfd.readouterr()
        code = main(["run", str(case), "-o", str(tmp_path / "result")])
        return code, capfd.readouterr().err, tmp_path / "result"

    return of


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(ended, kind):
    change, said = REFUSED[kind]
    code, error, output = ended(change)
    assert code == INVALID, error
    assert error.count("\n") == 1
    assert said in error
    assert error[:-1].isprintable()
    assert not output.exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", WARNED)
def test_warned_of(ended, kind):
    change, said = WARNED[kind]
    code, error, output = ended(change)
    assert code == DONE, error
    warnings = json.loads((output / "result.json").read_text(encoding="utf-8"))["warnings"]
    assert any(said in warning for warning in warnings), warnings


@pytest.mark.slow
@pytest.mark.parametrize("kind", RIGHT)
def test_right(ended, kind):
    """Medians of the organs, which partial voxels at the rim do not touch, are the hand values."""
    code, error, output = ended(RIGHT[kind])
    assert code == DONE, error
    result = json.loads((output / "result.json").read_text(encoding="utf-8"))
    density = {"liver": 1.071, "kidney": 1.051, "spleen": 1.061}
    for organ in result["organs"]:
        by_hand = patient.dose_Gy(organ["name"], density[organ["name"]])
        assert organ["D50_Gy"] == pytest.approx(by_hand, rel=0.01)
