"""The view of the pictures of a report: the part of the volume with the patient, and one point."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..image.arrays import Array, Mask, Triple, bounding_box
from ..image.grid import Grid
from .orientation import Index, PatientOrder, Plane, line_through, three_planes

_SMOOTHED_OVER_MM = 12.0
_MARGIN_VOXELS = 2


@dataclass(frozen=True)
class Scene:
    """
    The view shared by all pictures of a report.

    Attributes
    ----------
    order : PatientOrder
    box : tuple of slice
        The part with the patient, in patient order (z, y, x).
    focus : tuple of int
        Index (z, y, x) within the box where the planes cross.
    focus_mm : tuple of float
        Its patient position (x, y, z), LPS [mm].
    """

    order: PatientOrder
    box: tuple[slice, slice, slice]
    focus: Index
    focus_mm: Triple

    @classmethod
    def of(cls, grid: Grid, dose: Array, shown: Mask) -> "Scene":
        """
        Look at the voxel of highest smoothed dose.

        The dose is averaged over about 12 mm, so that a noisy voxel does not draw the eye.

        Parameters
        ----------
        grid : Grid
        dose : ndarray, shape (k, j, i)
            [Gy].
        shown : ndarray of bool, shape (k, j, i)
            Voxels of the patient; the pictures show their bounding box.
        """
        order = PatientOrder.of(grid)
        mask = order.apply(shown)
        if not mask.any():
            mask = np.ones_like(mask)
        box = _widened(bounding_box(mask), mask.shape)
        inside = mask[box]
        # an odd number of voxels keeps the average centred
        size = [2 * round(0.5 * (_SMOOTHED_OVER_MM / s - 1.0)) + 1 for s in order.spacing_mm]
        part = np.where(inside, order.apply(dose)[box], np.float32(0.0))
        smooth = ndimage.uniform_filter(part, [max(1, n) for n in size], mode="constant")
        z, y, x = np.unravel_index(int(np.where(inside, smooth, -np.inf).argmax()), inside.shape)
        focus = (int(z), int(y), int(x))
        whole = tuple(n + s.start for n, s in zip(focus, box, strict=True))
        k, j, i = order.array_index(whole, grid.shape)
        at = grid.positions(np.array([[i], [j], [k]]))[:, 0]
        return cls(order, box, focus, (float(at[0]), float(at[1]), float(at[2])))

    def view(self, values: NDArray[Any]) -> NDArray[Any]:
        """The part shown of an array (k, j, i), in patient order (z, y, x)."""
        return self.order.apply(values)[self.box]

    def planes(self, values: NDArray[Any]) -> tuple[Plane, Plane, Plane]:
        """Axial, coronal and sagittal plane of an array (k, j, i) through the focus."""
        return three_planes(self.view(values), self.focus, self.order.spacing_mm)

    def line(self, values: Array, axis: int) -> Array:
        """Values of an array (k, j, i) along a patient axis (0 z, 1 y, 2 x) through the focus."""
        return line_through(self.view(values), self.focus, axis)

    def most_telling_axis(self, doses: list[Array]) -> int:
        """
        Find the patient axis (0 z, 1 y, 2 x) on whose line through the focus the doses differ most.

        What counts is the mean absolute difference from the first; for a single dose, left to right.
        """
        if len(doses) < 2:
            return 2
        apart = []
        for axis in range(3):
            first, *others = (self.line(dose, axis).astype(float) for dose in doses)
            apart.append(max(float(np.abs(other - first).mean()) for other in others))
        return max((2, 0, 1), key=lambda axis: apart[axis])


def _widened(box: tuple[slice, slice, slice], shape: tuple[int, ...]) -> tuple[slice, slice, slice]:
    wide = [
        slice(max(0, s.start - _MARGIN_VOXELS), min(n, s.stop + _MARGIN_VOXELS))
        for s, n in zip(box, shape, strict=True)
    ]
    return (wide[0], wide[1], wide[2])
