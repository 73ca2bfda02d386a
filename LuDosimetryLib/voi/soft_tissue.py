"""Volumes of interest that are soft tissue, whatever the CT shows in them."""

from collections.abc import Mapping

import numpy as np

from ..base.log import Log
from ..image.arrays import Array, Mask
from .aliases import stands_for

_SOFT = (
    *("kidney", "liver", "spleen", "pancreas", "adrenal", "stomach", "bowel", "intestine"),
    *("esophagus", "oesophagus", "bladder", "gallbladder", "prostate", "uterus", "ovary", "testis"),
    *("heart", "myocardium", "atrium", "ventricle", "aorta", "artery", "arteries", "vein", "vena"),
    *("thyroid", "parotid", "submandibular", "salivary", "lacrimal", "pituitary", "lymph node"),
    *("blood pool", "muscle", "brain"),
)
_NOT_SOFT = ("bone", "vertebra", "skelet", "rib", "marrow", "calcif", "stone", "stent", "prosthe")
_SOME_OF_IT = 0.02
"""Part of a volume from which calcium is remarked on: less is what bone or a border leaves in it."""


def is_soft(name: str) -> bool:
    """Whether a volume of interest is soft tissue by its name, a tumour named for its organ too."""
    words = name.casefold()
    return any(stands_for(key, name) for key in _SOFT) and not any(w in words for w in _NOT_SOFT)


def without_contrast_medium(calcium: Array, vois: Mapping[str, Mask], log: Log) -> Array:
    """
    Take the calcium out of volumes of interest that are soft tissue: it is contrast medium there.

    Parameters
    ----------
    calcium : ndarray of float32, shape (k, j, i)
        Mass fraction, as CT numbers show it.
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    log : Log
        Remarks on volumes that the CT shows as bone to more than a fiftieth.

    Returns
    -------
    ndarray of float32, shape (k, j, i)
    """
    soft = {name: voi for name, voi in vois.items() if is_soft(name)}
    shown = {name: float((calcium[voi] > 0.0).mean()) for name, voi in soft.items() if voi.any()}
    bright = {name: part for name, part in shown.items() if part > _SOME_OF_IT}
    if bright:
        listed = ", ".join(f"{name} ({100.0 * part:.0f} %)" for name, part in bright.items())
        log.remark(
            f"On the CT, part of these volumes is as bright as bone (above 120 HU): {listed}. They count as soft tissue "
            "with contrast medium, by their names; bright vessels and bowel outside the volumes of interest count as bone.",
            tuple(bright),
        )
    cleared = calcium.copy()
    for voi in soft.values():
        cleared[voi] = np.float32(0.0)
    return cleared
