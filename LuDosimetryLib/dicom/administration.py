"""What was given and when: the radiopharmaceutical of a study."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from ..base.errors import InvalidInput
from ..dicom_files.header import Header, name_and_tag
from ..dicom_files.moment import Moment, date_time, parse_date, time_of_day, zone_of
from ..dicom_files.remarks import say_once
from .supplement import NOTHING, Supplement

_T = TypeVar("_T")
_SEQUENCE = "RadiopharmaceuticalInformationSequence"
_START, _START_TIME = "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"
_TELLING = (
    *("Radiopharmaceutical", _START, _START_TIME, "RadionuclideTotalDose", "RadionuclideHalfLife"),
    "RadionuclideCodeSequence",
)
_DATE_LENGTH = 8
_HALF_LIFE_S = {"Lu-177": 6.647 * 86400.0}
_HALF_LIFE_AGREES = 0.03
_LINES_KEV = (112.95, 208.37)
_LEAST_MBQ, _MOST_MBQ = 50.0, 50_000.0
_SAME_S = 120.0
_EARLIEST_SCAN_H = 2.0
"""A time of administration without a date puts the first scan no sooner than this after it."""


@dataclass(frozen=True)
class Administration:
    """
    What a series says of the radiopharmaceutical.

    Attributes
    ----------
    activity_MBq : float or None
    moment : Moment or None
        With its date.
    time_only : timedelta or None
        Time of day, where the date is not told.
    half_life_h : float or None
        That the scanner used [h].
    header : Header
    """

    activity_MBq: float | None
    moment: Moment | None
    time_only: timedelta | None
    half_life_h: float | None
    header: Header


def administration_of(
    header: Header, assumptions: list[str], supplement: Supplement = NOTHING
) -> Administration:
    """
    Read the radiopharmaceutical of an image, and check that it is labelled with 177Lu.

    Parameters
    ----------
    header : Header
    assumptions : list of str
        Added to.
    supplement : Supplement
        What the user says: the nuclide, as cameras without 177Lu on their list are used with another
        name; the activity; and the time. What it holds is not looked for in the header.
    """
    items = _told(header, assumptions)
    if "nuclide" not in supplement.values:
        items = _of_lutetium(items, header, assumptions)
    moment, time = None, None
    if not supplement.tells_when:
        zone = zone_of(header)
        moment = _first(_moment(item, zone) for item in items)
        time = _first(time_of_day(item, _START_TIME) for item in items)
    activity = None
    if "administered_activity_MBq" not in supplement.values:
        activity = _first(_activity_MBq(item, assumptions) for item in items)
    half_life_s = _first(item.number("RadionuclideHalfLife") or None for item in items)
    return Administration(
        activity,
        moment,
        None if moment else time,
        half_life_s / 3600.0 if half_life_s else None,
        items[0] if items else header,
    )


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)


def _told(header: Header, assumptions: list[str]) -> list[Header]:
    """The radiopharmaceuticals of a header that say something, wherever they stand."""
    items = [item for item in header.items(_SEQUENCE) if _says_something(item)]
    if items:
        return items
    items = [item for item in header.within_items(_SEQUENCE) if _says_something(item)]
    if not items and _says_something(header):
        items = [header]
    if items:
        say_once(
            assumptions, f"The radiopharmaceutical was told outside of {name_and_tag(_SEQUENCE)}."
        )
    return items


def _says_something(item: Header) -> bool:
    return any(item.get(keyword) is not None for keyword in _TELLING)


def _moment(item: Header, zone: timedelta | None) -> Moment | None:
    """
    When a radiopharmaceutical was given; None without a date.

    Raises
    ------
    InvalidInput
        If the date and time tell another time of day than the time alone.
    """
    text = item.text(_START)
    time = time_of_day(item, _START_TIME)
    moment = date_time(item, _START, zone)
    if time is None or len(text) < _DATE_LENGTH or not text[:_DATE_LENGTH].isdigit():
        return moment
    try:
        day = parse_date(text[:_DATE_LENGTH])
    except ValueError:
        raise item.refused(_START, "is no date and time") from None
    if moment is None or moment.clock == day:  # the date alone
        return Moment(day + time, zone)
    told = moment.clock - day
    has_zone = "+" in text or "-" in text
    if abs((told - time).total_seconds()) > _SAME_S and not has_zone:
        raise item.refused(
            _START,
            f"is {moment}, but {name_and_tag(_START_TIME)} tells another time of day; give "
            '"administered_at", for example "2024-01-31T09:30", with --supply FILE.json',
        )
    return moment


def _activity_MBq(item: Header, assumptions: list[str]) -> float | None:
    """Told in MBq by NM and in Bq by PT, or the other way round: only one can be."""
    dose = item.number("RadionuclideTotalDose")
    if dose is None or dose == 0.0:
        return None
    for unit, factor in (("MBq", 1.0), ("Bq", 1e-6)):
        if _LEAST_MBQ <= dose * factor <= _MOST_MBQ:
            say_once(
                assumptions, f"RadionuclideTotalDose (0018,1074) {dose:g} was taken as {unit}."
            )
            return dose * factor
    raise item.refused(
        "RadionuclideTotalDose",
        f"is {dose:g}; neither MBq nor Bq make that an activity of therapy ({_LEAST_MBQ:g} to {_MOST_MBQ:g} MBq): give "
        '"administered_activity_MBq" with --supply FILE.json',
    )


def _of_lutetium(items: list[Header], header: Header, assumptions: list[str]) -> list[Header]:
    """Those labelled with 177Lu; refused if all are of another nuclide."""
    faults, named, possible = [], [], []
    for item in items:
        code = item.first_item("RadionuclideCodeSequence")
        told = "" if code is None else code.text("CodeMeaning")
        half_life_s = item.number("RadionuclideHalfLife")
        if fault := _other_nuclide(item, told, half_life_s):
            faults.append(fault)
        elif half_life_s or is_lutetium_177(f"{told} {item.text('Radiopharmaceutical')}"):
            named.append(item)
        else:
            possible.append(item)
    if named:
        return named + possible
    if faults:
        raise faults[0]
    check_energy_windows(header)
    if items:
        say_once(assumptions, "No header names the nuclide; Lu-177 was taken.")
    return possible


def _other_nuclide(item: Header, told: str, half_life_s: float | None) -> InvalidInput | None:
    remedy = 'if it was Lu-177, give "nuclide": "Lu-177" with --supply FILE.json'
    lutetium_s = _HALF_LIFE_S["Lu-177"]
    if half_life_s and abs(half_life_s / lutetium_s - 1.0) > _HALF_LIFE_AGREES:
        return item.refused(
            "RadionuclideHalfLife",
            f"is {half_life_s:g} s; that of Lu-177 is {lutetium_s:.0f} s: this is another nuclide; {remedy}",
        )
    if told and not is_lutetium_177(told):
        return item.refused("RadionuclideCodeSequence", f"is {told!r}; expected Lu-177: {remedy}")
    return None


def is_lutetium_177(text: str) -> bool:
    """Whether a text names 177Lu: "^177^Lutetium", "Lu-177", "177Lu-DOTATATE"."""
    return (
        "177" in text and re.search(r"(?i)(?<![a-z])lu(?![a-z])|lutetium|lu-?177", text) is not None
    )


def check_energy_windows(header: Header) -> None:
    """Refuse windows that hold no line of 177Lu; another nuclide was imaged."""
    windows = [
        (window.number("EnergyWindowLowerLimit"), window.number("EnergyWindowUpperLimit"))
        for group in header.items("EnergyWindowInformationSequence")
        for window in group.items("EnergyWindowRangeSequence")
    ]
    told = [(low, high) for low, high in windows if low is not None and high is not None]
    if told and not any(low <= line <= high for low, high in told for line in _LINES_KEV):
        raise header.refused(
            "EnergyWindowInformationSequence",
            f"holds neither line of Lu-177 ({_LINES_KEV[0]:g} and {_LINES_KEV[1]:g} keV)",
        )


def common_moment(
    administrations: list[Administration], first_scan: Moment | None, assumptions: list[str]
) -> Moment | None:
    """
    When all series say the activity was given.

    Raises
    ------
    InvalidInput
        If they differ, or tell a time of day that may be of the day before.
    """
    dated = [a for a in administrations if a.moment is not None]
    for a in dated:
        assert a.moment is not None
        assert dated[0].moment is not None
        if abs(a.moment.hours_since(dated[0].moment)) * 3600.0 > _SAME_S:
            raise InvalidInput(
                f"{a.header.path}: RadiopharmaceuticalStartDateTime (0018,1078) is {a.moment}, but {dated[0].moment} in "
                f'{dated[0].header.path}; import each cycle by itself, or give "administered_at" with --supply FILE.json.'
            )
    if dated:
        return dated[0].moment
    timed = [a for a in administrations if a.time_only is not None]
    if not timed or first_scan is None:
        return None
    return _latest_before(first_scan, timed, assumptions)


def _latest_before(
    first_scan: Moment, timed: list[Administration], assumptions: list[str]
) -> Moment:
    """The time of day that all tell, on the last day on which it lies before the first scan."""
    time = timed[0].time_only
    assert time is not None
    for a in timed:
        assert a.time_only is not None
        if abs((a.time_only - time).total_seconds()) > _SAME_S:
            raise a.header.refused(
                "RadiopharmaceuticalStartTime",
                f'differs from that in {timed[0].header.path}; give "administered_at" with --supply FILE.json',
            )
    midnight = first_scan.clock.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = Moment(midnight + time, first_scan.utc_offset)
    if moment.clock > first_scan.clock:
        moment = moment.later(-24.0)
    hours = first_scan.hours_since(moment)
    if hours < _EARLIEST_SCAN_H:
        raise timed[0].header.refused(
            "RadiopharmaceuticalStartTime",
            f'has no date, and the first scan came {hours:.2g} h or a day more after it; give "administered_at", for '
            'example "2024-01-31T09:30", with --supply FILE.json',
        )
    assumptions.append(
        f"RadiopharmaceuticalStartTime (0018,1072) has no date; {moment} was taken, the last such time before the first "
        'scan. If it was another day, give "administered_at".'
    )
    return moment
