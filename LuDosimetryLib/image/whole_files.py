"""Checks for incomplete images that ITK reads without an error: cut NIfTI, gaps in DICOM series."""

import gzip
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np
import SimpleITK as sitk

_CHUNK = 1 << 20
_SLICE_TOLERANCE = 0.02
"""Relative deviation of the distance between two slices from the usual one that is accepted."""
_ASIDE_MM = 0.05


class IncompleteError(Exception):
    """A file or series is incomplete; the message says what is missing."""


def check_nifti_complete(path: Path) -> None:
    """
    Refuse a NIfTI file that is cut short, which ITK fills up without an error.

    Raises
    ------
    IncompleteError
        If the file has fewer bytes than its header demands, or its compression is damaged.
    """
    packed = path.name.lower().endswith(".gz")
    opener = gzip.open if packed else open
    try:
        with opener(path, "rb") as file:
            header = file.read(544)
            length = len(header)
            while chunk := file.read(_CHUNK):
                length += len(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IncompleteError(f"its compressed data are damaged or cut short: {error}") from None
    needed = _nifti_bytes(header)
    if needed is not None and length < needed:
        raise IncompleteError(f"it has {length} of the {needed} bytes that its header demands")


def _nifti_bytes(header: bytes) -> int | None:
    """Size in bytes of a single NIfTI file, versions 1 and 2; None for any other header."""
    for order in "<>":
        if len(header) >= 348 and struct.unpack_from(order + "i", header)[0] == 348:
            sizes = struct.unpack_from(order + "8h", header, 40)
            bits = struct.unpack_from(order + "h", header, 72)[0]
            offset = struct.unpack_from(order + "f", header, 108)[0]
        elif len(header) >= 540 and struct.unpack_from(order + "i", header)[0] == 540:
            sizes = struct.unpack_from(order + "8q", header, 16)
            bits = struct.unpack_from(order + "h", header, 14)[0]
            offset = struct.unpack_from(order + "q", header, 168)[0]
        else:
            continue
        count = max(0, min(sizes[0], 7))
        voxels = prod(max(1, size) for size in sizes[1 : 1 + count])
        return int(offset) + int(voxels * bits // 8)
    return None


def check_evenly_spaced(files: tuple[str, ...]) -> None:
    """
    Refuse a DICOM series with missing, repeated or unevenly spaced slices.

    Raises
    ------
    IncompleteError
        If slices are missing, repeated, unevenly spaced or shifted: ITK would take them for evenly
        spaced and place them wrongly.
    """
    origins = []
    direction = (0.0,) * 9
    for name in files:
        reader = sitk.ImageFileReader()
        reader.SetFileName(name)
        reader.ReadImageInformation()
        origins.append(reader.GetOrigin())
        direction = reader.GetDirection()
    if len(origins) < 2 or len(origins[0]) != 3:
        return
    normal = np.array(direction).reshape(3, 3)[:, 2]
    steps = np.diff(np.array(origins) @ normal)
    usual = float(np.median(steps))
    if usual == 0.0 or np.abs(steps / usual - 1.0).max() > _SLICE_TOLERANCE:
        raise IncompleteError(
            f"its {len(files)} slices lie {steps.min():g} to {steps.max():g} mm apart; a slice is missing, "
            "repeated or displaced"
        )
    aside = np.array(origins) - np.outer(np.array(origins) @ normal, normal)
    if np.ptp(aside, axis=0).max() > max(_SLICE_TOLERANCE * abs(usual), _ASIDE_MM):
        raise IncompleteError(
            f"its {len(files)} slices are shifted along each other, as by a tilted gantry, which dicom-import corrects"
        )


@contextmanager
def native_messages() -> Iterator[list[str]]:
    """
    Capture what C++ libraries print to stderr, instead of showing it on the console.

    Yields
    ------
    list of str
        Lines of the output, filled when the block ends.
    """
    lines: list[str] = []
    try:
        console = os.dup(2)
    except OSError:  # a program without a console
        yield lines
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(console, 2)
            os.close(console)
            file.seek(0)
            text = file.read().decode("utf-8", "replace")
            lines += [line.strip() for line in text.splitlines() if line.strip()]
