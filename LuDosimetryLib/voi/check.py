"""Volumes of interest that can have no dose."""

from collections.abc import Mapping

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.arrays import Mask

__all__ = ["check_vois"]

_WITHOUT_DOSE = 0.1
"""Part of a volume of interest without dose that calls for a warning."""


def check_vois(vois: Mapping[str, Mask], reported: Mask, log: Log) -> None:
    """
    Refuse volumes of interest without any voxel that has a dose; warn of those with few.

    Parameters
    ----------
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    reported : ndarray of bool, shape (k, j, i)
        Voxels that have a dose.
    log : Log
        Takes up the warnings.

    Raises
    ------
    InvalidInput
        One sentence that names the volume.
    """
    for name, voi in vois.items():
        part = float(reported[voi].mean())
        if part == 0.0:
            raise InvalidInput(
                f"segmentation: {name!r} has no mass: all of its {int(voi.sum())} voxels are air or lie outside the "
                "patient on the CT; a dose needs tissue (check the segmentation and the CT)."
            )
        if part < 1.0 - _WITHOUT_DOSE:
            log.remark(
                f"{100 * (1.0 - part):.0f} % of {name!r} is air or lies outside the patient on the CT and has no dose.",
                [name],
            )
