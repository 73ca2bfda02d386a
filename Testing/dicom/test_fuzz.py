"""Damaged files: no traceback, no wrong number, and each refusal a sentence with file and tag."""

import datetime
import json
import re
import shutil
from io import BytesIO

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataelem import RawDataElement

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.image.grid import Grid

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
    content = json.loads(case.read_text(encoding="utf-8"))
    images = {}
    for path in sorted(output.glob("*.nrrd")):
        image = sitk.ReadImage(str(path))
        images[path.name] = (sitk.GetArrayFromImage(image), Grid.of(image))
    remarks = json.loads((output / "dicom.json").read_text(encoding="utf-8"))["remarks"]
    return content, images, remarks


VALUES = (
    *(b"", b"0", b"-1", b"1e999", b"nan", b"abc", b"99999999999999999999", b"\xff\xfe\x00", b"  "),
    *(b"1\\2\\3\\4\\5\\6\\7", b"20240231", b"-0.0", b"0\\0\\0", b"0\\0\\0\\0\\0\\0"),
)
_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 4, "OW": 2, "OB": 2}


def elements(ds):
    """Every element but those of the meta information, with the data set or item that holds it."""
    for tag in list(ds.keys()):
        yield ds, tag
        if ds[tag].VR == "SQ":
            for item in list(ds[tag].value)[:3]:
                yield from elements(item)


def with_another_value(content, rng):
    """A whole file of which one element is missing, empty or holds something odd."""
    ds = pydicom.dcmread(BytesIO(content))
    found = list(elements(ds))
    owner, tag = found[int(rng.integers(len(found)))]
    vr = owner[tag].VR
    if rng.random() < 0.25:
        del owner[tag]
    elif vr == "SQ":
        owner[tag].value = []
    else:
        value = VALUES[int(rng.integers(len(VALUES)))]
        if vr in _SIZES:
            value = rng.bytes(_SIZES[vr] * int(rng.integers(0, 3)))
        value += b" " * (len(value) % 2)
        owner._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
    written = BytesIO()
    ds.save_as(written)
    return written.getvalue()


def damaged(content, kind, rng):
    if kind == "value":
        return with_another_value(content, rng)
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
    kinds = ("cut", "lost", "inserted", "zeros", "changed", "value", "value")
    # of the many slices of the CT and the PT series, one in four
    paths = [p for p in paths if p.parent == tiny] * 4 + paths
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
                assert kind != "cut", (n, path, kind)
                assert kind == "value" or another_header(path, aside), (n, path, kind)
                tally["other value"] += 1
        path.write_bytes(whole)
    assert capfd.readouterr().err == ""
    print(tally)
    assert tally["refused"] > 0.6 * COUNT
    assert tally["other value"] < 0.1 * COUNT
