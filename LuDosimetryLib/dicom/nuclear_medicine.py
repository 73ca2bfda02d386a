"""Reconstructed tomographic NM images: one file of many frames (DICOM PS3.3, C.8.4), or one file a slice."""

import re
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from ..dicom_files.header import Header, name_and_tag
from ..image.grid import Grid
from .stack import Stack, grid_of

_RING = re.compile(r"\$ImagingDuration\$(\d+)")
_FEWEST_VIEWS = 4
_HEADS = (2, 3, 4)
_SEVERAL = {
    "EnergyWindowVector": "energy windows",
    "DetectorVector": "detectors",
    "PhaseVector": "phases",
    "RotationVector": "rotations",
    "RRIntervalVector": "intervals of the heart",
    "TimeSlotVector": "time slots",
    "TimeSliceVector": "time slices",
}
"""Indices that say of which of several volumes a frame is."""


def nm_stack(header: Header) -> Stack:
    """
    The geometry of a reconstructed NM image.

    Position and orientation are those of the first detector that tells them, else of the image
    itself. The sign of SpacingBetweenSlices says whether slices follow the first along the normal,
    the cross product of the directions of row and column, or against it (DICOM PS3.3, C.8.4.15).

    Raises
    ------
    InvalidInput
        If the file holds several volumes, or its geometry is not told.
    """
    frames = header.needed_whole("NumberOfFrames", 2)
    _check_one_volume(header, frames)
    orientation = np.array(geometry(header, "ImageOrientationPatient", 6))
    first = np.array(geometry(header, "ImagePositionPatient", 3))
    spacing = header.needed_numbers("SpacingBetweenSlices", 1)[0]
    if not 0.01 < abs(spacing) < 100.0:
        raise header.refused("SpacingBetweenSlices", f"is {spacing:g} mm; it cannot be")
    normal = np.cross(orientation[:3], orientation[3:])
    slices = _slice_numbers(header, frames)
    order, grid = grid_of(header, orientation, first + (slices - 1)[:, None] * spacing * normal)
    return Stack([header], order, grid)


def geometry(header: Header, keyword: str, count: int) -> list[float]:
    """Numbers of the first detector that tells them, else of the image itself."""
    for detector in header.items("DetectorInformationSequence"):
        if (inner := detector.numbers(keyword, count)) is not None:
            return inner
    return header.needed_numbers(keyword, count)


def _check_one_volume(header: Header, frames: int) -> None:
    """Refuse a file whose frames are of several volumes."""
    for keyword, what in _SEVERAL.items():
        found = set(header.numbers(keyword) or [])
        if len(found) > 1:
            raise header.refused(
                keyword,
                f"says that the {frames} frames are of {len(found)} {what}: export them as one volume a file",
            )
    told = header.number("NumberOfSlices")
    if told and told != frames and header.get("SliceVector") is None:
        raise header.refused(
            "NumberOfFrames",
            f"is {frames}, but {name_and_tag('NumberOfSlices')} {told:g}; several volumes lie in one file, or part of one: "
            "export one volume a file",
        )


def _slice_numbers(header: Header, frames: int) -> NDArray[np.float64]:
    """The slice, from 1 on, of each frame."""
    vector = header.numbers("SliceVector")
    if vector is None:
        return np.arange(1.0, frames + 1.0)
    if sorted(vector) == list(range(frames)):  # counted from 0, which some writers do
        vector = [number + 1 for number in vector]
    if sorted(vector) != list(range(1, frames + 1)):
        raise header.refused(
            "SliceVector",
            f"does not name each of {frames} slices once; several volumes lie in one file",
        )
    return np.array(vector)


def other_way_round(stack: Stack) -> Grid:
    """The grid if the sign of SpacingBetweenSlices were the other: mirrored at the first slice."""
    grid = stack.grid
    first = int(np.flatnonzero(stack.order == 0)[0])
    last = grid.shape[0] - 1
    moved = 2 * first - last  # index of the mirrored grid's lowest slice
    origin = grid.positions(np.array([[0.0], [0.0], [float(moved)]]))[:, 0]
    return Grid(grid.shape, grid.spacing_mm, tuple(map(float, origin)), grid.direction)  # type: ignore[arg-type]


def nm_duration_s(header: Header) -> tuple[float | None, str]:
    """
    Duration of the scan [s] and what tells it; None, and why, if nothing does.

    It is the number of frames of each rotation times their duration; a reconstruction whose rotation
    has one frame, as some workstations write, tells none. Where the frames cover more than the arc
    that a head went through, they are those of several heads at the same time. Where there are
    several heads and the arcs do not tell whether each took all frames, or all together, the duration
    is not told. Ring-shaped cameras of GE tell the duration in ImageComments.
    """
    if comment := _RING.search(header.text("ImageComments")):
        return 1e-3 * float(comment[1]) or None, "ImageComments (0020,4000)"
    detectors = _detectors(header)
    seconds, views = 0.0, []
    for rotation in header.items("RotationInformationSequence"):
        frame_ms = rotation.number("ActualFrameDuration")
        frames = rotation.number("NumberOfFramesInRotation")
        if frame_ms is None or frames is None or frames < _FEWEST_VIEWS:
            return None, "its header does not tell how long it took"
        heads = _heads(rotation, frames)
        views.append(f"{frames:g} frames of {1e-3 * frame_ms:g} s")
        if heads == 1 and detectors > 1:
            return None, (
                f"it was taken by {detectors} heads, and its header does not tell whether each of them took the {views[-1]}"
            )
        seconds += 1e-3 * frame_ms * frames / heads
        if heads > 1:
            views[-1] += f", taken by {heads} heads together"
    if not 0.0 <= seconds < timedelta(days=1).total_seconds():
        raise header.refused("RotationInformationSequence", f"makes a scan of {seconds:g} s")
    if not seconds:
        return None, "its header does not tell how long it took"
    told = f"{' and '.join(views)} (ActualFrameDuration (0018,1242)); if several heads took them together, give"
    return seconds, f'{told} "duration_s"'


def _detectors(header: Header) -> int:
    """How many heads took the scan, as far as the header tells."""
    told = header.number("NumberOfDetectors") or 1.0
    return max(int(told), len(header.items("DetectorInformationSequence")))


def _heads(rotation: Header, frames: float) -> int:
    """How many heads the frames are of, by the arc they cover together and that of one head."""
    arc, step = rotation.number("ScanArc"), rotation.number("AngularStep")
    if not arc or not step:
        return 1
    heads = round(frames * abs(step) / abs(arc))
    return heads if heads in _HEADS else 1
