"""Checks for incomplete images that ITK reads without an error: gaps in DICOM series; what ITK prints."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import SimpleITK as sitk

_SLICE_TOLERANCE = 0.02
"""Relative deviation of the distance between two slices from the usual one that is accepted."""
_ASIDE_MM = 0.05


class IncompleteError(Exception):
    """A file or series is incomplete; the message says what is missing."""


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
