"""
Compare two folders of results number by number: ``python Testing/support/compare_results.py OLD NEW``.

Both folders are walked with all that lies below them. Voxels and grids of images, numbers and texts
of JSON files, cells of CSV files, transforms, and the values of DICOM objects must be the same to the
last bit; each difference is a line, and the exit code is 1 if there is any. What only NEW has (a
file, a key, a column, a measurement) is listed as added and is no difference. Not compared are times
of calculation, versions, hashes, dates, UIDs and the wording of reports; of a path the file name
alone is compared.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

IGNORED = re.compile(
    r"timing_s|.*sha256|version|versions|packages|.*date|.*seconds|kernels|model|how"
)
"""Keys of JSON objects that differ from run to run, or with the program's version."""
IMAGES = (".nrrd", ".nii", ".nii.gz", ".mha")
TEXTS = (".tfm", ".txt")
MOST_LINES = 40
"""Differences of one file that are listed."""


@dataclass
class Findings:
    """
    What a comparison found.

    Attributes
    ----------
    differences, added : list of str
    files : int
        Number of files compared.
    """

    differences: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    files: int = 0


def compare_folders(old: Path, new: Path) -> Findings:
    """Compare two folders of results."""
    findings = Findings()
    ours, theirs = _files(old), _files(new)
    for name in sorted(ours.keys() - theirs.keys()):
        findings.differences.append(f"{name}: only in {old}")
    findings.added += [f"{name}: file" for name in sorted(theirs.keys() - ours.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        compare = _comparison_for(name)
        if compare is None:
            continue
        findings.files += 1
        try:
            found = list(compare(ours[name], theirs[name]))
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            found = [f"cannot be compared: {type(error).__name__}: {error}"]
        added = [line.removeprefix("+") for line in found if line.startswith("+")]
        different = [line for line in found if not line.startswith("+")]
        findings.added += [f"{name}: {line}" for line in added]
        findings.differences += [f"{name}: {line}" for line in different[:MOST_LINES]]
        if len(different) > MOST_LINES:
            findings.differences.append(f"{name}: and {len(different) - MOST_LINES} more")
    return findings


def _files(folder: Path) -> dict[str, Path]:
    return {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}


def _comparison_for(name: str) -> Any:
    lower = name.lower()
    kinds = {
        **dict.fromkeys(IMAGES, _images),
        **dict.fromkeys(TEXTS, _texts),
        ".json": _json_files,
        ".csv": _tables,
        ".dcm": _dicom_objects,
    }
    return next((compare for end, compare in kinds.items() if lower.endswith(end)), None)


def _images(old: Path, new: Path) -> Iterator[str]:
    a, b = sitk.ReadImage(str(old)), sitk.ReadImage(str(new))
    for what in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection", "GetPixelIDTypeAsString"):
        if getattr(a, what)() != getattr(b, what)():
            yield f"{what[3:].lower()} {getattr(a, what)()} -> {getattr(b, what)()}"
    for key in a.GetMetaDataKeys():
        given = a.GetMetaData(key)
        if key == "unit" and (not b.HasMetaDataKey(key) or b.GetMetaData(key) != given):
            yield f"unit {given!r} -> {b.GetMetaData(key) if b.HasMetaDataKey(key) else None!r}"
    yield from _arrays("voxels", sitk.GetArrayFromImage(a), sitk.GetArrayFromImage(b))


def _arrays(what: str, a: np.ndarray, b: np.ndarray) -> Iterator[str]:
    if a.shape != b.shape:
        yield f"{what}: shape {a.shape} -> {b.shape}"
        return
    differ = (a != b) & ~(np.isnan(a.astype(float)) & np.isnan(b.astype(float)))
    if differ.any():
        apart = np.abs(a.astype(float) - b.astype(float))
        greatest = float(np.abs(a.astype(float)).max()) or 1.0
        yield (
            f"{what}: {int(differ.sum())} of {a.size} differ, by up to {float(np.nanmax(apart)):.3g} "
            f"({100.0 * float(np.nanmax(apart)) / greatest:.3g} % of the greatest)"
        )


def _texts(old: Path, new: Path) -> Iterator[str]:
    a, b = (path.read_text(encoding="utf-8").splitlines() for path in (old, new))
    if a != b:
        yield f"{sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))} lines differ"


def _json_files(old: Path, new: Path) -> Iterator[str]:
    a, b = (json.loads(path.read_text(encoding="utf-8")) for path in (old, new))
    yield from _json(a, b, "")


def _json(a: Any, b: Any, where: str) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in a.keys() - b.keys():
            if not IGNORED.fullmatch(key):
                yield f"{where}/{key}: missing"
        yield from (f"+{where}/{key}" for key in b.keys() - a.keys())
        for key in a:
            if key in b and not IGNORED.fullmatch(key):
                yield from _json(a[key], b[key], f"{where}/{key}")
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            yield f"{where}: {len(a)} entries -> {len(b)}"
        for n, (x, y) in enumerate(zip(a, b, strict=False)):
            yield from _json(x, y, f"{where}[{n}]")
    elif a != b and not _same_file(a, b):
        yield f"{where}: {_change(a, b)}"


def _same_file(a: Any, b: Any) -> bool:
    """Whether two texts are paths of files of one name."""
    paths = isinstance(a, str) and isinstance(b, str) and "/" in a + b
    return paths and "\n" not in a and Path(a).name == Path(b).name


def _change(a: Any, b: Any) -> str:
    if isinstance(a, int | float) and isinstance(b, int | float) and a:
        return f"{a!r} -> {b!r} ({100.0 * (b - a) / abs(a):+.3g} %)"
    return f"{a!r} -> {b!r}"


def _tables(old: Path, new: Path) -> Iterator[str]:
    (head, *rows), (new_head, *new_rows) = (_rows(path) for path in (old, new))
    yield from (f"column {name!r}: missing" for name in head if name not in new_head)
    yield from (f"+column {name!r}" for name in new_head if name not in head)
    kept = [name for name in head if name in new_head]
    if kept != [name for name in new_head if name in head]:
        yield "the order of the columns differs"
    if len(rows) != len(new_rows):
        yield f"{len(rows)} rows -> {len(new_rows)}"
    for n, (row, new_row) in enumerate(zip(rows, new_rows, strict=False), start=1):
        for name in kept:
            a, b = row[head.index(name)], new_row[new_head.index(name)]
            if a != b and not _same_file(a, b):
                yield f"row {n} ({row[0]}), {name}: {_change(_as_number(a), _as_number(b))}"


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.reader(file) if row] or [[]]


def _as_number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _dicom_objects(old: Path, new: Path) -> Iterator[str]:
    import pydicom  # which results without DICOM objects do not need

    a, b = (pydicom.dcmread(path) for path in (old, new))
    for keyword in (
        "Modality",
        "Rows",
        "Columns",
        "NumberOfFrames",
        "DoseGridScaling",
        "DoseUnits",
    ):
        if a.get(keyword) != b.get(keyword):
            yield f"{keyword} {a.get(keyword)} -> {b.get(keyword)}"
    for keyword, kind in (("PixelData", np.uint8), ("FloatPixelData", "<f4")):
        if keyword in a:
            pixels = (np.frombuffer(d.get(keyword, b""), kind) for d in (a, b))
            yield from _arrays(keyword, *pixels)
    if a.get("Modality") == "SR":
        yield from _measurements(_groups(a), _groups(b))


def _groups(report: Any) -> list[list[float]]:
    """Values of each group of measurements."""
    groups: list[list[float]] = []

    def walk(item: Any) -> None:
        named = [
            child
            for child in item.get("ContentSequence", [])
            if child.get("ValueType") == "NUM" and child.MeasuredValueSequence
        ]
        if named:
            groups.append([float(n.MeasuredValueSequence[0].NumericValue) for n in named])
        for child in item.get("ContentSequence", []):
            walk(child)

    walk(report)
    return groups


def _measurements(old: list[list[float]], new: list[list[float]]) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{len(old)} groups of measurements -> {len(new)}"
    for n, (a, b) in enumerate(zip(old, new, strict=False), start=1):
        left = list(b)
        for value in a:
            if value in left:
                left.remove(value)
            else:
                yield f"group {n} has no measurement of {value!r} any more"
        if left:
            yield f"+group {n}: {len(left)} measurements"


def main(arguments: list[str] | None = None) -> int:
    """Compare the folders of a command line; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, metavar="OLD", help="folder of results, as they were")
    parser.add_argument("new", type=Path, metavar="NEW", help="folder of results, as they are now")
    parser.add_argument("--quiet", action="store_true", help="do not list what was added")
    asked = parser.parse_args(arguments)
    for folder in (asked.old, asked.new):
        if not folder.is_dir():
            parser.error(f"there is no folder {folder}")
    findings = compare_folders(asked.old, asked.new)
    if not asked.quiet:
        for line in findings.added:
            print(f"added: {line}")
    for line in findings.differences:
        print(f"different: {line}")
    print(
        f"{findings.files} files compared: {len(findings.differences)} differences, {len(findings.added)} additions"
    )
    return 1 if findings.differences or not findings.files else 0


if __name__ == "__main__":
    sys.exit(main())
