"""Detection of a CT that is flipped with respect to its SPECT."""

import numpy as np

from ..base.log import Log
from ..image.arrays import Array, Mask, bounding_box
from ..image.grid import Grid, along_patient

_ASTRAY = 0.005
"""Part of the activity outside the patient from which the orientation is checked."""
_FITS_BETTER = 0.3
"""Ratio of the part outside after flipping to that before, below which the flipped CT fits better."""


def check_ct_orientation(tia: Array, covered: Mask, patient: Mask, grid: Grid, log: Log) -> None:
    """
    Remark on a CT outside whose body lies much activity, and much less if the CT is flipped.

    The outline of the body is nearly symmetric, so a CT flipped from left to right is the hardest
    to detect.

    Parameters
    ----------
    tia : ndarray, shape (k, j, i)
        Time-integrated activity (TIA), any unit.
    covered, patient : ndarray of bool, shape (k, j, i)
        Voxels that the CT covers, and those of the patient on it.
    grid : Grid
    log : Log
        Receives the remark.
    """
    box = bounding_box(covered)
    activity, body = tia[box], patient[box]
    total = float(activity.sum(dtype=np.float64))

    def outside(mask: Mask) -> float:
        return float(activity[~mask].sum(dtype=np.float64)) / total if total > 0.0 else 0.0

    given = outside(body)
    if given < _ASTRAY:
        return
    left = [outside(np.flip(body, axis)) for axis in range(3)]
    axis = int(np.argmin(left))
    if left[axis] < _FITS_BETTER * given:
        log.remark(
            f"{100 * given:.1f} % of the activity within reach of the CT lies outside the body, but only {100 * left[axis]:.1f} % "
            f"would if the CT were flipped {along_patient(grid, axis)}: check that the CT is the right way round."
        )
