"""What the user supplies to an import, with the keys of case.json: what headers lack or say wrongly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base.checks import check_choice, check_known, check_number, check_text, check_whole, shown
from ..base.errors import InvalidInput
from ..case.options import Options
from ..case.parts import UNITS, Calibration
from ..dicom_files.moment import Moment
from .decay import CORRECTIONS

_KEYS = (
    *("patient_id", "cycle", "nuclide", "administered_activity_MBq", "administered_at"),
    *("time_points", "reference_time_point", "segmentation", "options", "header", "leave_out"),
)
_POINT_KEYS = ("hours", "unit", "calibration", "decay_correction")
_CALIBRATION_KEYS = ("Bq_per_count", "cps_per_MBq", "duration_s", "dead_time_factor")
_SEGMENTATION_KEYS = ("labels", "differences")


@dataclass(frozen=True)
class PointSupplement:
    """
    Of one scan, in order of time; None where the header is to say it.

    Attributes
    ----------
    hours : float or None
        After administration [h].
    unit : str or None
    calibration : dict
        Of `Calibration`; ``duration_s`` may be left to the header.
    decay_correction : str or None
    """

    hours: float | None = None
    unit: str | None = None
    calibration: Mapping[str, float] = field(default_factory=dict)
    decay_correction: str | None = None

    def calibrated(self, duration_s: float | None) -> Calibration | None:
        """The calibration, with the duration of the scan where it needs one."""
        given = dict(self.calibration)
        if not given:
            return None
        if "cps_per_MBq" in given and "duration_s" not in given and duration_s is not None:
            given["duration_s"] = duration_s
        return Calibration(**given)


@dataclass(frozen=True)
class Supplement:
    """
    What the user says of a DICOM study.

    Attributes
    ----------
    values : dict
        Of the keys of a case that are taken over as they are: patient_id, cycle, nuclide,
        administered_activity_MBq, reference_time_point.
    administered_at : Moment or None
    time_points : tuple of PointSupplement
    labels, differences : dict or None
    options : Options or None
    header : dict
        Attributes by keyword.
    leave_out : tuple of str
        Series whose description, number or UID this is are left out.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    administered_at: Moment | None = None
    time_points: tuple[PointSupplement, ...] = ()
    labels: Mapping[str, str] | None = None
    differences: Mapping[str, list[str]] | None = None
    options: Options | None = None
    header: Mapping[str, Any] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()

    def point(self, n: int) -> PointSupplement:
        """What is said of the nth scan."""
        return self.time_points[n] if n < len(self.time_points) else PointSupplement()

    @property
    def tells_when(self) -> bool:
        """Whether it tells when all scans were, so that no header needs to say when the activity was given."""
        hours = [point.hours for point in self.time_points]
        return self.administered_at is not None or (bool(hours) and None not in hours)


NOTHING = Supplement()


def read_supplement(path: Path) -> Supplement:
    """
    Read and check a supplement.

    Raises
    ------
    InvalidInput
        One sentence with the file, the key and what is allowed.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not valid JSON: {error}.") from None
    try:
        return _checked(data)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None


def _checked(data: Any) -> Supplement:
    _check_object("this", data, (*_KEYS, "schema"))
    values = {k: data[k] for k in ("patient_id", "cycle", "nuclide") if k in data}
    check_text("patient_id", values.get("patient_id", ""), empty=True)
    check_whole("cycle", values.get("cycle", 1), 1)
    for key in ("administered_activity_MBq", "reference_time_point"):
        if data.get(key) is not None:
            values[key] = data[key]
    if "administered_activity_MBq" in values:
        check_number("administered_activity_MBq", values["administered_activity_MBq"])
    points = data.get("time_points", [])
    if not isinstance(points, list):
        raise InvalidInput(f"time_points is {shown(points)}; it must be a list, in order of time.")
    segmentation = data.get("segmentation") or {}
    _check_object("segmentation", segmentation, _SEGMENTATION_KEYS)
    header = data.get("header", {})
    _check_header(header)
    leave_out = data.get("leave_out", [])
    if not isinstance(leave_out, list):
        raise InvalidInput(f"leave_out is {shown(leave_out)}; it must be a list of series.")
    return Supplement(
        values=values,
        administered_at=_moment(data.get("administered_at")),
        time_points=tuple(_point(point, n) for n, point in enumerate(points)),
        labels=segmentation.get("labels"),
        differences=segmentation.get("differences"),
        options=Options.from_dict(data["options"]) if "options" in data else None,
        header=header,
        leave_out=tuple(map(str, leave_out)),
    )


def _point(data: Any, n: int) -> PointSupplement:
    where = f"time_points[{n}]"
    _check_object(where, data, _POINT_KEYS)
    hours, unit = data.get("hours"), data.get("unit")
    correction, calibration = data.get("decay_correction"), data.get("calibration") or {}
    if hours is not None:
        check_number(f"{where}: hours", hours)
    if unit is not None:
        check_choice(f"{where}: unit", unit, UNITS)
    if correction is not None:
        check_choice(f"{where}: decay_correction", correction, CORRECTIONS)
    _check_object(f"{where}: calibration", calibration, _CALIBRATION_KEYS)
    for key, value in calibration.items():
        check_number(f"{where}: {key}", value)
    return PointSupplement(hours, unit, calibration, correction)


def _check_object(where: str, data: Any, keys: tuple[str, ...]) -> None:
    if not isinstance(data, dict):
        raise InvalidInput(f"{where} is {shown(data)}; expected a JSON object.")
    for key in data:
        check_known(str(key), keys)


def _check_header(header: Any) -> None:
    from pydicom.datadict import tag_for_keyword

    if not isinstance(header, dict):
        raise InvalidInput(f"header is {shown(header)}; expected a JSON object.")
    for keyword, value in header.items():
        if tag_for_keyword(keyword) is None:
            raise InvalidInput(
                f"header: {shown(keyword)} is no keyword of a DICOM attribute, as SpacingBetweenSlices."
            )
        if isinstance(value, dict) or value is None:
            raise InvalidInput(f"header: {keyword} is {shown(value)}; expected a value or a list.")


def _moment(text: Any) -> Moment | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise InvalidInput(
            f'administered_at is {shown(text)}; expected a date and time as "2024-01-31T09:30".'
        ) from None
    return Moment(moment.replace(tzinfo=None), moment.utcoffset())
