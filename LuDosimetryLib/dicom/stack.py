"""Frames stacked to a volume: where they lie, and their values."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..dicom_files.folder import read_header
from ..dicom_files.header import Header
from ..image.grid import Grid
from ..image.volume import Volume
from .pixels import Stored, stored_values
from .scale import Scale
from .tilt import Tilt, tilt_of

_UNEVEN_MM = 0.05
_UNEVEN = 0.02
"""Part of the slice distance by which a slice may lie off the place that the others give it."""
_NOT_SQUARE = 1e-3


@dataclass(frozen=True)
class Stack:
    """
    The frames of one file, or the files of a series, in order along the normal.

    Attributes
    ----------
    headers : list of Header
        One for a multi-frame file, else one for each slice in order of k.
    order : ndarray of int
        For each k, the frame of the file, or 0 for files of one frame.
    grid : Grid
        Right-handed: k goes along the normal of the frames.
    tilt : Tilt or None
        Of a gantry that was tilted: the grid is the right-angled one around its slices.
    """

    headers: list[Header]
    order: NDArray[np.int64]
    grid: Grid
    tilt: Tilt | None = None

    def read(
        self,
        scale: Callable[[Header], Scale],
        factors: NDArray[np.float64],
        check: Callable[[Stored, Header], None] | None = None,
    ) -> Volume:
        """
        Read the values in the unit of the scale.

        Parameters
        ----------
        scale : callable
            The scale of a header.
        factors : ndarray
            By which to multiply, one for each header.
        check : callable, optional
            Refuses stored values, given them and their header.
        """
        values = np.empty(self.grid.shape, np.float32)
        if len(self.headers) == 1:
            whole = _whole(self.headers[0])
            stored = stored_values(whole)
            if check is not None:
                check(stored, whole)
            values[:] = _scaled(stored, whole, scale, factors[0])[self.order]
            return Volume(values, self.grid)
        at: Path | None = None
        for k, header in enumerate(self.headers):
            if header.path != at:
                whole, at = _whole(header), header.path
                stored = stored_values(whole)
                if check is not None:
                    check(stored, whole)
                if header.frame is None and len(stored) != 1:
                    raise header.refused("NumberOfFrames", "is not 1, as for the other slices")
            own = whole if header.frame is None else header
            slice_ = _scaled(stored[header.frame or 0], own, scale, factors[k])
            values[k] = slice_ if self.tilt is None else self.tilt.straightened(slice_, k)
        return Volume(values, self.grid)


def _whole(header: Header) -> Header:
    whole = read_header(header.path, pixels=True)
    if whole is None:
        raise InvalidInput(f"{header.path} is no DICOM file any more; it changed meanwhile.")
    return whole.supplied(header.given, header.series)


def _scaled(
    stored: Stored, header: Header, scale: Callable[[Header], Scale], factor: float
) -> NDArray[np.float64]:
    values = scale(header).applied(stored, header) * factor
    if not np.isfinite(values).all():
        raise header.refused("PixelData", "holds values that are not finite")
    return values


def stack_of_slices(headers: list[Header], what: str, may_tilt: bool = False) -> Stack:
    """
    Sort the single-frame files of a series, or the frames of enhanced ones, by position.

    Parameters
    ----------
    headers : list of Header
    what : str
    may_tilt : bool
        Whether slices may be shifted along each other, as those of a tilted gantry.

    Raises
    ------
    InvalidInput
        If slices differ in size or orientation, or one is missing, repeated or displaced.
    """
    first = headers[0]
    if len(headers) < 2:
        raise first.refused(
            "SeriesInstanceUID", f"is that of one slice only; {what} needs at least two"
        )
    positions = np.array([h.needed_numbers("ImagePositionPatient", 3) for h in headers])
    orientation = np.array(first.needed_numbers("ImageOrientationPatient", 6))
    for header in headers:
        for keyword, count, of_first in (
            ("ImageOrientationPatient", 6, orientation),
            ("PixelSpacing", 2, np.array(first.needed_numbers("PixelSpacing", 2))),
            ("Rows", 1, np.array(first.needed_numbers("Rows", 1))),
            ("Columns", 1, np.array(first.needed_numbers("Columns", 1))),
        ):
            if np.abs(np.array(header.needed_numbers(keyword, count)) - of_first).max() > 1e-3:
                raise header.refused(keyword, f"is not that of the other slices of {what}")
    tilt = tilt_of(orientation, positions, first) if may_tilt else None
    if tilt is not None:
        positions = tilt.upright(positions)
    order, grid = grid_of(first, orientation, positions)
    if tilt is not None:
        grid = tilt.around(grid)
    return Stack([headers[n] for n in order], np.zeros(len(headers), np.int64), grid, tilt)


def grid_of(
    header: Header, orientation: NDArray[np.float64], positions: NDArray[np.float64]
) -> tuple[NDArray[np.int64], Grid]:
    """
    The grid of parallel frames.

    Parameters
    ----------
    header : Header
        With Rows, Columns and PixelSpacing.
    orientation : ndarray, shape (6,)
        ImageOrientationPatient: direction of the rows, then of the columns (x, y, z).
    positions : ndarray, shape (n, 3)
        ImagePositionPatient of the frames [mm].

    Returns
    -------
    ndarray of int, Grid
        The frame at each k, and the grid.
    """
    i, j = orientation[:3], orientation[3:]
    lengths = np.array([np.linalg.norm(i), np.linalg.norm(j)])
    if np.abs(lengths - 1.0).max() > _NOT_SQUARE or abs(float(i @ j)) > _NOT_SQUARE:
        raise header.refused(
            "ImageOrientationPatient", "is no pair of unit vectors at right angles"
        )
    i, j = i / lengths[0], j / lengths[1]
    normal = np.cross(i, j)
    rows_mm, columns_mm = header.needed_numbers("PixelSpacing", 2)
    if not (0.01 < rows_mm < 100.0 and 0.01 < columns_mm < 100.0):
        raise header.refused("PixelSpacing", f"is {rows_mm:g}, {columns_mm:g} mm; it cannot be")
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    step = float(along[order[-1]] - along[order[0]]) / (len(order) - 1)
    expected = positions[order[0]] + np.arange(len(order))[:, None] * step * normal
    apart = np.abs(positions[order] - expected).max()
    if step < 0.01 or step > 100.0 or apart > max(_UNEVEN * step, _UNEVEN_MM):
        steps = np.diff(along[order])
        raise header.refused(
            "ImagePositionPatient",
            f"puts the {len(order)} slices {steps.min():g} to {steps.max():g} mm apart, up to {apart:.3g} mm from where they "
            "ought to be; a slice is missing, repeated or displaced",
        )
    shape = (len(order), header.needed_whole("Rows"), header.needed_whole("Columns"))
    origin = tuple(float(x) for x in positions[order[0]])
    direction = tuple(float(d) for d in np.stack([i, j, normal], axis=1).reshape(-1))
    return order, Grid(shape, (step, rows_mm, columns_mm), origin, direction)  # type: ignore[arg-type]
