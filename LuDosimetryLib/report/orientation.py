"""Arrays in patient orientation: which array axis runs along which patient axis, in which sense."""

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..image.arrays import Array, Triple
from ..image.grid import Grid

Index = tuple[int, int, int]

_TILT_WORTH_A_WORD_DEGREES = 3.0


@dataclass(frozen=True)
class PatientOrder:
    """
    Order and sense of the axes that bring an array (k, j, i) into patient order (z, y, x).

    In patient order the axes run to superior (z), to posterior (y) and to the patient's left (x),
    as those of an axial DICOM series stacked upwards. Each array axis takes the patient axis that
    it is closest to; nothing is interpolated, so that an oblique grid is shown along its axes.

    Attributes
    ----------
    axes : tuple of int
        Array axes that run along z, y and x.
    flipped : tuple of bool
        Whether each of them runs to inferior, anterior, right instead.
    spacing_mm : tuple of float
        Voxel size along z, y and x [mm].
    tilt_degrees : float
        Greatest angle between a grid axis and the patient axis it stands for.
    """

    axes: Index
    flipped: tuple[bool, bool, bool]
    spacing_mm: Triple
    tilt_degrees: float

    @classmethod
    def of(cls, grid: Grid) -> "PatientOrder":
        """The order of a grid, by the dominant axes of its directions."""
        # cosines[p, a]: cosine between patient axis p (z, y, x) and array axis a (k, j, i)
        cosines = np.array(grid.direction, float).reshape(3, 3)[::-1, ::-1]
        z, y, x = max(
            permutations(range(3)),
            key=lambda axes: sum(abs(cosines[p, a]) for p, a in enumerate(axes)),
        )
        along = [float(cosines[p, a]) for p, a in enumerate((z, y, x))]
        tilt = float(np.degrees(np.arccos(np.clip(min(abs(c) for c in along), 0.0, 1.0))))
        return cls(
            axes=(z, y, x),
            flipped=(along[0] < 0.0, along[1] < 0.0, along[2] < 0.0),
            spacing_mm=(grid.spacing_mm[z], grid.spacing_mm[y], grid.spacing_mm[x]),
            tilt_degrees=tilt,
        )

    @property
    def is_oblique(self) -> bool:
        """Whether the tilt is large enough to be mentioned."""
        return self.tilt_degrees > _TILT_WORTH_A_WORD_DEGREES

    def apply(self, values: NDArray[Any]) -> NDArray[Any]:
        """A view, shape (z, y, x), of an array of shape (k, j, i)."""
        turned = np.transpose(values, self.axes)
        return turned[tuple(slice(None, None, -1 if f else 1) for f in self.flipped)]

    def array_index(self, index_zyx: Index, shape: Index) -> Index:
        """The index (k, j, i) into an array of shape ``shape`` of a voxel in patient order."""
        index = [0, 0, 0]
        for position, axis, flip in zip(index_zyx, self.axes, self.flipped, strict=True):
            index[axis] = shape[axis] - 1 - position if flip else position
        return (index[0], index[1], index[2])


@dataclass(frozen=True)
class Plane:
    """
    One of the three planes as a picture: rows from the top, columns from the left.

    Attributes
    ----------
    name : {"axial", "coronal", "sagittal"}
    values : ndarray, shape (rows, columns)
    spacing_mm : tuple of float
        Along rows and columns [mm].
    letters : str
        Patient directions at the left, right, top and bottom edge. Radiological: the patient's
        left is on the right of the picture.
    row, column : int
        Where the other two planes cross.
    """

    name: str
    values: NDArray[Any]
    spacing_mm: tuple[float, float]
    letters: str
    row: int
    column: int


def three_planes(
    values_zyx: NDArray[Any], at: Index, spacing_mm: Triple
) -> tuple[Plane, Plane, Plane]:
    """
    Axial, coronal and sagittal plane through a voxel.

    Superior is at the top, anterior at the top of the axial and at the left of the sagittal
    plane, the patient's left on the right.

    Parameters
    ----------
    values_zyx : ndarray, shape (z, y, x)
        In patient order.
    at : tuple of int
        Index (z, y, x) through which the planes go.
    spacing_mm : tuple of float
        Along (z, y, x) [mm].
    """
    z, y, x = at
    dz, dy, dx = spacing_mm
    from_top = values_zyx.shape[0] - 1 - z
    return (
        Plane("axial", values_zyx[z], (dy, dx), "RLAP", y, x),
        Plane("coronal", values_zyx[::-1, y, :], (dz, dx), "RLSI", from_top, x),
        Plane("sagittal", values_zyx[::-1, :, x], (dz, dy), "APSI", from_top, y),
    )


def line_through(values_zyx: Array, at: Index, axis: int) -> Array:
    """Values along one patient axis (0 z, 1 y, 2 x) through a voxel, shape (n,)."""
    where: list[int | slice] = list(at)
    where[axis] = slice(None)
    line: Array = values_zyx[tuple(where)]
    return line
