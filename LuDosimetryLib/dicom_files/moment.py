"""Instants of DICOM: dates, times and time zones."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base.log import Log
from .header import Header

_DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?")
_DATE_TIME = re.compile(r"(\d{8})(\d{4}(?:\d{2}(?:\.\d{1,6})?)?)([+-]\d{4})?")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})")


@dataclass(frozen=True)
class Moment:
    """
    A date and time as the scanner's clock shows it.

    Attributes
    ----------
    clock : datetime
        Without a time zone.
    utc_offset : timedelta or None
        Offset of the clock; None if it is not known.
    """

    clock: datetime
    utc_offset: timedelta | None = None

    def hours_since(self, earlier: "Moment") -> float:
        """Hours between; where one of both has no zone, the clocks are taken as the same."""
        passed = self.clock - earlier.clock
        if self.utc_offset is not None and earlier.utc_offset is not None:
            passed -= self.utc_offset - earlier.utc_offset
        return passed.total_seconds() / 3600.0

    def later(self, hours: float) -> "Moment":
        """An instant some hours later by the same clock."""
        return Moment(self.clock + timedelta(hours=hours), self.utc_offset)

    def __str__(self) -> str:
        return f"{self.clock:%Y-%m-%d %H:%M}"


def parse_date(text: str) -> datetime:
    """A DICOM date (DA)."""
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError
    return datetime(*(int(part) for part in match.groups()))  # type: ignore[arg-type]


def parse_time(text: str) -> timedelta:
    """A DICOM time of day (TM), at least to the minute."""
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError
    fraction = float(f"0.{match[4]}") if match[4] else 0.0
    return timedelta(hours=hour, minutes=minute, seconds=second + fraction)


def parse_zone(text: str) -> timedelta:
    """An offset from UTC, &HHMM."""
    match = _ZONE.fullmatch(text)
    if not match or int(match[2]) > 14 or int(match[3]) > 59:
        raise ValueError
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -offset if match[1] == "-" else offset


def zone_of(header: Header) -> timedelta | None:
    """TimezoneOffsetFromUTC of a file, if any."""
    text = header.text("TimezoneOffsetFromUTC")
    try:
        return parse_zone(text) if text else None
    except ValueError:
        raise header.refused("TimezoneOffsetFromUTC", "is no offset such as +0100") from None


def date_time(header: Header, keyword: str, zone: timedelta | None) -> Moment | None:
    """The instant of a date-time attribute (DT); None if absent or without a time of day."""
    text = header.text(keyword)
    match = _DATE_TIME.fullmatch(text)
    if not match:
        if text and not re.fullmatch(r"\d{4,8}", text):
            raise header.refused(keyword, "is no date and time")
        return None
    try:
        clock = parse_date(match[1]) + parse_time(match[2])
        return Moment(clock, parse_zone(match[3]) if match[3] else zone)
    except ValueError:
        raise header.refused(keyword, "is no date and time") from None


def time_of_day(header: Header, keyword: str) -> timedelta | None:
    """The time of day of an attribute (TM); None if absent."""
    text = header.text(keyword)
    try:
        return parse_time(text) if text else None
    except ValueError:
        raise header.refused(keyword, "is no time of day") from None


def acquired(header: Header, zone: timedelta | None, log: Log) -> Moment | None:
    """
    The instant at which the acquisition of an image began.

    Parameters
    ----------
    header : Header
    zone : timedelta or None
    log : Log
        Takes a remark where the date is another's.
    """
    moment = date_time(header, "AcquisitionDateTime", zone)
    time = time_of_day(header, "AcquisitionTime")
    if time is None:
        return moment
    day = _date(header, "AcquisitionDate")
    if day is not None:
        return Moment(day + time, zone)
    if moment is not None:
        return moment
    return _by_another_date(header, time, zone, log)


def _by_another_date(
    header: Header, time: timedelta, zone: timedelta | None, log: Log
) -> Moment | None:
    """The date of series and study, where they agree: a later processing, or an earlier visit, has another."""
    day = _date(header, "SeriesDate")
    if day is None or day != _date(header, "StudyDate"):
        return None
    begun = time_of_day(header, "SeriesTime")
    if begun is not None and begun - time > timedelta(hours=12):
        day += timedelta(days=1)  # begun before midnight
    log.remark(
        "AcquisitionDate (0008,0022) is missing; SeriesDate and StudyDate, which agree, were taken for it."
    )
    return Moment(day + time, zone)


def _date(header: Header, keyword: str) -> datetime | None:
    text = header.text(keyword)
    try:
        return parse_date(text) if text else None
    except ValueError:
        raise header.refused(keyword, "is no date") from None
