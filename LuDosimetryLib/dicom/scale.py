"""From stored values to a physical quantity: rescaling and real-world value mapping."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.log import Log
from ..case.parts import UNITS
from ..dicom_files.header import Header
from ..dicom_files.private_elements import (
    GE_PIXEL_OFFSET,
    GE_PIXEL_SCALE,
    PHILIPS_ACTIVITY,
    SIEMENS_INTERCEPT,
    SIEMENS_SLOPE,
    SIEMENS_UNITS,
)

_UCUM = {
    "Bq/mL": ("Bq/mL", 1.0),
    "Bq/ml": ("Bq/mL", 1.0),
    "Bq/cm3": ("Bq/mL", 1.0),
    "BQML": ("Bq/mL", 1.0),
    "kBq/mL": ("Bq/mL", 1e3),
    "kBq/ml": ("Bq/mL", 1e3),
    "MBq/mL": ("Bq/mL", 1e6),
    "MBq/ml": ("Bq/mL", 1e6),
    "Bq": ("Bq", 1.0),
    "kBq": ("Bq", 1e3),
    "MBq": ("Bq", 1e6),
    "{counts}": ("counts", 1.0),
}
_PET_UNITS = {"BQML": "Bq/mL", "CNTS": "counts"}
_AGREE = 1e-4
_SIGN = 65536.0
CT_SLOPES = (1e-3, 1e3)
"""Least and greatest RescaleSlope of a CT in HU."""


@dataclass(frozen=True)
class Scale:
    """
    Quantity = slope * stored value + intercept.

    Attributes
    ----------
    unit : str
        One of `UNITS`, or "HU".
    slope, intercept : float
    mapped : tuple of two float or None
        Least and greatest stored value that the mapping is for.
    source : str
        The attribute it comes from.
    """

    unit: str
    slope: float
    intercept: float
    mapped: tuple[float, float] | None = None
    source: str = ""

    def applied(self, stored: NDArray[Any], header: Header) -> NDArray[np.float64]:
        """The quantity of stored values."""
        if self.mapped is not None:
            low, high = self.mapped
            if low > high:  # a sign that was lost: the least of signed values, told as unsigned
                low -= _SIGN
            if stored.min() < low or stored.max() > high:
                raise header.refused(
                    "RealWorldValueMappingSequence",
                    f"is for stored values {low:g} to {high:g}; there are {stored.min():g} to {stored.max():g}",
                )
        return np.asarray(stored * self.slope + self.intercept, np.float64)


def activity_scale(header: Header, unit: str | None, log: Log) -> Scale:
    """
    The scale of a SPECT.

    A real-world value mapping to activity comes first; else RescaleSlope with Units (0054,1001), or
    the private elements that take their place.

    Parameters
    ----------
    header : Header
    unit : str or None
        One of `UNITS` if the user says so.
    log : Log
    """
    mappings = [scale for scale in map(_mapping, _mapping_items(header)) if scale is not None]
    rescaled = _rescaled(header, unit, log)
    if unit is not None:
        mapped = next((scale for scale in mappings if scale.unit == unit), None)
        chosen = rescaled if "RescaleSlope" in header.given else mapped or rescaled
        assert chosen is not None
        return chosen
    mappings.sort(key=lambda scale: UNITS.index(scale.unit))
    if not mappings or (mappings[0].unit == "counts" and rescaled is not None):
        return rescaled or _untold(header, log)
    chosen = mappings[0]
    if rescaled is not None and rescaled.unit == chosen.unit and not _agree(rescaled, chosen):
        raise header.refused(
            "RealWorldValueMappingSequence",
            f"says {chosen.slope:g} {chosen.unit} a stored value, and RescaleSlope (0028,1053) {rescaled.slope:g}; for the "
            f"""mapping give {header.remedy(f'"unit": "{chosen.unit}"')}, for the slope """
            f"""{header.remedy(f'"unit": "{rescaled.unit}", "header": {{"RescaleSlope": {rescaled.slope:g}}}')}, """
            "with --supply FILE.json",
        )
    return chosen


def hounsfield_scale(header: Header) -> Scale:
    """The scale of a CT [HU]."""
    if missing := [k for k in ("RescaleSlope", "RescaleIntercept") if header.get(k) is None]:
        entries = ", ".join(f'"{keyword}": ...' for keyword in missing)
        raise header.lacking(missing[0], header.remedy(f'"header": {{{entries}}}'))
    slope = header.needed_numbers("RescaleSlope", 1)[0]
    intercept = header.needed_numbers("RescaleIntercept", 1)[0]
    kind = header.text("RescaleType")
    if kind not in ("", "HU", "US"):
        raise header.refused("RescaleType", f"is {kind!r}; expected HU")
    low, high = CT_SLOPES
    if not low <= slope <= high:
        raise header.refused("RescaleSlope", f"is {slope:g}; expected {low:g} to {high:g} HU")
    return Scale("HU", slope, intercept)


def _rescaled(header: Header, unit: str | None, log: Log) -> Scale | None:
    """By RescaleSlope and Units; None if Units are absent."""
    told, source = _units(header, log)
    factor = 1.0
    if unit is None and told:
        unit = _PET_UNITS.get(told)
        if unit is None:
            raise header.refused(
                "Units",
                f"is {told!r}; expected BQML or CNTS: export the activity, or give {_unit_remedy(header)}",
            )
        if unit == "counts" and (to_activity := PHILIPS_ACTIVITY.number(header)):
            unit, factor, source = "Bq/mL", to_activity, str(PHILIPS_ACTIVITY)
            log.remark(f"{PHILIPS_ACTIVITY} was taken to make counts Bq/mL.")
    if unit is None:
        return None
    slope, intercept = _line(header, log, needed=unit == "Bq/mL")
    return Scale(unit, factor * slope, factor * intercept, source=source)


def _units(header: Header, log: Log) -> tuple[str, str]:
    """Units, empty if none are stated, and the element that was read for them or their scale."""
    if told := header.text("Units"):
        return told, "RescaleSlope (0028,1053)"
    if told := SIEMENS_UNITS.text(header).upper():
        if told not in _PET_UNITS:
            return "", ""
        log.remark(f"{SIEMENS_UNITS} is {told}; it was taken for Units (0054,1001).")
    return told, str(SIEMENS_UNITS)


def _line(header: Header, log: Log, needed: bool = False) -> tuple[float, float]:
    """Slope and intercept of RescaleSlope, or of what a maker writes in its place."""
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept") or 0.0
    ge, ge_offset = GE_PIXEL_SCALE.number(header), GE_PIXEL_OFFSET.number(header) or 0.0
    if slope is not None:
        given = "RescaleSlope" in header.given
        if ge and not given and abs(ge - slope) > _AGREE * slope:
            raise header.refused(
                "RescaleSlope",
                f"is {slope:g}, but {GE_PIXEL_SCALE} is {ge:g}; name the right one by giving "
                f"""{header.remedy('"header": {"RescaleSlope": ...}')} with --supply FILE.json""",
            )
        return _slope(header, "RescaleSlope", slope), intercept
    siemens = SIEMENS_SLOPE.number(header)
    for name, value, offset in (
        (SIEMENS_SLOPE, siemens, SIEMENS_INTERCEPT.number(header) or 0.0),
        (GE_PIXEL_SCALE, ge, ge_offset),
    ):
        if value is not None and value > 0.0:
            if value != 1.0 or offset:
                log.remark(f"RescaleSlope (0028,1053) is missing; {name} was applied.")
            return value, offset
    if needed:
        raise header.lacking("RescaleSlope")
    return 1.0, intercept


def _untold(header: Header, log: Log) -> Scale:
    """Nothing says the unit: a PET series must, an NM image holds counts."""
    if header.text("Modality") == "PT":
        raise header.lacking("Units", header.remedy('"unit": "Bq/mL"'))
    if mapped := sorted(filter(None, map(_unit_of, _mapping_items(header)))):
        raise header.refused(
            "RealWorldValueMappingSequence",
            f"is to {', '.join(mapped)} only; export the activity, or give {_unit_remedy(header)}",
        )
    log.remark("Units (0054,1001) is missing; the voxels were taken as counts.")
    slope, intercept = _line(header, log)
    return Scale("counts", slope, intercept)


def _unit_remedy(header: Header) -> str:
    return f"""{header.remedy('"unit": ...')} ({", ".join(f'"{unit}"' for unit in UNITS)}) with --supply FILE.json"""


def _slope(header: Header, keyword: str, slope: float) -> float:
    if not 0.0 < slope < 1e12:
        raise header.refused(keyword, f"is {slope:g}; expected a number above 0")
    return slope


def _mapping_items(header: Header) -> list[Header]:
    return header.items("RealWorldValueMappingSequence")


def _unit_of(item: Header) -> str:
    """The code of the unit that values are mapped to, or the mapping's label where it has none."""
    units = item.first_item("MeasurementUnitsCodeSequence")
    return (units.text("CodeValue") if units is not None else "") or item.text("LUTLabel")


def _mapping(item: Header) -> Scale | None:
    """The scale of a real-world value mapping; None for other quantities, as SUV."""
    known = _UCUM.get(_unit_of(item))
    if known is None:
        return None
    if item.get("RealWorldValueLUTData") is not None:
        raise item.refused("RealWorldValueLUTData", "is a table; expected a slope and an intercept")
    unit, factor = known
    slope = _slope(item, "RealWorldValueSlope", item.needed_numbers("RealWorldValueSlope", 1)[0])
    intercept = item.needed_numbers("RealWorldValueIntercept", 1)[0]
    return Scale(
        unit,
        slope * factor,
        intercept * factor,
        _range(item),
        "RealWorldValueMappingSequence (0040,9096)",
    )


def _range(item: Header) -> tuple[float, float] | None:
    for kind in ("", "DoubleFloat"):
        first = item.number(f"{kind}RealWorldValueFirstValueMapped")
        last = item.number(f"{kind}RealWorldValueLastValueMapped")
        if first is not None and last is not None:
            return first, last
    return None


def _agree(a: Scale, b: Scale) -> bool:
    far = abs(a.slope - b.slope) > _AGREE * b.slope
    return not far and abs(a.intercept - b.intercept) <= _AGREE * b.slope
