"""From stored values to a physical quantity: rescaling and real-world value mapping."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..case import UNITS
from .header import Header

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

    def applied(self, stored: NDArray[np.float64], header: Header) -> NDArray[np.float64]:
        """The quantity of stored values."""
        if self.mapped is not None:
            low, high = self.mapped
            if stored.min() < low or stored.max() > high:
                raise header.refused(
                    "RealWorldValueMappingSequence",
                    f"is for stored values {low:g} to {high:g}; there are {stored.min():g} to {stored.max():g}",
                )
        return stored * self.slope + self.intercept


def activity_scale(header: Header, unit: str | None, assumptions: list[str]) -> Scale:
    """
    The scale of a SPECT.

    A real-world value mapping to activity comes first; else RescaleSlope with Units (0054,1001).

    Parameters
    ----------
    header : Header
    unit : str or None
        One of `UNITS` if the user says so.
    assumptions : list of str
        Added to.
    """
    mappings = [scale for scale in map(_mapping, _mapping_items(header)) if scale is not None]
    rescaled = _rescaled(header, unit)
    if unit is not None:
        chosen = next((scale for scale in mappings if scale.unit == unit), rescaled)
        assert chosen is not None
        return chosen
    mappings.sort(key=lambda scale: UNITS.index(scale.unit))
    if not mappings or (mappings[0].unit == "counts" and rescaled is not None):
        return rescaled or _counts(header, assumptions)
    chosen = mappings[0]
    if rescaled is not None and rescaled.unit == chosen.unit and not _agree(rescaled, chosen):
        raise header.refused(
            "RealWorldValueMappingSequence",
            f"says {chosen.slope:g} {chosen.unit} a stored value, and RescaleSlope (0028,1053) {rescaled.slope:g}; "
            'name the right one by giving "RescaleSlope" under "header", and "unit", with --supply FILE.json',
        )
    return chosen


def hounsfield_scale(header: Header) -> Scale:
    """The scale of a CT [HU]."""
    slope = header.needed_numbers("RescaleSlope", 1)[0]
    intercept = header.needed_numbers("RescaleIntercept", 1)[0]
    kind = header.text("RescaleType")
    if kind not in ("", "HU", "US"):
        raise header.refused("RescaleType", f"is {kind!r}; expected HU")
    return Scale("HU", _slope(header, "RescaleSlope", slope), intercept)


def _rescaled(header: Header, unit: str | None) -> Scale | None:
    """By RescaleSlope and Units; None if Units are absent."""
    slope = header.number("RescaleSlope")
    intercept = header.number("RescaleIntercept") or 0.0
    units = header.text("Units")
    if unit is None and units:
        if units not in _PET_UNITS:
            raise header.refused(
                "Units",
                f'is {units!r}; expected BQML or CNTS: export the activity, or give "unit" of the time point '
                "with --supply FILE.json",
            )
        unit = _PET_UNITS[units]
    if unit is None:
        return None
    if slope is None and unit == "Bq/mL":
        raise header.lacking("RescaleSlope")
    slope = 1.0 if slope is None else _slope(header, "RescaleSlope", slope)
    return Scale(unit, slope, intercept, source="RescaleSlope (0028,1053)")


def _counts(header: Header, assumptions: list[str]) -> Scale:
    """Nothing says the unit: a PET series must, an NM image holds counts."""
    if header.text("Modality") == "PT":
        raise header.lacking("Units", '"unit" of the time point')
    remark = "Units (0054,1001) is missing; the voxels were taken as counts."
    if remark not in assumptions:
        assumptions.append(remark)
    slope = header.number("RescaleSlope")
    slope = 1.0 if slope is None else _slope(header, "RescaleSlope", slope)
    return Scale("counts", slope, header.number("RescaleIntercept") or 0.0)


def _slope(header: Header, keyword: str, slope: float) -> float:
    if not 0.0 < slope < 1e12:
        raise header.refused(keyword, f"is {slope:g}; expected a number above 0")
    return slope


def _mapping_items(header: Header) -> list[Header]:
    items = header.items("RealWorldValueMappingSequence")
    for group in header.items("SharedFunctionalGroupsSequence"):
        items += group.items("RealWorldValueMappingSequence")
    return items


def _mapping(item: Header) -> Scale | None:
    """The scale of a real-world value mapping; None for other quantities, as SUV."""
    units = item.first_item("MeasurementUnitsCodeSequence")
    known = _UCUM.get(units.text("CodeValue")) if units is not None else None
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
