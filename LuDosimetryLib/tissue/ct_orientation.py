"""A CT that lies the wrong way round on its SPECT."""

import numpy as np

from ..image.arrays import Array, Mask, bounding_box
from ..image.grid import Grid, along_patient

_ASTRAY = 0.005
"""Part of the activity outside the patient from which it is worth looking."""
_FITS_BETTER = 0.3
"""Part of that which is left outside a flipped patient who fits better."""


def check_ct_orientation(
    tia: Array, covered: Mask, patient: Mask, grid: Grid, warnings: list[str]
) -> None:
    """
    Warn of a CT about whose body much activity lies, and much less were it flipped.

    The body's outline is nearly the same on both sides, so that a CT flipped from left to right
    shows least.

    Parameters
    ----------
    tia : ndarray, shape (k, j, i)
        Time-integrated activity.
    covered, patient : ndarray of bool, shape (k, j, i)
        Where the CT reaches, and shows the patient.
    grid : Grid
    warnings : list of str
        Added to.
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
        warnings.append(
            f"{100 * given:.1f} % of the activity within reach of the CT lies outside the body, but only {100 * left[axis]:.1f} % "
            f"would if the CT were flipped {along_patient(grid, axis)}: check that the CT is the right way round."
        )
