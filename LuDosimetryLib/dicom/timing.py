"""When scans were after the administration, and what was administered."""

from dataclasses import dataclass

from ..base.errors import InvalidInput
from ..dicom_files.moment import Moment
from .administration import common_moment
from .spect_scan import Scan
from .supplement import Supplement

_LATEST_H = 1000.0
_SAME_ACTIVITY = 0.01


@dataclass(frozen=True)
class Timing:
    """
    Times of the scans of a cycle.

    Attributes
    ----------
    hours : list of float
        From the administration to the start of each scan [h], to a few milliseconds.
    administered_MBq : float or None
    """

    hours: list[float]
    administered_MBq: float | None


def timing_of(scans: list[Scan], supplement: Supplement) -> Timing:
    """
    Times by the headers, or as the user supplies them.

    Raises
    ------
    InvalidInput
        If a time is missing, or a scan comes before the administration or weeks after it.
    """
    if len(supplement.time_points) > len(scans):
        raise InvalidInput(
            f"time_points has {len(supplement.time_points)} entries in --supply, but there are {len(scans)} scans."
        )
    given = [supplement.point(n).hours for n in range(len(scans))]
    administered = supplement.administered_at
    remarks = scans[0].remarks
    if administered is None and None in given:
        administrations = [scan.administration for scan in scans]
        administered = common_moment(administrations, scans[0].start, remarks)
    if len(scans) > 1 and any(scan.start is None for scan in scans):
        remarks.append(
            "Scans without AcquisitionTime (0008,0032) were put after the others, in order of file names."
        )
    hours = [
        _hours(scan, administered) if told is None else told
        for scan, told in zip(scans, given, strict=True)
    ]
    for earlier, later, scan in zip(hours, hours[1:], scans[1:], strict=False):
        if later <= earlier:
            raise scan.header.refused(
                "AcquisitionTime",
                f"makes scans at {earlier:g} and {later:g} h; expected rising times",
            )
    return Timing(hours, supplement.values.get("administered_activity_MBq") or _activity(scans))


def _hours(scan: Scan, administered: Moment | None) -> float:
    if scan.start is None:
        missing = "AcquisitionDate" if scan.header.text("AcquisitionTime") else "AcquisitionTime"
        raise scan.header.lacking(missing, '"hours" of each time point')
    if administered is None:
        raise scan.header.lacking(
            "RadiopharmaceuticalStartDateTime",
            '"administered_at", for example "2024-01-31T09:30", or "hours" of each time point,',
        )
    if (administered.utc_offset is None) != (scan.start.utc_offset is None):
        scan.remarks.append(
            "Only one of the times of administration and scan has a time zone (TimezoneOffsetFromUTC (0008,0201)); both were "
            "taken as of the same clock."
        )
    hours = scan.start.hours_since(administered)
    if not 0.0 < hours < _LATEST_H:
        raise scan.header.refused(
            "AcquisitionTime",
            f"is {scan.start}, {hours:.4g} h after the administration at {administered}; expected 0 to {_LATEST_H:g} h: give "
            '"administered_at", or "hours" of each time point, with --supply FILE.json',
        )
    return round(hours, 6)


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
