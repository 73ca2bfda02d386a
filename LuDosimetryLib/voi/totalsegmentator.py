"""
Label images of TotalSegmentator: names of its classes, and what is read of its files.

Wasserthal et al. 2023, Radiol Artif Intell 5:e230024. The numbers of the classes are those of the
tasks "total" (versions 2 and 1) and "total_mr"; label images of other tasks contain their names.
"""

import gzip
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InvalidInput

_SIDES = ("left", "right")
_LUNGS = (
    *("lung_upper_lobe_left", "lung_lower_lobe_left", "lung_upper_lobe_right"),
    *("lung_middle_lobe_right", "lung_lower_lobe_right"),
)
_SPINE = tuple(
    f"vertebrae_{part}{n}"
    for part, count in (("L", 5), ("T", 12), ("C", 7))
    for n in range(count, 0, -1)
)
_RIBS = tuple(f"rib_{side}_{n}" for side in _SIDES for n in range(1, 13))
_ILIAC_VESSELS = tuple(f"iliac_{vessel}_{side}" for vessel in ("artery", "vena") for side in _SIDES)
_LIMBS = tuple(
    f"{bone}_{side}"
    for bone in ("humerus", "scapula", "clavicula", "femur", "hip")
    for side in _SIDES
)
_GLUTEI = tuple(
    f"gluteus_{part}_{side}" for part in ("maximus", "medius", "minimus") for side in _SIDES
)
_BACK = tuple(f"{muscle}_{side}" for muscle in ("autochthon", "iliopsoas") for side in _SIDES)
_UPPER_ABDOMEN = ("spleen", "kidney_right", "kidney_left", "gallbladder", "liver", "stomach")
_ADRENALS = ("adrenal_gland_right", "adrenal_gland_left")

_TOTAL_V1 = (
    *_UPPER_ABDOMEN,
    *("aorta", "inferior_vena_cava", "portal_vein_and_splenic_vein", "pancreas"),
    *_ADRENALS,
    *_LUNGS,
    *_SPINE,
    *("esophagus", "trachea", "heart_myocardium", "heart_atrium_left", "heart_ventricle_left"),
    *("heart_atrium_right", "heart_ventricle_right", "pulmonary_artery", "brain"),
    *_ILIAC_VESSELS,
    *("small_bowel", "duodenum", "colon"),
    *_RIBS,
    *_LIMBS,
    *("sacrum", "face"),
    *_GLUTEI,
    *_BACK,
    "urinary_bladder",
)
_TOTAL_V2 = (
    *_UPPER_ABDOMEN,
    "pancreas",
    *_ADRENALS,
    *_LUNGS,
    *("esophagus", "trachea", "thyroid_gland", "small_bowel", "duodenum", "colon"),
    *("urinary_bladder", "prostate", "kidney_cyst_left", "kidney_cyst_right", "sacrum"),
    "vertebrae_S1",
    *_SPINE,
    *("heart", "aorta", "pulmonary_vein", "brachiocephalic_trunk", "subclavian_artery_right"),
    *("subclavian_artery_left", "common_carotid_artery_right", "common_carotid_artery_left"),
    *("brachiocephalic_vein_left", "brachiocephalic_vein_right", "atrial_appendage_left"),
    *("superior_vena_cava", "inferior_vena_cava", "portal_vein_and_splenic_vein"),
    *_ILIAC_VESSELS,
    *_LIMBS,
    "spinal_cord",
    *_GLUTEI,
    *_BACK,
    *("brain", "skull"),
    *_RIBS,
    *("sternum", "costal_cartilages"),
)
_TOTAL_MR = (
    *_UPPER_ABDOMEN,
    "pancreas",
    *_ADRENALS,
    *("lung_left", "lung_right", "esophagus", "small_bowel", "duodenum", "colon"),
    *("urinary_bladder", "prostate", "sacrum", "vertebrae", "intervertebral_discs", "spinal_cord"),
    *("heart", "aorta", "inferior_vena_cava", "portal_vein_and_splenic_vein"),
    *_ILIAC_VESSELS,
    *_LIMBS,
    *_GLUTEI,
    *_BACK,
    "brain",
)


@dataclass(frozen=True)
class ClassList:
    """
    Names of the classes of a label image.

    Attributes
    ----------
    title : str
        Which list it is, in words.
    names : mapping of int to str
        By label value.
    """

    title: str
    names: Mapping[int, str]


CLASS_LISTS = {
    "totalsegmentator-v2": ClassList(
        "task total of version 2", dict(enumerate(_TOTAL_V2, start=1))
    ),
    "totalsegmentator-v1": ClassList(
        "task total of version 1", dict(enumerate(_TOTAL_V1, start=1))
    ),
    "totalsegmentator-mr": ClassList("task total_mr", dict(enumerate(_TOTAL_MR, start=1))),
}
_USUAL = "totalsegmentator-v2"
_OWN = "the file's own table"

_LABEL = re.compile(
    r'<Label\b[^>]*\bKey="(\d+)"[^>]*>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<]*?))\s*</Label>', re.DOTALL
)
_NIFTI_1_BYTES, _NIFTI_2_BYTES = 348, 540
_LONGEST_TABLE = 1 << 22


def class_list(wanted: str, file: Path, present: Collection[int]) -> ClassList:
    """
    The class list of a label image: its own table, else the list that is named.

    Parameters
    ----------
    wanted : str
        A key of `CLASS_LISTS`; or "totalsegmentator", for the file's own table or the list of version 2.
    file : Path
    present : collection of int
        Label values of the image.

    Raises
    ------
    InvalidInput
        If the image has a label that the list does not know.
    """
    own = label_table(file)
    known = CLASS_LISTS.get(wanted)
    if own and (known is None or all(known.names.get(key) == own[key] for key in own)):
        return ClassList(_OWN, own)
    if own:
        raise InvalidInput(
            f"segmentation: labels is {wanted!r}, but {file} contains other names, for example label "
            f'{min(own)} {own[min(own)]!r}; give "totalsegmentator" for the file\'s own.'
        )
    known = known or CLASS_LISTS[_USUAL]
    strange = sorted(value for value in present if value not in known.names)
    if strange:
        others = [name for name, of in CLASS_LISTS.items() if all(v in of.names for v in present)]
        raise InvalidInput(
            f"segmentation: {file} has the label {strange[0]}, which TotalSegmentator's {known.title} does not have (it has "
            f"{len(known.names)} classes); allowed: {', '.join(others) or 'labels by number'}."
        )
    return known


def label_table(file: Path) -> dict[int, str]:
    """Names in the header extension of a NIfTI label image; empty if there are none."""
    name = file.name.lower()
    if not name.endswith((".nii", ".nii.gz")):
        return {}
    try:
        with gzip.open(file) if name.endswith(".gz") else file.open("rb") as stream:
            start = stream.read(_NIFTI_1_BYTES)
            order = "little" if start[0] else "big"
            size = int.from_bytes(start[:4], order)  # type: ignore[arg-type]
            if size not in (_NIFTI_1_BYTES, _NIFTI_2_BYTES):
                return {}
            text = stream.read(_LONGEST_TABLE).partition(b"</LabelTable>")[0]
    except (OSError, EOFError, IndexError):
        return {}  # which reading the image tells better
    if b"<LabelTable>" not in text:
        return {}
    found = _LABEL.findall(text.decode("utf-8", "replace"))
    return {int(key): (a or b).strip() for key, a, b in found if (a or b).strip() and int(key) > 0}


def mask_files(folder: Path) -> dict[str, Path]:
    """The files of a folder with one mask a class, by the name of the class; empty if it is none."""
    files = sorted(folder.glob("*.nii.gz")) + sorted(folder.glob("*.nii"))
    return {re.sub(r"\.nii(\.gz)?$", "", file.name): file for file in files}
