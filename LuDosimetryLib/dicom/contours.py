"""DICOM structure sets (RTSTRUCT): closed planar contours to masks on the grid of a CT."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ..dicom_files.header import Header
from ..image.arrays import Mask
from ..image.grid import Grid

_SAME_PLANE_MM = 0.01
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_OPEN = ("POINT", "OPEN_PLANAR", "OPEN_NONPLANAR")
Points = NDArray[np.float64]
"""Voxel indices (i, j) of a contour's corners, shape (n, 2)."""


def contours_of(header: Header, grid: Grid, remarks: list[str]) -> dict[str, Mask]:
    """
    Masks of the structures that have contours, by name.

    A voxel belongs to a structure if its centre lies within an odd number of the contours of its
    plane. A slice between two planes of contours takes those of the nearer.

    Parameters
    ----------
    header : Header
    grid : Grid
        Of the image that was contoured; contours are to lie along its slices.
    remarks : list of str
        Added to where a structure is left out.
    """
    names = {
        item.needed_whole("ROINumber", 0): item.text("ROIName")
        for item in header.items("StructureSetROISequence")
    }
    structures = header.items("ROIContourSequence")
    if not names or not structures:
        missing = "ROIContourSequence" if names else "StructureSetROISequence"
        raise header.refused(missing, "is missing: the file holds no structures or is cut short")
    masks: dict[str, Mask] = {}
    for structure in structures:
        number = structure.needed_whole("ReferencedROINumber", 0)
        name = names.get(number) or f"structure {number}"
        if name in masks:
            name = f"{name} ({number})"
        planes, open_ones = _planes(structure, grid)
        if planes:
            masks[name] = _filled(planes, grid)
            if open_ones:
                remarks.append(
                    f"The structure {name!r} has {open_ones} points or open contours, which were left out."
                )
        else:
            remarks.append(f"The structure {name!r} has no closed contour and was left out.")
    return masks


def _planes(structure: Header, grid: Grid) -> tuple[dict[float, list[Points]], int]:
    """Contours by the index k of their plane, not rounded; and how many others there are."""
    planes: dict[float, list[Points]] = defaultdict(list)
    open_ones = 0
    for contour in structure.items("ContourSequence"):
        kind = contour.text("ContourGeometricType")
        if kind in _OPEN:
            open_ones += 1
            continue
        if kind not in _CLOSED:
            raise contour.refused(
                "ContourGeometricType", f"is {kind!r}; expected {' or '.join((*_CLOSED, *_OPEN))}"
            )
        numbers = contour.numbers("ContourData") or []
        if len(numbers) % 3 or len(numbers) < 9:
            raise contour.refused("ContourData", f"has {len(numbers)} numbers; expected triples")
        told = contour.number("NumberOfContourPoints")
        if told is not None and told != len(numbers) // 3:
            raise contour.refused(
                "NumberOfContourPoints", f"is {told:g}, but there are {len(numbers) // 3}"
            )
        at = grid.indices(np.array(numbers).reshape(-1, 3).T)
        if np.ptp(at[2]) > 0.2:
            raise contour.refused("ContourData", "lies across the slices of the CT, not along them")
        k = round(float(at[2].mean()), 3)
        near = next((p for p in planes if abs(p - k) * grid.spacing_mm[0] < _SAME_PLANE_MM), k)
        planes[near].append(at[:2].T)
    return planes, open_ones


def _filled(planes: dict[float, list[Points]], grid: Grid) -> Mask:
    mask = np.zeros(grid.shape, bool)
    heights = np.array(sorted(planes))
    gap = float(np.median(np.diff(heights))) if len(heights) > 1 else 1.0
    reach = max(0.5, 0.5 * gap) + 1e-3
    filled = {height: _inside(planes[height], grid.shape[1:]) for height in heights}
    for k in range(grid.shape[0]):
        nearest = float(heights[np.argmin(np.abs(heights - k))])
        if abs(nearest - k) < reach:
            mask[k] = filled[nearest]
    return mask


def _inside(contours: list[Points], shape: tuple[int, ...]) -> Mask:
    """Voxel centres within an odd number of polygons."""
    inside = np.zeros(shape, bool)
    columns = np.arange(shape[1])
    for points in contours:
        following = np.roll(points, -1, axis=0)
        low = max(0, int(np.floor(points[:, 1].min())))
        high = min(shape[0] - 1, int(np.ceil(points[:, 1].max())))
        for row in range(low, high + 1):
            crossed = (points[:, 1] <= row) != (following[:, 1] <= row)
            a, b = points[crossed], following[crossed]
            at = a[:, 0] + (row - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
            crossings = (at[:, None] <= columns).sum(axis=0)
            inside[row] ^= crossings % 2 == 1
    return inside
