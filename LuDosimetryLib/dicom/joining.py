"""Beds of a scan, joined to one volume."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..dicom_files.header import Header
from ..image.grid import Grid
from ..image.volume import Volume

_OFF_LATTICE = 0.02
"""Part of a voxel by which beds may be shifted against each other."""


def joined(volumes: Sequence[Volume], header: Header) -> Volume:
    """
    One volume of beds on one lattice; where beds overlap, their mean.

    Raises
    ------
    InvalidInput
        If voxel size or orientation differ, a bed is shifted by part of a voxel, or there is a gap.
    """
    if len(volumes) == 1:
        return volumes[0]
    first = volumes[0].grid
    starts = [_place(first, volume.grid, header) for volume in volumes]
    low = np.min(starts, axis=0)
    high = np.max(
        [s + np.array(v.grid.shape) for s, v in zip(starts, volumes, strict=True)], axis=0
    )
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    grid = first.crop(box)  # type: ignore[arg-type]
    total, seen = np.zeros(grid.shape), np.zeros(grid.shape, np.uint8)
    for start, volume in zip(starts - low, volumes, strict=True):
        at = tuple(
            slice(int(s), int(s) + n) for s, n in zip(start, volume.values.shape, strict=True)
        )
        total[at] += volume.values
        seen[at] += 1
    if not seen.any(axis=(1, 2)).all():
        raise header.refused("ImagePositionPatient", "leaves a gap between beds")
    return Volume((total / np.maximum(seen, 1)).astype(np.float32), grid)


def _place(first: Grid, other: Grid, header: Header) -> NDArray[np.int64]:
    """Index (k, j, i) of another grid's first voxel on the lattice of the first."""
    same = np.allclose(first.spacing_mm, other.spacing_mm, rtol=1e-3) and np.allclose(
        first.direction, other.direction, atol=1e-3
    )
    at = first.indices(np.array(other.origin_mm)[:, None])[::-1, 0]
    if not same or np.abs(at - np.rint(at)).max() > _OFF_LATTICE:
        raise header.refused(
            "ImagePositionPatient",
            "puts the beds of a scan on different lattices (voxel size, orientation or part of a voxel apart); export the "
            "joined volume",
        )
    return np.rint(at).astype(np.int64)
