"""Detection of the scan on whose images a segmentation was drawn."""

import numpy as np
import SimpleITK as sitk

from ..base.log import Log
from ..case.case import Case
from ..case.parts import WATER
from ..image.grid import Grid
from ..image.headers import stated_grid
from ..registration.alignment import Alignment, anchor

_TOLERANCE_VOXELS = 0.01


def drawn_through(case: Case, alignments: list[Alignment], log: Log) -> sitk.Transform | None:
    """
    Find the transform that VOIs follow: that of the scan on whose voxels they lie.

    Segmentations are drawn on the CT of the reference and need no transform. One whose voxels are
    those of another scan's CT or SPECT, and not of the reference's, was drawn there and moves with
    that scan.

    Parameters
    ----------
    case : Case
    alignments : list of Alignment
        Alignments of all scans; empty where the scans are taken as aligned.
    log : Log
        Receives a remark where the segmentation moves.

    Returns
    -------
    Transform or None
        From positions in the reference to positions in the segmentation; None for the identity.
    """
    if case.segmentation is None or all(a.transform is None for a in alignments):
        return None
    drawn = stated_grid(case.segmentation.file)
    if drawn is None:
        return None

    def lies_on(n: int) -> bool:
        point = case.time_points[n]
        headers = [
            stated_grid(path) for path in (point.ct, point.spect) if path not in (None, WATER)
        ]
        return any(grid is not None and _same_voxels(drawn, grid) for grid in headers)

    if lies_on(anchor(case)):
        return None
    for alignment in alignments:
        if alignment.transform is not None and lies_on(alignment.time_point):
            log.remark(
                f"the segmentation lies on the voxels of the images at {alignment.hours:g} h, not of the reference's: it "
                "is taken as drawn there and follows their registration."
            )
            return alignment.transform
    return None


def _same_voxels(part: Grid, whole: Grid) -> bool:
    """Whether all voxels of one grid are voxels of another, which may be larger."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in part.shape[::-1]])).reshape(3, -1)
    at = whole.indices(part.positions(corners))
    nearest = np.rint(at)
    inside = (nearest >= 0) & (nearest < np.array(whole.shape[::-1])[:, None])
    steps = np.sort(np.abs(np.ptp(nearest, axis=1)))
    full = np.sort(np.array(part.shape) - 1)
    return bool(
        np.abs(at - nearest).max() < _TOLERANCE_VOXELS
        and inside.all()
        and np.array_equal(steps, full)
    )
