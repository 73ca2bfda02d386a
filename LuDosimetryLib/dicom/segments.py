"""DICOM segmentation objects (SEG) to masks."""

import numpy as np
from numpy.typing import NDArray

from ..dicom_files.header import Header
from ..image.arrays import Mask
from ..image.grid import Grid
from .pixels import Stored, stored_values
from .stack import grid_of

_HALF = 0.5


def segments_of(header: Header) -> tuple[dict[str, Mask], Grid]:
    """
    Masks of a segmentation object by name, and their grid.

    Parameters
    ----------
    header : Header
        With its pixels.

    Raises
    ------
    InvalidInput
        For frames without a segment or a position.
    """
    names = _names(header)
    frames = header.items("PerFrameFunctionalGroupsSequence")
    shared = header.first_item("SharedFunctionalGroupsSequence")
    values = _values(header)
    if not frames or shared is None or len(frames) != len(values):
        raise header.refused(
            "PerFrameFunctionalGroupsSequence", f"has {len(frames)} items for {len(values)} frames"
        )
    positions = np.array([_position(frame) for frame in frames])
    grid, at = _grid(header, shared, frames[0], positions)
    masks = {name: np.zeros(grid.shape, bool) for name in names.values()}
    for n, frame in enumerate(frames):
        if header.text("SegmentationType") == "LABELMAP":
            for number, name in names.items():
                masks[name][at[n]] |= values[n] == number
        else:
            masks[_segment(frame, names)][at[n]] |= values[n] > 0
    return masks, grid


def _names(header: Header) -> dict[int, str]:
    names: dict[int, str] = {}
    for item in header.items("SegmentSequence"):
        number = item.needed_whole("SegmentNumber", 0)
        name = item.text("SegmentLabel") or f"segment {number}"
        names[number] = f"{name} ({number})" if name in names.values() else name
    if not names:
        raise header.refused("SegmentSequence", "names no segment")
    if header.text("SegmentationType") == "LABELMAP":
        names.pop(0, None)  # the background
    return names


def _values(header: Header) -> Stored:
    kind = header.text("SegmentationType")
    if kind == "FRACTIONAL":
        most = header.needed_numbers("MaximumFractionalValue", 1)[0]
        return (stored_values(header) >= _HALF * most).astype(float)
    if kind == "BINARY" and header.get("BitsAllocated") == 1:
        return _bits(header)
    if kind not in ("BINARY", "LABELMAP"):
        raise header.refused(
            "SegmentationType", f"is {kind!r}; expected BINARY, FRACTIONAL or LABELMAP"
        )
    return stored_values(header)


def _bits(header: Header) -> NDArray[np.float64]:
    """One bit a voxel, frames one after the other without padding, the lowest bit first."""
    shape = (
        header.needed_whole("NumberOfFrames"),
        header.needed_whole("Rows"),
        header.needed_whole("Columns"),
    )
    content = header.dataset.get("PixelData")
    count = int(np.prod(shape))
    if content is None or not 0 <= len(content) - (count + 7) // 8 <= 1:
        have = 0 if content is None else len(content)
        raise header.refused("PixelData", f"has {have} bytes; expected {(count + 7) // 8}")
    bits = np.unpackbits(np.frombuffer(content, np.uint8), count=count, bitorder="little")
    return bits.reshape(shape).astype(float)


def _position(frame: Header) -> list[float]:
    plane = frame.first_item("PlanePositionSequence")
    if plane is None:
        raise frame.refused("PlanePositionSequence", "is missing from a frame")
    return plane.needed_numbers("ImagePositionPatient", 3)


def _segment(frame: Header, names: dict[int, str]) -> str:
    item = frame.first_item("SegmentIdentificationSequence")
    if item is None:
        raise frame.refused("SegmentIdentificationSequence", "is missing from a frame")
    number = item.needed_whole("ReferencedSegmentNumber")
    if number not in names:
        raise item.refused("ReferencedSegmentNumber", f"is {number}, which names no segment")
    return names[number]


def _grid(
    header: Header, shared: Header, frame: Header, positions: NDArray[np.float64]
) -> tuple[Grid, NDArray[np.int64]]:
    """The grid that holds every frame, empty ones left out by the writer too, and each one's k."""
    measures = shared.first_item("PixelMeasuresSequence") or frame.first_item(
        "PixelMeasuresSequence"
    )
    plane = shared.first_item("PlaneOrientationSequence") or frame.first_item(
        "PlaneOrientationSequence"
    )
    if measures is None or plane is None:
        raise header.refused(
            "SharedFunctionalGroupsSequence", "lacks the voxel size or the orientation"
        )
    orientation = np.array(plane.needed_numbers("ImageOrientationPatient", 6))
    normal = np.cross(orientation[:3], orientation[3:])
    along = positions @ normal
    between = measures.number("SpacingBetweenSlices")
    distances = np.diff(np.unique(np.round(along, 3)))
    if between is None:
        between = float(distances.min()) if distances.size else measures.number("SliceThickness")
    if between is None or not 0.01 < abs(between) < 100.0:
        raise measures.refused("SpacingBetweenSlices", "is missing or cannot be")
    step = abs(between)
    at = np.rint((along - along.min()) / step).astype(np.int64)
    first = positions[int(np.argmin(along))]
    lattice = first + np.arange(max(2, int(at.max()) + 1))[:, None] * step * normal
    if np.abs(lattice[at] - positions).max() > 0.05 * step + 0.05:
        raise header.refused("PlanePositionSequence", "puts frames off an even lattice")
    sized = Header(
        header.path, header.dataset, {**header.given, "PixelSpacing": measures.get("PixelSpacing")}
    )
    return grid_of(sized, orientation, lattice)[1], at
