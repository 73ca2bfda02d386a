"""Entries of ``--supply`` in order of time: to which scan each belongs, where the headers leave no doubt."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from ..base.errors import InvalidInput
from ..dicom_files.header import Header
from ..dicom_files.moment import parse_date, parse_time
from .spect_scan import Scan
from .supplement import Supplement

_TIMES_AGREE_H = 2.0
_DAY_H = 24.0


def with_time_points(scans: list[Scan], supplement: Supplement) -> list[Scan]:
    """
    The scans with the entries of "time_points", which are in order of time.

    The order of the scans is that of their headers. Hours go to scans only where the headers lie as
    far apart as the hours do, by whatever dates they have; else which scan is meant would be a guess.

    Raises
    ------
    InvalidInput
        If there are more entries than scans, or the headers do not tell the order.
    """
    points = supplement.time_points
    if len(points) > len(scans):
        raise InvalidInput(
            f"time_points has {len(points)} entries in --supply, but there are {len(scans)} scans."
        )
    if not points:
        return scans
    if len(scans) > 1 and any(point != points[0] for point in points):
        scans = _in_order(scans, [point.hours for point in points])
    result = []
    for n, scan in enumerate(scans):
        given = (
            scan.given
            if n >= len(points)
            else scan.given.merged(points[n], f"the scan {scan.header.series}")
        )
        result.append(replace(scan, given=given))
    return result


def _in_order(scans: list[Scan], hours: Sequence[float | None]) -> list[Scan]:
    """The scans in order of time; refused where it is not certain."""
    begun = [scan.start.clock if scan.start else None for scan in scans]
    kinds = [(begun, _TIMES_AGREE_H), ([_of_series(scan.header) for scan in scans], _TIMES_AGREE_H)]
    if all(_are_distinct(moments) is None for moments, _ in kinds):
        kinds = [([_day(scan.header) for scan in scans], _DAY_H)]
    for moments, uncertain_h in kinds:
        known = _are_distinct(moments)
        if known is None:
            continue
        order = sorted(range(len(scans)), key=known.__getitem__)
        if _as_far_apart([known[n] for n in order], hours, uncertain_h):
            return [scans[n] for n in order]
    series = ", ".join(f'"{scan.header.series}": {{"hours": ...}}' for scan in scans)
    raise InvalidInput(
        "--supply: time_points are in order of time, but the headers of the scans do not tell that order, or times that lie "
        f'otherwise apart; say what is of which scan by its series: {{"series": {{{series}}}}} (in this order '
        f"{', '.join(scan.header.path.name for scan in scans)})."
    )


def _are_distinct(moments: Sequence[datetime | None]) -> list[datetime] | None:
    """Moments of all scans, if every scan has one and no two are the same."""
    known = [moment for moment in moments if moment is not None]
    return known if len(set(known)) == len(moments) else None


def _as_far_apart(
    moments: list[datetime], hours: Sequence[float | None], uncertain_h: float
) -> bool:
    """Whether moments lie as far apart as hours do."""
    given = [(moment, h) for moment, h in zip(moments, hours, strict=False) if h is not None]
    return all(
        abs((later - earlier) / timedelta(hours=1) - (b - a)) < uncertain_h
        for (earlier, a), (later, b) in pairwise(given)
    )


def _of_series(header: Header) -> datetime | None:
    try:
        return parse_date(header.text("SeriesDate")) + parse_time(header.text("SeriesTime"))
    except ValueError:
        return None


def _day(header: Header) -> datetime | None:
    for kind in ("Acquisition", "Series", "Study"):
        try:
            return parse_date(header.text(f"{kind}Date"))
        except ValueError:
            continue
    return None
