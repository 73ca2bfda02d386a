"""Dose along a straight line between two points of the patient."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..base.errors import InvalidInput
from ..image.arrays import Array, Triple
from ..image.grid import Grid


@dataclass(frozen=True)
class DoseLine:
    """
    Values along a line.

    Attributes
    ----------
    distance_mm : ndarray, shape (n,)
        From the start of the line [mm].
    position_mm : ndarray, shape (3, n)
        Patient positions (x, y, z), LPS [mm].
    values : dict of str to ndarray, shape (n,)
        In the unit of the volumes; NaN outside the grid.
    """

    distance_mm: NDArray[np.float64]
    position_mm: NDArray[np.float64]
    values: dict[str, NDArray[np.float64]]


def dose_line(
    volumes: Mapping[str, Array],
    grid: Grid,
    start_mm: Triple,
    end_mm: Triple,
    step_mm: float | None = None,
) -> DoseLine:
    """
    Interpolate values along the line between two patient points, trilinearly.

    Parameters
    ----------
    volumes : mapping of str to ndarray, shape (k, j, i)
        Doses [Gy], or anything else on the grid.
    grid : Grid
    start_mm, end_mm : tuple of float
        Patient positions (x, y, z), LPS [mm].
    step_mm : float, optional
        Distance of the samples, rounded so that both ends are samples; half the smallest voxel
        size if not given.

    Raises
    ------
    InvalidInput
        If both points are the same, or the step is not above 0.
    """
    start, end = np.array(start_mm, float), np.array(end_mm, float)
    length = float(np.linalg.norm(end - start))
    step = 0.5 * min(grid.spacing_mm) if step_mm is None else step_mm
    if length == 0.0 or step <= 0.0:
        raise InvalidInput(
            f"a dose line needs two different points and a step above 0 mm; got {start_mm} to {end_mm}, {step:g} mm."
        )
    fraction = np.linspace(0.0, 1.0, max(2, round(length / step) + 1))
    position = start[:, None] + (end - start)[:, None] * fraction
    index = _index_kji(grid, position)
    return DoseLine(
        distance_mm=fraction * length,
        position_mm=position,
        values={
            name: np.asarray(
                ndimage.map_coordinates(
                    values, index, output=np.float64, order=1, mode="constant", cval=np.nan
                )
            )
            for name, values in volumes.items()
        },
    )


def _index_kji(grid: Grid, position_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractional array indices, shape (3, n), of patient positions; within rounding of an edge on it."""
    direction = np.array(grid.direction, float).reshape(3, 3)
    scaled = np.linalg.solve(direction, position_mm - np.array(grid.origin_mm)[:, None])
    index = (scaled / np.array(grid.spacing_mm[::-1])[:, None])[::-1]
    last = np.array(grid.shape, float)[:, None] - 1.0
    edge = np.clip(index, 0.0, last)
    return np.asarray(np.where(np.abs(index - edge) < 1e-6, edge, index))
