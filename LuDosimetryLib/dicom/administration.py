"""What was given and when: the radiopharmaceutical of a study."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files.header import Header, name_and_tag
from ..dicom_files.moment import Moment, date_time, parse_date, time_of_day, zone_of
from .radionuclide import of_lutetium, radiopharmaceuticals
from .supplement import NOTHING, SeriesSupplement, Supplement

_T = TypeVar("_T")
_START, _START_TIME = "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"
_DATE_LENGTH = 8
_LEAST_MBQ, _MOST_MBQ = 50.0, 50_000.0
_SAME_S = 120.0
_ZONE_STEP_S = 900.0
_FARTHEST_ZONE_S = 14 * 3600.0
WHEN_REMEDY = '"administered_at": "2024-01-31T09:30"'
"""With the date and time of the injection, as the scanner's clock showed them."""


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
        The half-life that the scanner used [h].
    header : Header
    """

    activity_MBq: float | None
    moment: Moment | None
    time_only: timedelta | None
    half_life_h: float | None
    header: Header


def administration_of(
    header: Header,
    log: Log,
    supplement: Supplement = NOTHING,
    given: SeriesSupplement | None = None,
) -> Administration:
    """
    Read the radiopharmaceutical of an image, and check that it is labelled with 177Lu.

    Parameters
    ----------
    header : Header
    log : Log
    supplement : Supplement
        What the user says: the nuclide, as cameras without 177Lu on their list are used with another
        name; the activity; and the time. What it holds is not looked for in the header.
    given : SeriesSupplement, optional
        What the user says of this series.

    Raises
    ------
    OtherNuclide
        If it is labelled with another nuclide.
    """
    items = radiopharmaceuticals(header, log)
    if given is None or given.nuclide is None:
        items = of_lutetium(items, header, log)
    moment, time = None, None
    if not supplement.tells_when and (given is None or given.hours is None):
        zone = zone_of(header)
        moment = _first(_moment(item, zone) for item in items)
        time = _first(time_of_day(item, _START_TIME) for item in items)
    activity = None
    if "administered_activity_MBq" not in supplement.values:
        activity = _first(_activity_MBq(item, log) for item in items)
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
    try:
        moment = date_time(item, _START, zone)
    except InvalidInput:
        raise item.refused(_START, f"is no date and time; {_remedy()}") from None
    if time is None or len(text) < _DATE_LENGTH or not text[:_DATE_LENGTH].isdigit():
        return moment
    try:
        day = parse_date(text[:_DATE_LENGTH])
    except ValueError:
        raise item.refused(_START, f"is no date and time; {_remedy()}") from None
    if moment is None or moment.clock == day:  # the date alone
        return Moment(day + time, zone)
    apart_s = (time - (moment.clock - day)).total_seconds()
    if abs(apart_s) <= _SAME_S and (moment.utc_offset is None or zone is not None):
        return moment
    if "+" in text or "-" in text:
        return _by_local_clock(item, moment, apart_s, zone)
    raise item.refused(
        _START,
        f"is {moment}, but {name_and_tag(_START_TIME)} tells another time of day; {_remedy()}",
    )


def _by_local_clock(item: Header, moment: Moment, apart_s: float, zone: timedelta | None) -> Moment:
    """The moment by the scanner's clock, whose time of day is told beside a date and time of another zone."""
    assert moment.utc_offset is not None
    steps = round(apart_s / _ZONE_STEP_S)
    if abs(apart_s - steps * _ZONE_STEP_S) > _SAME_S:
        raise item.refused(
            _START,
            f"is {moment} in its zone, which no zone makes the time of day of {name_and_tag(_START_TIME)}; {_remedy()}",
        )
    shift = timedelta(seconds=steps * _ZONE_STEP_S)
    day = timedelta(days=1)
    offset = moment.utc_offset + shift
    while offset.total_seconds() > _FARTHEST_ZONE_S:
        offset, shift = offset - day, shift - day
    while offset.total_seconds() < -_FARTHEST_ZONE_S + 2 * 3600.0:
        offset, shift = offset + day, shift + day
    return Moment(moment.clock + shift, None if zone is None else offset)


def _remedy() -> str:
    return f"give {WHEN_REMEDY} with --supply FILE.json"


def _activity_MBq(item: Header, log: Log) -> float | None:
    """Told in MBq by NM and in Bq by PT, or the other way round: only one can be."""
    dose = item.number("RadionuclideTotalDose")
    if dose is None or dose == 0.0:
        return None
    for unit, factor in (("MBq", 1.0), ("Bq", 1e-6)):
        if _LEAST_MBQ <= dose * factor <= _MOST_MBQ:
            log.remark(f"RadionuclideTotalDose (0018,1074) {dose:g} was taken as {unit}.")
            return dose * factor
    raise item.refused(
        "RadionuclideTotalDose",
        f"is {dose:g}; neither MBq nor Bq make that an activity of therapy ({_LEAST_MBQ:g} to {_MOST_MBQ:g} MBq): give "
        '"administered_activity_MBq" with --supply FILE.json',
    )


def common_moment(administrations: list[Administration]) -> Moment | None:
    """
    When all series say the activity was given; None where none tells the date.

    Raises
    ------
    InvalidInput
        If they differ.
    """
    dated = [a for a in administrations if a.moment is not None]
    for a in dated:
        assert a.moment is not None
        assert dated[0].moment is not None
        if abs(a.moment.hours_since(dated[0].moment)) * 3600.0 > _SAME_S:
            raise InvalidInput(
                f"{a.header.path}: RadiopharmaceuticalStartDateTime (0018,1078) is {a.moment}, but {dated[0].moment} in "
                f"{dated[0].header.path}; import each cycle by itself, or give {WHEN_REMEDY} with --supply FILE.json."
            )
    return dated[0].moment if dated else None


def time_without_date(
    administrations: list[Administration], example: Moment
) -> InvalidInput | None:
    """The refusal of a time of injection without its date, which may be any day before the first scan."""
    timed = next((a for a in administrations if a.time_only is not None), None)
    if timed is None:
        return None
    return timed.header.refused(
        _START_TIME,
        f"has no date, and the injection may have been on the day of the first scan ({example.clock:%Y-%m-%d}) or on one before: "
        f"{_remedy()}",
    )
