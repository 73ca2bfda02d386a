"""Damaged files: no traceback, no wrong number, and each refusal a sentence with file and tag."""

import datetime
import json
import re
import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from LuDosimetryLib.errors import InvalidInput
from LuDosimetryLib.image import Grid

from .enhanced_writer import enhanced

COUNT = 1000
_TAG = re.compile(r"\([0-9A-F]{4},[0-9A-F]{4}\)|prefix DICM|group 0002|byte \d+ begins")


@pytest.fixture
def tiny(study):
    """A study that imports in a moment."""
    grid = Grid.axial((8, 9, 10), (18.0, 17.0, 16.0))
    rng = np.random.default_rng(5)
    for n, hours in enumerate((4.0, 24.0), start=1):
        study.nm(f"nm{n}.dcm", 1e4 * rng.random(grid.shape), grid, hours, decay="START")
    study.pt("pt", 1e4 * rng.random(grid.shape), grid, 48.0)
    slices = study.pt("enhanced", 1e4 * rng.random(grid.shape), grid, 72.0)
    begun = study.injected + datetime.timedelta(hours=72)
    enhanced(study, slices, "enhanced.dcm", decay_corrected="YES", corrected_to=begun)
    hu = rng.integers(-1000, 1000, grid.shape)
    uid = study.ct("ct", hu, grid)
    labels = np.zeros(grid.shape, int)
    labels[2:6, 3:6, 3:7] = 1
    study.seg("seg.dcm", labels, {1: "kidney"}, grid)
    study.rtstruct("rt.dcm", labels, {1: "liver"}, grid, uid)
    return study.folder


def outcome(folder, output):
    """All numbers of an imported case."""
    from LuDosimetryLib.dicom.case_import import import_case
    from LuDosimetryLib.dicom.supplement import Supplement

    shutil.rmtree(output, ignore_errors=True)
    case = import_case(folder, output, Supplement())
    content = json.loads(case.read_text())
    images = {}
    for path in sorted(output.glob("*.nrrd")):
        image = sitk.ReadImage(str(path))
        images[path.name] = (sitk.GetArrayFromImage(image), Grid.of(image))
    remarks = json.loads((output / "dicom.json").read_text())["remarks"]
    return content, images, remarks


def damaged(content, kind, rng):
    at = int(rng.integers(len(content)))
    if kind == "cut":
        return content[:at]
    length = int(rng.integers(1, 40))
    if kind == "lost":
        return content[:at] + content[at + length :]
    if kind == "inserted":
        return content[:at] + rng.bytes(length) + content[at:]
    if kind == "zeros":
        return content[:at] + bytes(min(length, len(content) - at)) + content[at + length :]
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 6))):
        changed[int(rng.integers(128, len(content)))] = int(rng.integers(256))
    return bytes(changed)


def same(found, expected):
    (content, images, _), (expected_content, expected_images, _) = found, expected
    keys = ("time_points", "administered_activity_MBq", "reference_time_point", "segmentation")
    if any(content.get(key) != expected_content.get(key) for key in keys):
        return False
    if set(images) != set(expected_images):
        return False
    return all(
        np.array_equal(values, expected_images[name][0]) and grid.same_as(expected_images[name][1])
        for name, (values, grid) in images.items()
    )


def another_header(path, whole):
    """Whether a damaged file is another valid one: same structure, a value that reads otherwise."""
    a, b = pydicom.dcmread(path, force=True), pydicom.dcmread(whole, force=True)
    return set(a.keys()) == set(b.keys())


@pytest.mark.slow
def test_a_thousand_damaged_files(tiny, tmp_path, capfd):
    rng = np.random.default_rng(20260101)
    expected = outcome(tiny, tmp_path / "expected")
    paths = sorted(p for p in tiny.rglob("*") if p.is_file())
    kinds = ("cut", "cut", "lost", "inserted", "zeros", "changed")
    tally = {"refused": 0, "unharmed": 0, "other value": 0, "said": 0}
    for n in range(COUNT):
        path = paths[int(rng.integers(len(paths)))]
        whole, kind = path.read_bytes(), kinds[n % len(kinds)]
        aside = tmp_path / "whole.dcm"
        aside.write_bytes(whole)
        path.write_bytes(damaged(whole, kind, rng))
        try:
            found = outcome(tiny, tmp_path / "found")
        except InvalidInput as error:
            message = str(error)
            assert "\n" not in message, message
            assert str(tiny) in message, message
            assert _TAG.search(message), message
            tally["refused"] += 1
        else:
            if same(found, expected):
                tally["unharmed"] += 1
            elif found[2] != expected[2]:
                tally["said"] += 1
            else:
                # digits or pixels that changed to others are beyond what can be found out
                assert kind in ("zeros", "changed", "lost", "inserted"), (n, path, kind)
                assert another_header(path, aside), (n, path, kind)
                tally["other value"] += 1
        path.write_bytes(whole)
    assert capfd.readouterr().err == ""
    print(tally)
    assert tally["refused"] > 0.6 * COUNT
