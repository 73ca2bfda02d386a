"""Stored values that came to the end of what their bits hold: cut off there, or begun again from the other end."""

import numpy as np
from scipy import ndimage

from ..base.log import Log
from ..dicom_files.header import Header
from .pixels import Stored

_FULL = 0.97
"""Part of the greatest value that can be stored, from which on values may have overflowed."""
_RING, _JUMP = 0.5, 0.42
"""Least part of it around values that overflowed, and least fall from there to them."""
_SMALLEST_RING = 4
_FAR_BELOW = 0.35
_FEWEST_CUT = 12
"""Voxels together at the greatest value that can be stored, before a scan may be cut off there."""


def check_range(stored: Stored, header: Header, log: Log) -> None:
    """
    Refuse stored values of emission that overflowed; a remark where they may have been cut off.

    Uptake, blurred as every scanner blurs it, falls by less than half of its maximum from one voxel
    to the next, and not below 0; a sum that overflowed begins again at 0, or far below.

    Parameters
    ----------
    stored : ndarray, shape (frame, row, column)
    header : Header
    log : Log

    Raises
    ------
    InvalidInput
    """
    bits = header.number("BitsStored") or header.number("BitsAllocated") or 16.0
    if not np.issubdtype(stored.dtype, np.integer) or bits > 16:
        return
    signed = header.number("PixelRepresentation") == 1.0
    most = int(2 ** (bits - signed)) - 1
    export = "export the scan again with a greater RescaleSlope"
    below = 0
    if signed and not header.number("RescaleIntercept"):
        below = int((stored < -_FAR_BELOW * most).sum())
    if below:
        unsigned = header.remedy('"header": {"PixelRepresentation": 0}')
        raise header.refused(
            "PixelData",
            f"has {below} voxels far below 0 (least {stored.min()}), as of values that overflowed {int(bits)} bits with sign; "
            f"if they have none, give {unsigned} with --supply FILE.json, else {export}",
        )
    if stored.max() < _FULL * most:
        return
    if not signed and (count := _enclosed(stored, most)):
        raise header.refused(
            "PixelData",
            f"has {count} voxels near 0 amid the hottest ones, as of values that overflowed {int(bits)} bits; {export}",
        )
    parts, _ = ndimage.label(stored == most)
    cut = int(np.bincount(parts.ravel())[1:].max(initial=0))
    if cut >= _FEWEST_CUT:
        log.remark(
            f"The {header.text('Modality') or 'image'} of the series {header.text('SeriesNumber') or 'without a number'} has {cut} "
            f"voxels together at the greatest value that {int(bits)} bits can store ({most}); if they were cut off there, the hottest "
            "uptake is greater than it seems."
        )


def _enclosed(stored: Stored, most: int) -> int:
    """Voxels that lie, in their plane, within a closed ring of high values and far below them."""
    count = 0
    for plane in stored:
        ring = plane > _RING * most
        if ring.sum() < _SMALLEST_RING:
            continue
        parts, number = ndimage.label(ndimage.binary_fill_holes(ring) & ~ring)
        for part in range(1, number + 1):
            within = parts == part
            edge = ndimage.binary_dilation(within) & ~within
            rim = within & ndimage.binary_dilation(edge)
            if np.median(plane[edge]) - np.median(plane[rim]) > _JUMP * most:
                count += int(within.sum())
    return count
