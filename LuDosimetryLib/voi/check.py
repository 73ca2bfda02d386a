"""Volumes of interest that can have no dose."""

from collections.abc import Collection, Mapping

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.parts import Segmentation
from ..image.arrays import Mask
from .aliases import stands_for
from .groups import FEW

__all__ = ["check_report_vois", "check_vois", "with_mass"]

_FEW = 3
"""Remarks of one kind that stand each for itself; more are drawn together."""
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
    parts: dict[str, float] = {}
    for name, voi in vois.items():
        part = float(reported[voi].mean())
        if part == 0.0:
            raise InvalidInput(
                f"segmentation: {name!r} has no mass: all of its {int(voi.sum())} voxels are air or lie outside the "
                "patient on the CT; a dose needs tissue (check the segmentation and the CT)."
            )
        if part < 1.0 - _WITHOUT_DOSE:
            parts[name] = 1.0 - part
    remark_parts(parts, "is air or lies outside the patient on the CT and has no dose", log)


def remark_parts(parts: Mapping[str, float], predicate: str, log: Log) -> None:
    """
    Remark on a part of several volumes of interest: each for itself, or many in one sentence.

    Parameters
    ----------
    parts : mapping of str to float
        Part of each volume, from 0 to 1, by name.
    predicate : str
        Rest of the sentence after the name, without a full stop.
    log : Log
    """
    if len(parts) <= _FEW:
        for name, part in parts.items():
            log.remark(f"{100 * part:.0f} % of {name!r} {predicate}.", [name])
        return
    listed = ", ".join(f"{name} {100 * part:.0f} %" for name, part in parts.items())
    log.remark(f"A part of {len(parts)} volumes of interest {predicate}: {listed}.", parts)


def check_report_vois(vois: Collection[str], chosen: Collection[str], log: Log) -> None:
    """Remark on names in the option `report_vois` that match no volume of interest."""
    absent = [key for key in chosen if not any(key == n or stands_for(key, n) for n in vois)]
    if absent:
        there = ", ".join(vois) if len(vois) <= FEW else "organs.csv lists the names"
        log.remark(
            f"report_vois: no volume of interest is called {' or '.join(map(repr, absent))} ({there or 'there are none'})."
        )
