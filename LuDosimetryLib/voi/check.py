"""Volumes of interest that can have no dose."""

from collections.abc import Mapping

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.parts import Segmentation
from ..image.arrays import Mask

__all__ = ["check_vois", "with_mass"]

_WITHOUT_DOSE = 0.1
"""Part of a volume of interest without dose that calls for a warning."""


def with_mass(
    vois: dict[str, Mask], reported: Mask, segmentation: Segmentation | None, log: Log
) -> dict[str, Mask]:
    """
    Leave out classes that can have no dose, as the trachea, where a list of classes names the VOIs.

    Parameters
    ----------
    vois : dict of str to ndarray of bool, shape (k, j, i)
    reported : ndarray of bool, shape (k, j, i)
        Voxels that have a dose.
    segmentation : Segmentation or None
        VOIs that the case names one by one stay, and are refused by `check_vois`.
    log : Log
    """
    if segmentation is None or segmentation.class_list is None:
        return vois
    without = [name for name, voi in vois.items() if not reported[voi].any()]
    if without:
        log.remark(
            f"Classes of the segmentation that are air or lie outside the patient on the CT were left out: {', '.join(without)}."
        )
    return {name: voi for name, voi in vois.items() if name not in without}


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
