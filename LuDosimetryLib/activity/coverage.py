"""Activity where no dose can be given: beyond the CT, or outside the patient on it."""

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.arrays import Array, Mask

__all__ = ["check_tia"]

_OUTSIDE_REFUSED = 0.05
"""Part of the activity that may lie where the CT does not reach."""
_STRAY = 0.01
"""Part of the activity outside the patient that calls for a warning."""


def check_tia(tia: Array, covered: Mask, patient: Mask, log: Log) -> None:
    """
    Refuse activity that is none, without bound, or outside the CT; warn of what is astray.

    Parameters
    ----------
    tia : ndarray, shape (k, j, i)
        Time-integrated activity, in any unit.
    covered, patient : ndarray of bool, shape (k, j, i)
        Where the CT reaches, and shows the patient.
    log : Log
        Takes up the warnings.

    Raises
    ------
    InvalidInput
        One sentence.
    """
    total = float(tia.sum(dtype=np.float64))
    if not np.isfinite(total):
        raise InvalidInput(
            "the scans hold more activity than can be; check the SPECT files, their unit and their calibration."
        )
    if total == 0.0:
        raise InvalidInput(
            "the scans have no activity at all; check the SPECT files and their unit."
        )
    outside = float(tia[~covered].sum(dtype=np.float64)) / total
    if outside > _OUTSIDE_REFUSED:
        raise InvalidInput(
            f"the CT does not cover the SPECT: {100 * outside:.1f} % of the time-integrated activity lies outside it; "
            f"allowed: {100 * _OUTSIDE_REFUSED:g} %: if the patient lay elsewhere in some scans, set options.registration to "
            '"rigid".'
        )
    if not covered.all():
        log.remark(
            f"the CT covers {100 * covered.mean():.0f} % of the SPECT's field of view; beyond it ({100 * outside:.2g} % of the "
            "activity) no dose is given."
        )
    stray = float(tia[~patient].sum(dtype=np.float64)) / total
    if stray > _STRAY:
        log.remark(
            f"{100 * stray:.1f} % of the time-integrated activity lies outside the patient's body on the CT."
        )
