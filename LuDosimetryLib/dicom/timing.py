"""When scans were after the administration, and what was administered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from ..base.errors import InvalidInput
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment
from .administration import WHEN_REMEDY, common_moment, time_without_date
from .clock import changes_between, in_zone
from .positions_in_time import with_time_points
from .spect_scan import Scan
from .supplement import Supplement

_LATEST_H = 1000.0
_SAME_ACTIVITY = 0.01
_SAME_H = 1e-6
_CLOCKS_AGREE_H = 2.0
"""By which hours that the user gives may differ from those of the headers: a zone, or summer time."""


@dataclass(frozen=True)
class Timing:
    """
    The scans of a cycle in order of time.

    Attributes
    ----------
    scans : list of Scan
    hours : list of float
        From the administration to the start of each scan [h], to a few milliseconds.
    administered_MBq : float or None
    clocks_agree : bool
        Whether the times of the headers agree with the hours.
    """

    scans: list[Scan]
    hours: list[float]
    administered_MBq: float | None
    clocks_agree: bool = True


def timing_of(scans: list[Scan], supplement: Supplement) -> Timing:
    """
    Find the times by the headers, or as the user supplies them.

    Raises
    ------
    InvalidInput
        If a time is missing, cannot be, or is not certain.
    """
    scans = with_time_points([_in_zone(scan, supplement) for scan in scans], supplement)
    by_header = [scan for scan in scans if scan.given.hours is None]
    moments = _administered(by_header, supplement)
    found: list[tuple[float, Scan]] = []
    for scan in scans:
        hours = scan.given.hours
        found.append((_hours(scan, moments[id(scan)]) if hours is None else hours, scan))
    _check_dates(by_header)
    for scan in by_header:
        _check_summer_time(scan, moments[id(scan)])
    found.sort(key=lambda entry: entry[0])
    _check_apart(found)
    activity = supplement.values.get("administered_activity_MBq") or _activity(scans)
    in_order = [scan for _, scan in found]
    hours_in_order = [hours for hours, _ in found]
    return Timing(in_order, hours_in_order, activity, _clocks_agree(in_order, hours_in_order))


def _in_zone(scan: Scan, supplement: Supplement) -> Scan:
    """The scan with the zone that the user gives to clocks without one."""
    zone = supplement.time_zone
    if not zone:
        return scan
    beds = [
        replace(bed, starts=[in_zone(start, zone) for start in bed.starts]) for bed in scan.beds
    ]
    moment = in_zone(scan.administration.moment, zone)
    return Scan(beds, replace(scan.administration, moment=moment), scan.given)


def _administered(scans: list[Scan], supplement: Supplement) -> dict[int, Moment]:
    """When the activity was given, by the clock of each scan."""
    if not scans:
        return {}
    for scan in scans:
        if scan.start is None:
            raise _no_start(scan, scans)
    given = in_zone(supplement.administered_at, supplement.time_zone)
    if given is not None:
        return {id(scan): _by_clock_of(scan, given, scans) for scan in scans}
    common = common_moment([scan.administration for scan in scans])
    if common is None:
        first = min(
            (scan.start for scan in scans if scan.start is not None), key=lambda start: start.clock
        )
        raise time_without_date([scan.administration for scan in scans], first) or scans[
            0
        ].header.lacking(
            "RadiopharmaceuticalStartDateTime", f"{WHEN_REMEDY}, or {_hours_of_each(scans)},"
        )
    moments = {}
    for scan in scans:
        moment = scan.administration.moment or common
        assert scan.start is not None
        if (moment.utc_offset is None) != (scan.start.utc_offset is None):
            which = "scan" if moment.utc_offset is None else "administration"
            raise scan.header.refused(
                "TimezoneOffsetFromUTC",
                f"is told of the {which} only, {moment if which == 'administration' else scan.start}; give "
                f'"administered_at" by the clock of the scanner, {WHEN_REMEDY}, or the zone of the times that have none, '
                '"time_zone": "Europe/Berlin", with --supply FILE.json',
            )
        moments[id(scan)] = moment
    return moments


def _by_clock_of(scan: Scan, given: Moment, scans: Sequence[Scan]) -> Moment:
    """What the user says of the administration, by the clock of a scan."""
    assert scan.start is not None
    offset = scan.start.utc_offset
    if (given.utc_offset is None) == (offset is None):
        return given
    if offset is None:
        raise InvalidInput(
            "--supply: administered_at has a time zone, but the scans have none; give it without, by the scanner's clock, or give "
            '"time_zone" too, for example "Europe/Berlin".'
        )
    if len({other.start.utc_offset for other in scans if other.start is not None}) > 1:
        raise InvalidInput(
            "--supply: administered_at has no time zone, but the scans have different ones; give it with its own, for example "
            '"2024-01-31T09:30+01:00".'
        )
    return Moment(given.clock, offset)


def _no_start(scan: Scan, scans: Sequence[Scan]) -> InvalidInput:
    missing = "AcquisitionDate" if scan.header.text("AcquisitionTime") else "AcquisitionTime"
    return scan.header.lacking(missing, _hours_of_each(scans))


def _hours_of_each(scans: Sequence[Scan]) -> str:
    """The remedy that names the hours of each scan by its series, and which file and date that is."""
    entries = ", ".join(f'"{scan.header.series}": {{"hours": ...}}' for scan in scans)
    known = ", ".join(f"{scan.header.path.name}{_dated(scan.header)}" for scan in scans)
    return (
        f'the hours of each scan by its series, {{"series": {{{entries}}}}} (in this order {known})'
    )


def _dated(header: Header) -> str:
    """What a header tells of dates, for whoever has to say which scan it is."""
    told = [
        f"{kind} {header.text(f'{kind}Date')} {header.text(f'{kind}Time')[:4]}".strip()
        for kind in ("Series", "Study")
    ]
    told = [text for text in told if " " in text]
    return f" of {told[0]}" if told else ""


def _hours(scan: Scan, administered: Moment) -> float:
    assert scan.start is not None
    hours = scan.start.hours_since(administered)
    if not 0.0 < hours < _LATEST_H:
        remedy = scan.header.remedy('"hours": ...')
        raise scan.header.refused(
            "AcquisitionTime",
            f"is {scan.start}, {hours:.4g} h after the administration at {administered}; expected 0 to {_LATEST_H:g} h: give "
            f"{WHEN_REMEDY}, or {remedy}, with --supply FILE.json",
        )
    return round(hours, 6)


def _check_dates(scans: list[Scan]) -> None:
    """Refuse several scans on one day, as a de-identifier leaves them that sets all dates to the same."""
    days = {scan.start.clock.date() for scan in scans if scan.start is not None}
    if len(scans) < 2 or len(days) > 1:
        return
    raise scans[1].header.refused(
        "AcquisitionDate",
        f"is {days.pop()} for all {len(scans)} scans, as where dates were removed or replaced; give {_hours_of_each(scans)} with "
        "--supply FILE.json",
    )


def _check_summer_time(scan: Scan, administered: Moment) -> None:
    """Refuse clocks without a zone between which summer time may have begun or ended."""
    assert scan.start is not None
    if scan.start.utc_offset is not None:
        return
    changes = changes_between(administered.clock, scan.start.clock)
    if changes:
        where = " and ".join(dict.fromkeys(f"{change.where} on {change.day}" for change in changes))
        raise scan.header.refused(
            "TimezoneOffsetFromUTC",
            f"is missing, and clocks changed in {where}, between the administration at {administered} and the scan at {scan.start}: "
            'give "time_zone": "Europe/Berlin" or as it was, or an offset, "+01:00", if they were not changed, with --supply '
            "FILE.json",
        )


def _check_apart(found: list[tuple[float, Scan]]) -> None:
    """Refuse scans at the same time, or within another."""
    for (earlier, before), (later, scan) in pairwise(found):
        is_given = before.given.hours is not None or scan.given.hours is not None
        if later - earlier < (_SAME_H if is_given else max(before.lasted_s / 3600.0, _SAME_H)):
            remedy = f'{{"series": {{"{before.header.series}": {{"hours": ...}}, "{scan.header.series}": {{"hours": ...}}}}}}'
            raise scan.header.refused(
                "AcquisitionTime",
                f"makes scans at {earlier:g} and {later:g} h, within the duration of one; expected rising times: give {remedy} or "
                f'leave one out, {{"leave_out": ["{scan.header.series}"]}}, with --supply FILE.json',
            )


def _clocks_agree(scans: list[Scan], hours: list[float]) -> bool:
    """Whether scans lie as far apart by their headers as by the hours."""
    timed: list[tuple[datetime, float]] = [
        (scan.start.clock, h)
        for scan, h in zip(scans, hours, strict=True)
        if scan.start is not None
    ]
    return all(
        abs((later - earlier).total_seconds() / 3600.0 - (b - a)) <= _CLOCKS_AGREE_H
        for (earlier, a), (later, b) in pairwise(timed)
    )


def _activity(scans: list[Scan]) -> float | None:
    """The activity that the series tell; refused if they do not agree."""
    told = [s.administration for s in scans if s.administration.activity_MBq is not None]
    if not told:
        return None
    first = told[0].activity_MBq
    assert first is not None
    for other in told[1:]:
        assert other.activity_MBq is not None
        if abs(other.activity_MBq / first - 1.0) > _SAME_ACTIVITY:
            raise other.header.refused(
                "RadionuclideTotalDose",
                f"is {other.activity_MBq:g} MBq, but {first:g} MBq in {told[0].header.path}; give "
                '"administered_activity_MBq" with --supply FILE.json',
            )
    return first
