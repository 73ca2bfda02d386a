"""Clocks of a study: time zones stated on one side only, and the change to and from summer time."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from ..base.checks import shown
from ..base.errors import InvalidInput
from ..dicom_files.moment import Moment

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_AT_THE_EARLIEST, _AT_THE_LATEST = time(1), time(4)
_SUNDAY = 6
_LAST = -1
_CHANGES = (
    ("Europe", 3, _LAST),
    ("Europe", 10, _LAST),
    ("North America", 3, 2),
    ("North America", 11, 1),
    ("Australia", 4, 1),
    ("Australia", 10, 1),
)
"""Where clocks change, in which month, on its how many-th Sunday."""


@dataclass(frozen=True)
class ClockChange:
    """A day on which clocks change somewhere."""

    where: str
    day: date


def check_time_zone(name: object) -> None:
    """Refuse what is neither empty nor the name of a zone or an offset."""
    try:
        _zone(str(name))
    except Exception:  # zoneinfo raises what files and names happen to make it
        raise InvalidInput(
            f'time_zone is {shown(name)}; expected the name of a zone, as "Europe/Berlin", or an offset, as "+01:00", of clocks '
            "that were not changed."
        ) from None


def _zone(name: str) -> ZoneInfo | timezone | None:
    if not name:
        return None
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    return ZoneInfo(name)


def in_zone(moment: Moment | None, name: str) -> Moment | None:
    """A moment with the offset of a zone, if it has none and the zone is given."""
    if moment is None or moment.utc_offset is not None or not name:
        return moment
    return Moment(moment.clock, moment.clock.replace(tzinfo=_zone(name)).utcoffset())


def changes_between(earlier: datetime, later: datetime) -> list[ClockChange]:
    """The days on which clocks change in one of the large regions between two moments."""
    found = []
    for year in range(earlier.year, later.year + 1):
        for where, month, nth in _CHANGES:
            day = _sunday(year, month, nth)
            if earlier < datetime.combine(day, _AT_THE_LATEST) and later > datetime.combine(
                day, _AT_THE_EARLIEST
            ):
                found.append(ClockChange(where, day))
    return found


def _sunday(year: int, month: int, nth: int) -> date:
    if nth == _LAST:
        after = date(year + month // 12, month % 12 + 1, 1)
        return after - timedelta(days=(after.weekday() - _SUNDAY) % 7 or 7)
    first = date(year, month, 1)
    return first + timedelta(days=(_SUNDAY - first.weekday()) % 7 + 7 * (nth - 1))
