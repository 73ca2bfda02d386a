"""Colour and SNOMED CT terminology of a volume of interest, from the words of its name."""

from dataclasses import dataclass

Colour = tuple[float, float, float]
"""Red, green, blue, each from 0 to 1."""

Code = tuple[str, str, str]
"""Coding scheme, code value, code meaning."""

_ANATOMY: Code = ("SCT", "123037004", "Anatomical Structure")
_LESION: Code = ("SCT", "49755003", "Morphologically Altered Structure")
_MASS: Code = ("SCT", "4147007", "Mass")
_CYST: Code = ("SCT", "367643001", "Cyst")


@dataclass(frozen=True)
class _Kind:
    """Terminology of a word, and a colour near that of Slicer's anatomy list."""

    category: Code
    type: Code
    colour: Colour


# lesions and cysts come before the organs they lie in
_KINDS = {
    "cyst": _Kind(_LESION, _CYST, (0.55, 0.75, 0.90)),
    "tumour": _Kind(_LESION, _MASS, (0.95, 0.85, 0.10)),
    "metastasis": _Kind(_LESION, _MASS, (1.00, 0.55, 0.05)),
    "kidney": _Kind(_ANATOMY, ("SCT", "64033007", "Kidney"), (0.73, 0.40, 0.33)),
    "liver": _Kind(_ANATOMY, ("SCT", "10200004", "Liver"), (0.87, 0.51, 0.40)),
    "spleen": _Kind(_ANATOMY, ("SCT", "78961009", "Spleen"), (0.62, 0.45, 0.60)),
    "bladder": _Kind(_ANATOMY, ("SCT", "89837001", "Urinary bladder"), (0.85, 0.77, 0.20)),
    "lungs": _Kind(_ANATOMY, ("SCT", "39607008", "Lung"), (0.77, 0.68, 0.98)),
    "lung": _Kind(_ANATOMY, ("SCT", "39607008", "Lung"), (0.77, 0.68, 0.98)),
    "marrow": _Kind(_ANATOMY, ("SCT", "14016003", "Bone marrow"), (0.95, 0.84, 0.57)),
}
_TISSUE_CODE: Code = ("SCT", "85756007", "Tissue")
_TISSUE = _Kind(_TISSUE_CODE, _TISSUE_CODE, (0.50, 0.68, 0.50))
_SIDES: dict[str, Code] = {
    "left": ("SCT", "7771000", "Left"),
    "right": ("SCT", "24028007", "Right"),
}
_NO_CODE: Code = ("", "", "")


def colour_of(name: str) -> Colour:
    """Display colour of a volume of interest."""
    return _kind(name).colour


def terminology_of(name: str) -> tuple[Code, Code]:
    """SNOMED CT category and type of a volume of interest."""
    kind = _kind(name)
    return kind.category, kind.type


def slicer_terminology(name: str) -> str:
    """Terminology entry of a volume of interest as Slicer writes it into a segment's tags."""
    category, type_ = terminology_of(name)
    side = next((code for word, code in _SIDES.items() if word in _words(name)), _NO_CODE)
    codes = "~".join("^".join(code) for code in (category, type_, side))
    return (
        "TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list"
        f"~{codes}~Anatomic codes - DICOM master list~^^~^^"
    )


def _words(name: str) -> list[str]:
    return name.replace("_", " ").split()


def _kind(name: str) -> _Kind:
    words = _words(name)
    return next((kind for word, kind in _KINDS.items() if word in words), _TISSUE)
