"""Reconstructed tomographic NM images: one file of many frames (DICOM PS3.3, C.8.4)."""

from datetime import timedelta

import numpy as np

from .header import Header
from .stack import Stack, grid_of

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.20"

_KINDS = {
    "STATIC": "a planar image",
    "WHOLE BODY": "a planar whole-body image",
    "DYNAMIC": "a planar dynamic image",
    "GATED": "a gated planar image",
    "TOMO": "projections that are not reconstructed",
    "GATED TOMO": "gated projections that are not reconstructed",
    "RECON GATED TOMO": "a gated reconstruction",
}


def why_unusable(header: Header) -> str:
    """Why an NM image cannot be used, in words; empty if it is a reconstructed volume."""
    values = header.texts("ImageType")
    kind = values[2].upper() if len(values) > 2 else ""
    if kind == "RECON TOMO":
        return ""
    what = _KINDS.get(kind, f"of the kind {kind!r}" if kind else "of no kind that is told")
    return f"it is {what} (ImageType (0008,0008)); only reconstructed tomograms (RECON TOMO) give a dose"


def nm_stack(header: Header) -> Stack:
    """
    The geometry of a reconstructed NM image.

    Position and orientation are those of the first detector. The sign of SpacingBetweenSlices
    says whether slices follow the first along the normal, the cross product of the directions of
    row and column, or against it (DICOM PS3.3, C.8.4.15).
    """
    frames = header.needed_whole("NumberOfFrames", 2)
    detector = header.first_item("DetectorInformationSequence") or header

    def geometry(keyword: str, count: int) -> list[float]:
        inner = detector.numbers(keyword, count)
        return header.needed_numbers(keyword, count) if inner is None else inner

    orientation = np.array(geometry("ImageOrientationPatient", 6))
    first = np.array(geometry("ImagePositionPatient", 3))
    spacing = header.needed_numbers("SpacingBetweenSlices", 1)[0]
    if not 0.01 < abs(spacing) < 100.0:
        raise header.refused("SpacingBetweenSlices", f"is {spacing:g} mm; it cannot be")
    normal = np.cross(orientation[:3], orientation[3:])
    slices = _slice_numbers(header, frames)
    order, grid = grid_of(header, orientation, first + (slices - 1)[:, None] * spacing * normal)
    return Stack([header], order, grid)


def _slice_numbers(header: Header, frames: int) -> np.ndarray:
    """The slice, from 1 on, of each frame."""
    vector = header.numbers("SliceVector")
    if vector is None:
        return np.arange(1, frames + 1)
    if sorted(vector) != list(range(1, frames + 1)):
        raise header.refused(
            "SliceVector",
            f"does not name each of {frames} slices once; several volumes lie in one file",
        )
    return np.array(vector)


def nm_duration_s(header: Header) -> float | None:
    """Duration of the scan [s]: frames of each rotation times their duration; None if not told."""
    seconds = 0.0
    for rotation in header.items("RotationInformationSequence"):
        frame_ms = rotation.number("ActualFrameDuration")
        frames = rotation.number("NumberOfFramesInRotation")
        if frame_ms is None or frames is None:
            return None
        seconds += 1e-3 * frame_ms * frames
    if not 0.0 <= seconds < timedelta(days=1).total_seconds():
        raise header.refused("RotationInformationSequence", f"makes a scan of {seconds:g} s")
    return seconds or None
