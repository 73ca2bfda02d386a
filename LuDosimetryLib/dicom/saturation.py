"""Stored values that came to the end of what their bits hold: cut off there, or begun again from the other end."""

import numpy as np
from scipy import ndimage

from ..base.log import Log
from ..dicom_files.header import Header
from .pixels import Stored

_NEAR_THE_TOP = 0.9
_FAR_BELOW = 0.35
_FEWEST_CUT = 5
"""Voxels at the greatest value that can be stored before a scan may be cut off there; one always is in some exports."""


def check_range(stored: Stored, header: Header, log: Log) -> None:
    """
    Refuse stored values of emission that overflowed; a remark where they may have been cut off.

    Uptake, blurred as every scanner blurs it, does not fall from the greatest value that can be
    stored to a third of it or below nought from one voxel to the next; a sum that overflowed does.

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
    if stored.max() < _NEAR_THE_TOP * most:
        return
    if not signed and (count := _enclosed(stored, most)):
        raise header.refused(
            "PixelData",
            f"has {count} voxels near 0 amid the hottest ones, as of values that overflowed {int(bits)} bits; {export}",
        )
    cut = int((stored == most).sum())
    if cut >= _FEWEST_CUT and ndimage.label(stored == most)[1] < cut:
        log.remark(
            f"The {header.text('Modality') or 'image'} of the series {header.text('SeriesNumber') or 'without a number'} has {cut} "
            f"voxels at the greatest value that {int(bits)} bits can store ({most}); if they were cut off there, the hottest "
            "uptake is greater than it seems."
        )


def _enclosed(stored: Stored, most: int) -> int:
    """Voxels that are low and lie, in their plane, within a closed ring of voxels near the top."""
    count = 0
    for plane in stored:
        ring = plane > _NEAR_THE_TOP * most
        if ring.sum() < 4:
            continue
        parts, number = ndimage.label(ndimage.binary_fill_holes(ring) & ~ring)
        for part in range(1, number + 1):
            within = parts == part
            edge = ndimage.binary_dilation(within) & ~within
            if ring[edge].all() and plane[within].max() < _FAR_BELOW * most:
                count += int(within.sum())
    return count
