"""Which radionuclide a header names; whether it is 177Lu."""

import re

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files.header import Header, name_and_tag
from .nuclide_codes import HALF_LIFE_S, LUTETIUM_177, NUCLIDE_BY_CODE, nuclide_of_half_life

_SEQUENCE = "RadiopharmaceuticalInformationSequence"
_TELLING = (
    *("Radiopharmaceutical", "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"),
    *("RadionuclideTotalDose", "RadionuclideHalfLife", "RadionuclideCodeSequence"),
)
_HALF_LIFE_AGREES = 0.03
_LINES_KEV = (112.95, 208.37)
_SYMBOLS = {
    **{"actinium": "Ac", "bromine": "Br", "carbon": "C", "copper": "Cu", "fluorine": "F"},
    **{"gallium": "Ga", "holmium": "Ho", "indium": "In", "iodine": "I", "lutetium": "Lu"},
    **{"nitrogen": "N", "oxygen": "O", "radium": "Ra", "rhenium": "Re", "rubidium": "Rb"},
    **{"samarium": "Sm", "scandium": "Sc", "technetium": "Tc", "terbium": "Tb", "thallium": "Tl"},
    **{"xenon": "Xe", "yttrium": "Y", "zirconium": "Zr"},
}
_ELEMENT = "|".join((*_SYMBOLS.values(), *_SYMBOLS, *(name.capitalize() for name in _SYMBOLS)))
_MASS = r"\d{2,3}m?"
_NAMED = re.compile(
    rf"(?<![A-Za-z])(?P<a>{_ELEMENT})[ ^-]?(?P<m>{_MASS})(?![\dA-Za-z])|(?<!\d)(?P<n>{_MASS})[ ^-]?(?P<b>{_ELEMENT})(?![a-z])"
)
_KNOWN = {*NUCLIDE_BY_CODE.values(), *HALF_LIFE_S}


class OtherNuclide(InvalidInput):
    """
    An image of another nuclide than 177Lu.

    Parameters
    ----------
    item : Header
        The radiopharmaceutical.
    keyword, why : str
        What of it says so, and how.
    named : str
        The nuclide, in words.

    Attributes
    ----------
    is_doubtful : bool
        Whether the energy window is on a line of 177Lu all the same.
    """

    def __init__(self, item: Header, keyword: str, why: str, named: str) -> None:
        super().__init__(str(item.refused(keyword, f"{why}: {_remedy(item)}")))
        self._item, self._keyword, self._why = item, keyword, why
        self.named = named
        self.is_doubtful = False

    def of_all(self) -> InvalidInput:
        """The refusal where all scans are so: the user may say of all of them that it is not so."""
        remedy = f'if it was Lu-177, give {{"nuclide": "{LUTETIUM_177}"}} with --supply FILE.json'
        return self._item.refused(self._keyword, f"{self._why}: {remedy}")


def radiopharmaceuticals(header: Header, log: Log) -> list[Header]:
    """The radiopharmaceuticals of a header that say something, wherever they stand."""
    items = [item for item in header.items(_SEQUENCE) if _says_something(item)]
    if items:
        return items
    items = [item for item in header.within_items(_SEQUENCE) if _says_something(item)]
    if not items and _says_something(header):
        items = [header]
    if items:
        log.remark(f"The radiopharmaceutical stands outside of {name_and_tag(_SEQUENCE)}.")
    return items


def _says_something(item: Header) -> bool:
    return any(item.get(keyword) is not None for keyword in _TELLING)


def of_lutetium(items: list[Header], header: Header, log: Log) -> list[Header]:
    """
    Those radiopharmaceuticals that are labelled with 177Lu, or may be.

    Raises
    ------
    OtherNuclide
        If all are of another nuclide.
    InvalidInput
        If the only name is a code that is not known, or the energy window holds no line of 177Lu.
    """
    faults: list[OtherNuclide] = []
    named, possible = [], []
    for item in items:
        other = _other_nuclide(item)
        if other is not None:
            other.is_doubtful = shows_lutetium(header) is True
            faults.append(other)
        elif item.number("RadionuclideHalfLife") or _nuclide_of_item(item) == LUTETIUM_177:
            named.append(item)
        else:
            possible.append(item)
    if named:
        return named + possible
    if faults:
        raise faults[0]
    if shows_lutetium(header) is False:
        raise header.refused(
            "EnergyWindowInformationSequence",
            f"holds neither line of Lu-177 ({_LINES_KEV[0]:g} and {_LINES_KEV[1]:g} keV); {_remedy(header)}",
        )
    for item in possible:
        _check_code(item)
    if items:
        log.remark("No header names the nuclide; Lu-177 was taken.")
    return possible


def _remedy(header: Header) -> str:
    return (
        f"""if it was Lu-177, give {header.remedy('"nuclide": "Lu-177"')} with --supply FILE.json"""
    )


def _code(item: Header) -> tuple[str, str]:
    """Value and meaning of the nuclide's code; empty where they are not told."""
    code = item.first_item("RadionuclideCodeSequence")
    return ("", "") if code is None else (code.text("CodeValue"), code.text("CodeMeaning"))


def _nuclide_of_item(item: Header) -> str:
    """The nuclide by code or name; empty if none is told."""
    value, meaning = _code(item)
    if is_lutetium_177(meaning):
        return LUTETIUM_177
    by_code = named_nuclide(meaning) or (NUCLIDE_BY_CODE.get(value, "") if not meaning else "")
    name = item.text("Radiopharmaceutical")
    return by_code or (LUTETIUM_177 if is_lutetium_177(name) else named_nuclide(name))


def _other_nuclide(item: Header) -> OtherNuclide | None:
    """What says that a radiopharmaceutical is of another nuclide; None if nothing does."""
    half_life_s, lutetium_s = item.number("RadionuclideHalfLife"), HALF_LIFE_S[LUTETIUM_177]
    value, meaning = _code(item)
    if half_life_s and abs(half_life_s / lutetium_s - 1.0) > _HALF_LIFE_AGREES:
        name = nuclide_of_half_life(half_life_s) if half_life_s > 0.0 else ""
        return OtherNuclide(
            item,
            "RadionuclideHalfLife",
            f"is {half_life_s:g} s; that of Lu-177 is {lutetium_s:.0f} s: this is another nuclide",
            name or f"a nuclide with a half-life of {half_life_s:g} s",
        )
    if meaning and not is_lutetium_177(meaning):
        why = f"is {meaning!r}; expected Lu-177"
        name = named_nuclide(meaning) or repr(meaning)
        return OtherNuclide(item, "RadionuclideCodeSequence", why, name)
    found = _nuclide_of_item(item)
    if not found or found == LUTETIUM_177:
        return None
    by, told = "Radiopharmaceutical", item.text("Radiopharmaceutical")
    if NUCLIDE_BY_CODE.get(value) == found:
        by, told = "RadionuclideCodeSequence", value
    return OtherNuclide(item, by, f"is {told!r}, {found}; expected Lu-177", found)


def _check_code(item: Header) -> None:
    value, meaning = _code(item)
    if value and not meaning and value not in NUCLIDE_BY_CODE:
        raise item.refused(
            "RadionuclideCodeSequence",
            f"is {value!r} without a meaning, a code of no nuclide that is known; {_remedy(item)}",
        )


def is_lutetium_177(text: str) -> bool:
    """Whether a text names 177Lu: "^177^Lutetium", "Lu-177", "177Lu-DOTATATE"."""
    return (
        "177" in text and re.search(r"(?i)(?<![a-z])lu(?![a-z])|lutetium|lu-?177", text) is not None
    )


def named_nuclide(text: str) -> str:
    """The nuclide that a text names, as "Ga-68"; empty if it names none that is known."""
    for match in _NAMED.finditer(text):
        element = match["a"] or match["b"]
        symbol = _SYMBOLS.get(element.lower(), element)
        name = f"{symbol}-{match['m'] or match['n']}"
        if name in _KNOWN:
            return name
    return ""


def shows_lutetium(header: Header) -> bool | None:
    """Whether an energy window holds a line of 177Lu; None where none is told."""
    windows = [
        (window.number("EnergyWindowLowerLimit"), window.number("EnergyWindowUpperLimit"))
        for group in header.items("EnergyWindowInformationSequence")
        for window in group.items("EnergyWindowRangeSequence")
    ]
    told = [(low, high) for low, high in windows if low is not None and high is not None]
    if not told:
        return None
    return any(low <= line <= high for low, high in told for line in _LINES_KEV)
