"""The closed contours of one plane: which count, and what they enclose together."""

from collections.abc import Sequence
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..image.arrays import Mask

Points = NDArray[np.float64]
"""Voxel indices (i, j) of a contour's corners, shape (n, 2)."""
_Places = NDArray[Any]

_FLAT = 1e-4
"""Extent across, in voxels, below which a contour encloses nothing."""
_SAME = 0.02
"""Part of the area by which two contours of a plane may differ and still be the same one, stored twice."""
_NESTED = 0.95
"""Part of a contour that lies within another, if it is a hole in it."""
_FINEST = 8
_SAMPLES = 200_000
_ON_VOXELS = 0.01
_SAME_CORNER = 0.1
"""Distance in voxels from which corners of two contours are not the same."""


class PlaneContours:
    """
    The closed contours of a plane that enclose something.

    A contour within another is a hole in it; contours that overlap in part enclose what either does;
    of contours that are the same one counts. (DICOM does not say how CLOSED_PLANAR contours of a
    plane combine; most programs draw holes so. CLOSEDPLANAR_XOR ones enclose what lies in an odd
    number of them.)

    Parameters
    ----------
    contours : list of ndarray, shape (n, 2)
        Corners.
    by_xor : bool
        Whether they are of the kind CLOSEDPLANAR_XOR.
    through_voxels : bool
        Whether they run through the centres of the outermost voxels, which then belong to what they
        enclose.

    Attributes
    ----------
    doubled : int
        How many were left out, for they were there already.
    overlapping : int
        How many overlap another in part.
    area : float
        Enclosed area, in voxels of the plane.
    """

    def __init__(
        self, contours: Sequence[Points], by_xor: bool = False, through_voxels: bool = False
    ) -> None:
        self._by_xor, self._through_voxels = by_xor, through_voxels
        self._contours: list[Points] = []
        for points in contours:
            if not any(_same_points(points, other) for other in self._contours):
                self._contours.append(points)
        self.doubled = len(contours) - len(self._contours)
        self.overlapping = 0
        self._groups: list[tuple[list[int], bool]] = [
            ([n], True) for n in range(len(self._contours))
        ]
        rows, columns, cell = _raster(self._contours)
        if len(self._contours) > 1:
            self._sort([_inside(points, rows, columns) for points in self._contours])
        if through_voxels:
            low, high = _bounds(self._contours)
            rows, columns = (np.arange(floor(low[a]), ceil(high[a]) + 1) for a in (1, 0))
            cell = 1.0
        self._places = rows, columns, cell
        self.area = float(self._filled(rows, columns).sum()) * cell

    def inside(self, shape: tuple[int, int]) -> Mask:
        """Which voxel centres of a slice they enclose, shape (row, column)."""
        return self._filled(np.arange(shape[0]), np.arange(shape[1]))

    def area_in_common(self, other: "PlaneContours") -> float:
        """Area that both enclose, in voxels."""
        rows, columns, cell = _raster([*self._contours, *other._contours])
        return float((self._filled(rows, columns) & other._filled(rows, columns)).sum()) * cell

    def area_within(self, shape: tuple[int, ...]) -> float:
        """The part of the enclosed area that lies on a slice, in voxels."""
        rows, columns, cell = self._places
        rows, columns = (
            at[(at > -0.5) & (at < n - 0.5)] for at, n in zip((rows, columns), shape, strict=True)
        )
        return float(self._filled(rows, columns).sum()) * cell

    def _filled(self, rows: _Places, columns: _Places) -> Mask:
        result = np.zeros((len(rows), len(columns)), bool)
        for group, adds in self._groups:
            for n in group:
                mask = _inside(self._contours[n], rows, columns)
                if self._through_voxels:
                    edge = _outline(self._contours[n], rows, columns)
                    mask = mask | edge if adds else mask & ~edge
                if self._by_xor:
                    result ^= mask
                elif adds:
                    result |= mask
                else:
                    result &= ~mask
        return result

    def _sort(self, masks: list[Mask]) -> None:
        """Find what is there twice, what overlaps, and what is a hole in what, by masks on a fine raster."""
        if self._by_xor:
            return
        areas = [int(mask.sum()) for mask in masks]
        boxes = [(points.min(axis=0), points.max(axis=0)) for points in self._contours]
        groups: list[tuple[list[int], Mask]] = []
        kept: list[int] = []
        for n in sorted(range(len(masks)), key=lambda n: -areas[n]):
            near = [k for k in kept if _boxes_meet(boxes[n], boxes[k])]
            if any((masks[n] ^ masks[k]).sum() <= _SAME * areas[k] for k in near):
                self.doubled += 1
                continue
            partly = [k for k in near if _overlap_in_part(masks[n], areas[n], masks[k])]
            kept.append(n)
            self.overlapping += bool(partly)
            joined = [group for group in groups if any(k in group[0] for k in partly)]
            groups = [group for group in groups if not any(group is other for other in joined)]
            union = np.logical_or.reduce([masks[n], *(mask for _, mask in joined)])
            groups.append(([n, *(k for members, _ in joined for k in members)], union))
        groups.sort(key=lambda group: -int(group[1].sum()))
        self._groups = []
        for at, (members, union) in enumerate(groups):
            size = max(1, int(union.sum()))
            around = sum(int((union & other).sum()) >= _NESTED * size for _, other in groups[:at])
            self._groups.append((members, around % 2 == 0))


def run_through_voxels(contours: Sequence[Points], least_corners: int) -> bool:
    """
    Whether contours trace the outline of a mask through the centres of its outermost voxels.

    Parameters
    ----------
    contours : sequence of ndarray
    least_corners : int
        Corners that a contour has on average, lest a box drawn by hand be taken for such.
    """
    corners = np.concatenate(contours)
    if np.abs(corners - np.rint(corners)).max() > _ON_VOXELS or len(corners) < least_corners * len(
        contours
    ):
        return False
    edges = np.concatenate([np.abs(points - np.roll(points, 1, axis=0)) for points in contours])
    straight = (edges.min(axis=1) < _ON_VOXELS) | (np.abs(edges[:, 0] - edges[:, 1]) < _ON_VOXELS)
    return bool(straight.all())


def without_repetition(points: Points) -> Points:
    """A contour that goes round twice, once; and without corners that follow themselves."""
    moved = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1) > 1e-6
    points = points[moved] if moved.any() else points[:1]
    half = len(points) // 2
    if len(points) % 2 == 0 and half >= 3 and np.allclose(points[:half], points[half:], atol=1e-6):
        return points[:half]
    return points


def has_area(points: Points) -> bool:
    """Whether a contour encloses anything."""
    if len(points) < 3:
        return False
    return bool(np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[-1] > _FLAT)


def _same_points(a: Points, b: Points) -> bool:
    """Whether two contours have the same corners, wherever they begin and whichever way they go."""
    if a.shape != b.shape:
        return False
    for other in (b, b[::-1]):
        away = np.abs(other - a[0]).sum(axis=1)
        start = int(away.argmin())
        if away[start] > _SAME_CORNER:  # as of most contours, of which there may be thousands
            return False
        if np.allclose(a, np.roll(other, -start, axis=0), atol=1e-3):
            return True
    return False


def _overlap_in_part(mask: Mask, area: int, other: Mask) -> bool:
    """Whether the smaller, the first, lies neither within the other nor beside it."""
    part = float((mask & other).sum()) / max(1, area)
    return 1.0 - _NESTED < part < _NESTED


def _boxes_meet(a: tuple[Points, Points], b: tuple[Points, Points]) -> bool:
    return bool((a[0] <= b[1]).all() and (b[0] <= a[1]).all())


def _bounds(contours: Sequence[Points]) -> tuple[Points, Points]:
    corners = np.concatenate(contours)
    return corners.min(axis=0), corners.max(axis=0)


def _raster(contours: Sequence[Points]) -> tuple[_Places, _Places, float]:
    """Rows and columns fine enough for areas, around all contours; area of a cell in voxels."""
    low, high = _bounds(contours)
    low, size = low - 0.5, high - low + 1.0
    fine = int(np.clip((_SAMPLES / float(np.prod(size))) ** 0.5, 1, _FINEST))
    columns, rows = (low[a] + (np.arange(ceil(size[a] * fine)) + 0.5) / fine for a in (0, 1))
    return rows, columns, 1.0 / fine**2


def _inside(points: Points, rows: _Places, columns: _Places) -> Mask:
    """Which points of a raster lie within a contour, by the crossings of its rows."""
    inside = np.zeros((len(rows), len(columns)), bool)
    following = np.roll(points, -1, axis=0)
    low, high = points[:, 1].min(), points[:, 1].max()
    for n in np.flatnonzero((rows >= low) & (rows <= high)):
        row = rows[n]
        crossed = (points[:, 1] <= row) != (following[:, 1] <= row)
        a, b = points[crossed], following[crossed]
        at = a[:, 0] + (row - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
        crossings = (at[:, None] <= columns).sum(axis=0)
        inside[n] = crossings % 2 == 1
    return inside


def _outline(points: Points, rows: _Places, columns: _Places) -> Mask:
    """The voxels through whose centres a contour runs."""
    outline = np.zeros((len(rows), len(columns)), bool)
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        steps = max(1, round(float(np.abs(b - a).max())))
        at = np.rint(a + np.linspace(0.0, 1.0, steps + 1)[:, None] * (b - a)).astype(int)
        i, j = at[:, 0] - int(columns[0]), at[:, 1] - int(rows[0])
        within = (i >= 0) & (i < len(columns)) & (j >= 0) & (j < len(rows))
        outline[j[within], i[within]] = True
    return outline
