"""Grids as DICOM describes them: parallel planes, stacked along their normal."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...image.grid import Grid

_NOT_SQUARE = 1e-4


@dataclass(frozen=True)
class Planes:
    """
    The planes of a grid.

    Attributes
    ----------
    orientation : list of float
        ImageOrientationPatient.
    positions : ndarray, shape (n, 3)
        ImagePositionPatient of each plane [mm].
    pixel_spacing : list of float
        Between rows, then between columns [mm].
    spacing_mm : float
        Between planes.
    reversed : bool
        Whether the planes follow the grid's k from its end.
    """

    orientation: list[float]
    positions: NDArray[np.float64]
    pixel_spacing: list[float]
    spacing_mm: float
    reversed: bool

    def stacked(self, values: NDArray[Any]) -> NDArray[Any]:
        """Put values of the grid, shape (k, j, i), into the order of the planes."""
        return values[::-1] if self.reversed else values


def planes_of(grid: Grid) -> Planes | None:
    """Describe a grid by planes; None if its axes are not at right angles."""
    i, j, k = np.array(grid.direction).reshape(3, 3).T
    normal = np.cross(i, j)
    if abs(abs(float(normal @ k)) - 1.0) > _NOT_SQUARE:
        return None
    count = grid.shape[0]
    along = np.zeros((3, count))
    along[2] = np.arange(count)
    positions = grid.positions(along).T
    backwards = float(normal @ k) < 0.0
    spacing_k, spacing_j, spacing_i = grid.spacing_mm
    return Planes(
        orientation=[float(x) for x in (*i, *j)],
        positions=positions[::-1] if backwards else positions,
        pixel_spacing=[spacing_j, spacing_i],
        spacing_mm=spacing_k,
        reversed=backwards,
    )


def decimal(value: float) -> str:
    """Write a number as a decimal string of at most 16 characters (DS)."""
    from pydicom.valuerep import format_number_as_ds

    return str(format_number_as_ds(float(value)))


def decimals(values: Any) -> list[str]:
    """Write numbers as decimal strings."""
    return [decimal(value) for value in values]
