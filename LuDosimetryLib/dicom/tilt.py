"""CT of a tilted gantry: its slices, shifted along each other, on a right-angled grid."""

from dataclasses import dataclass
from math import atan, degrees

import numpy as np
from numpy.typing import NDArray

from ..dicom_files.header import Header
from ..image.grid import Grid

_AIR_HU = -1000.0
_STEEPEST_DEGREES = 40.0
"""Gantries tilt by up to 30 degrees; what is shifted by more is no such series."""
_UNEVEN_MM = 0.05


@dataclass(frozen=True)
class Tilt:
    """
    How slices are shifted along their rows and columns.

    A slice keeps its plane, so only its own voxels are interpolated, linearly, and no resolution is
    lost across slices. Where the right-angled grid reaches beyond a slice there is air.

    Attributes
    ----------
    degrees : float
        Between the normal of the slices and the direction in which they follow each other.
    axes : ndarray, shape (2, 3)
        Unit vectors along columns (j) and rows (i).
    drift_mm : ndarray, shape (2,)
        From each slice to the next, along those axes [mm].
    normal, first : ndarray, shape (3,)
        Normal of the slices, and position of the lowest [mm].
    step_mm : float
        Between slices, along the normal.
    count : int
        Of slices.
    spacing_mm : ndarray, shape (2,)
        Of voxels along the axes.
    """

    degrees: float
    axes: NDArray[np.float64]
    drift_mm: NDArray[np.float64]
    normal: NDArray[np.float64]
    first: NDArray[np.float64]
    step_mm: float
    count: int
    spacing_mm: NDArray[np.float64]

    def upright(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions of the slices, shape (n, 3), without the drift."""
        k = (positions - self.first) @ self.normal / self.step_mm
        return positions - k[:, None] * (self.drift_mm @ self.axes)

    @property
    def _before(self) -> NDArray[np.int64]:
        """Voxels that the right-angled grid has before the lowest slice's first, for each axis."""
        total = self.drift_mm * (self.count - 1) / self.spacing_mm
        return np.ceil(np.maximum(-total, 0.0)).astype(np.int64)

    @property
    def _more(self) -> NDArray[np.int64]:
        """Voxels that it has more than a slice."""
        total = self.drift_mm * (self.count - 1) / self.spacing_mm
        return np.ceil(np.abs(total)).astype(np.int64)

    def around(self, grid: Grid) -> Grid:
        """The grid that holds all slices, of that of the lowest slice and those above it."""
        shift = (self._before * self.spacing_mm) @ self.axes
        origin = tuple(float(x) for x in np.array(grid.origin_mm) - shift)
        rows, columns = np.array(grid.shape[1:]) + self._more
        shape = (grid.shape[0], int(rows), int(columns))
        return Grid(shape, grid.spacing_mm, origin, grid.direction)  # type: ignore[arg-type]

    def straightened(self, values: NDArray[np.float64], k: int) -> NDArray[np.float64]:
        """A slice [HU], shape (row, column), at its place among the rows and columns of the grid."""
        at = self._before + k * self.drift_mm / self.spacing_mm
        whole = np.floor(at).astype(np.int64)
        for axis, part in enumerate(at - whole):
            pad = [(0, 0), (0, 0)]
            pad[axis] = (1, 1)
            wider = np.pad(values, pad, constant_values=_AIR_HU)
            low = np.delete(wider, -1, axis)
            values = part * low + (1.0 - part) * np.delete(wider, 0, axis)
        size = np.array(values.shape) - 1 + self._more
        placed = np.full(size + 1, _AIR_HU)
        placed[whole[0] : whole[0] + values.shape[0], whole[1] : whole[1] + values.shape[1]] = (
            values
        )
        return placed[: size[0], : size[1]]


def tilt_of(
    orientation: NDArray[np.float64], positions: NDArray[np.float64], header: Header
) -> Tilt | None:
    """
    The tilt of a series; None if its slices lie straight above each other, or in no such order.

    Parameters
    ----------
    orientation : ndarray, shape (6,)
        ImageOrientationPatient.
    positions : ndarray, shape (n, 3)
        ImagePositionPatient [mm].
    header : Header
        With PixelSpacing.
    """
    i, j = orientation[:3], orientation[3:]
    normal = np.cross(i, j)
    order = np.argsort(positions @ normal, kind="stable")
    first, last = positions[order[0]], positions[order[-1]]
    each = (last - first) / (len(positions) - 1)
    axes = np.stack([j, i])
    drift = axes @ each
    step = float(each @ normal)
    total = float(np.hypot(*drift)) * (len(positions) - 1)
    uneven = np.abs(positions[order] - first - np.arange(len(positions))[:, None] * each).max()
    if step < _UNEVEN_MM or uneven > max(_UNEVEN_MM, 0.02 * step):
        return None  # another fault, which is found when the grid is made
    if total <= max(_UNEVEN_MM, 0.02 * step):
        return None
    angle = degrees(atan(float(np.hypot(*drift)) / step))
    if angle > _STEEPEST_DEGREES:
        raise header.refused(
            "ImagePositionPatient",
            f"shifts slices as a gantry tilted by {angle:.0f} degrees would; expected at most {_STEEPEST_DEGREES:g}",
        )
    spacing = np.array(header.needed_numbers("PixelSpacing", 2))
    return Tilt(angle, axes, drift, normal, first, step, len(positions), spacing)
