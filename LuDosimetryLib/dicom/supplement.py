"""What the user supplies to an import, with the keys of case.json: what headers lack or say wrongly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base.checks import check_choice, check_known, check_number, check_text, check_whole, shown
from ..base.errors import InvalidInput
from ..case.options import Options
from ..case.parts import UNITS, Calibration
from ..dicom_files.moment import Moment
from .clock import check_time_zone
from .decay import CORRECTIONS

EVERY_SCAN = "*"
"""Key of "series" that stands for every scan."""
PATIENT_KEYWORDS = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_KEYS = (
    *("patient_id", "cycle", "nuclide", "administered_activity_MBq", "administered_at"),
    *("time_zone", "series", "time_points", "reference_time_point", "segmentation", "options"),
    *("header", "leave_out"),
)
_POINT_KEYS = ("hours", "unit", "calibration", "decay_correction")
_SERIES_KEYS = (*_POINT_KEYS, "ct", "nuclide", "header")
_CALIBRATION_KEYS = ("Bq_per_count", "cps_per_MBq", "duration_s", "dead_time_factor")
_SEGMENTATION_KEYS = ("labels", "differences", "leave_out", "drawn_on")


@dataclass(frozen=True)
class SeriesSupplement:
    """
    What the user says of a scan; None where the header is to say it.

    Attributes
    ----------
    hours : float or None
        After administration [h].
    unit : str or None
    calibration : dict
        Of `Calibration`; ``duration_s`` may be left to the header.
    decay_correction : str or None
    ct : str or None
        The series of the scan's CT; empty for none.
    nuclide : str or None
    header : dict
        Attributes of the series by keyword.
    """

    hours: float | None = None
    unit: str | None = None
    calibration: Mapping[str, float] = field(default_factory=dict)
    decay_correction: str | None = None
    ct: str | None = None
    nuclide: str | None = None
    header: Mapping[str, Any] = field(default_factory=dict)

    def calibrated(self, duration_s: float | None) -> Calibration | None:
        """The calibration, with the duration of the scan where it needs one."""
        given = dict(self.calibration)
        if not given:
            return None
        if "cps_per_MBq" in given and "duration_s" not in given and duration_s is not None:
            given["duration_s"] = duration_s
        return Calibration(**given)

    def merged(self, other: "SeriesSupplement", of: str) -> "SeriesSupplement":
        """
        Both together.

        Parameters
        ----------
        other : SeriesSupplement
        of : str
            Whose they are, for the refusal.

        Raises
        ------
        InvalidInput
            If they contradict each other.
        """
        values: dict[str, Any] = {}
        for f in fields(self):
            a, b = getattr(self, f.name), getattr(other, f.name)
            if f.name == "header":
                both = set(a) & set(b)
                if any(a[key] != b[key] for key in both):
                    raise _contradiction(of, f"header: {min(both)}")
                values["header"] = {**a, **b}
            else:
                if a and b and a != b:
                    raise _contradiction(of, f.name)
                values[f.name] = a if b in (None, {}) else b
        return SeriesSupplement(**values)


def _contradiction(of: str, key: str) -> InvalidInput:
    return InvalidInput(f"--supply says two things of {key!r} of {of}; give it once.")


@dataclass(frozen=True)
class Supplement:
    """
    What the user says of a DICOM study.

    Attributes
    ----------
    values : dict
        The keys of a case that are taken over as they are: patient_id, cycle, nuclide,
        administered_activity_MBq.
    administered_at : Moment or None
    time_zone : str
        Name of a zone or an offset, of all times whose zone is not told; empty if not given.
    series : dict of str to SeriesSupplement
        By UID, number, description or file of a series; `EVERY_SCAN` for all scans.
    time_points : tuple of SeriesSupplement
        In order of time.
    reference : int, str or None
        The time point, or the series of the scan, on which volumes of interest were drawn.
    labels, differences : dict or None
    without : tuple of str
        Names of structures that are left out.
    drawn_on : str or None
        The series with which segmentations of another frame of reference are aligned.
    options : Options or None
    asked : frozenset of str
        Names of the options that are given.
    header : dict
        Attributes of all scans by keyword.
    leave_out : tuple of str
        Series whose UID, number or description this is, and files and folders, are left out.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    administered_at: Moment | None = None
    time_zone: str = ""
    series: Mapping[str, SeriesSupplement] = field(default_factory=dict)
    time_points: tuple[SeriesSupplement, ...] = ()
    reference: int | str | None = None
    labels: Mapping[str, str] | None = None
    differences: Mapping[str, list[str]] | None = None
    without: tuple[str, ...] = ()
    drawn_on: str | None = None
    options: Options | None = None
    asked: frozenset[str] = frozenset()
    header: Mapping[str, Any] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()

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
        return supplement_from_dict(data)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None


def supplement_from_dict(data: Any) -> Supplement:
    """Check what a user supplies; see `read_supplement`."""
    _check_object("this", data, (*_KEYS, "schema"))
    values = {k: data[k] for k in ("patient_id", "cycle", "nuclide") if k in data}
    check_text("patient_id", values.get("patient_id", ""), empty=True)
    check_whole("cycle", values.get("cycle", 1), 1)
    check_text("nuclide", values.get("nuclide", ""), empty=True)
    if data.get("administered_activity_MBq") is not None:
        values["administered_activity_MBq"] = data["administered_activity_MBq"]
        check_number("administered_activity_MBq", values["administered_activity_MBq"])
    zone = data.get("time_zone", "")
    check_time_zone(zone)
    series = data.get("series", {})
    if not isinstance(series, dict):
        raise InvalidInput(
            f'series is {shown(series)}; expected a JSON object by series, as {{"5": {{"hours": 24}}}}.'
        )
    points = data.get("time_points", [])
    if not isinstance(points, list):
        raise InvalidInput(f"time_points is {shown(points)}; it must be a list, in order of time.")
    segmentation = data.get("segmentation") or {}
    _check_object("segmentation", segmentation, _SEGMENTATION_KEYS)
    header = data.get("header", {})
    _check_header("header", header)
    options = data.get("options")
    return Supplement(
        values=values,
        administered_at=_moment(data.get("administered_at")),
        time_zone=zone,
        series={
            str(key): _series(of, f"series[{shown(key)}]", _SERIES_KEYS)
            for key, of in series.items()
        },
        time_points=tuple(
            _series(of, f"time_points[{n}]", _POINT_KEYS) for n, of in enumerate(points)
        ),
        reference=_reference(data.get("reference_time_point")),
        labels=segmentation.get("labels"),
        differences=segmentation.get("differences"),
        without=_texts("segmentation: leave_out", segmentation.get("leave_out", [])),
        drawn_on=_selector("segmentation: drawn_on", segmentation.get("drawn_on")),
        options=None if options is None else Options.from_dict(options),
        asked=frozenset(map(str, options)) if isinstance(options, Mapping) else frozenset(),
        header=header,
        leave_out=_texts("leave_out", data.get("leave_out", [])),
    )


def _series(data: Any, where: str, keys: tuple[str, ...]) -> SeriesSupplement:
    _check_object(where, data, keys)
    hours, unit, nuclide = data.get("hours"), data.get("unit"), data.get("nuclide")
    correction, calibration = data.get("decay_correction"), data.get("calibration") or {}
    if hours is not None:
        check_number(f"{where}: hours", hours)
    if unit is not None:
        check_choice(f"{where}: unit", unit, UNITS)
    if correction is not None:
        check_choice(f"{where}: decay_correction", correction, CORRECTIONS)
    if nuclide is not None:
        check_text(f"{where}: nuclide", nuclide)
    _check_object(f"{where}: calibration", calibration, _CALIBRATION_KEYS)
    for key, value in calibration.items():
        check_number(f"{where}: {key}", value)
    header = data.get("header", {})
    _check_header(f"{where}: header", header)
    ct = "" if "ct" in data and data["ct"] is None else _selector(f"{where}: ct", data.get("ct"))
    return SeriesSupplement(hours, unit, calibration, correction, ct, nuclide, header)


def _check_object(where: str, data: Any, keys: tuple[str, ...]) -> None:
    if not isinstance(data, dict):
        raise InvalidInput(f"{where} is {shown(data)}; expected a JSON object.")
    for key in data:
        check_known(str(key), keys)


def _check_header(where: str, header: Any) -> None:
    from pydicom.datadict import tag_for_keyword

    if not isinstance(header, dict):
        raise InvalidInput(f"{where} is {shown(header)}; expected a JSON object.")
    for keyword, value in header.items():
        if tag_for_keyword(keyword) is None:
            raise InvalidInput(
                f"{where}: {shown(keyword)} is no keyword of a DICOM attribute, as SpacingBetweenSlices."
            )
        if isinstance(value, dict) or value is None:
            raise InvalidInput(f"{where}: {keyword} is {shown(value)}; expected a value or a list.")


def _selector(where: str, value: Any) -> str | None:
    """A series by number or text."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return None if value is None else str(value)
    check_text(where, value)
    return str(value)


def _reference(value: Any) -> int | str | None:
    if value is None or isinstance(value, str):
        return _selector("reference_time_point", value)
    check_whole("reference_time_point", value, 0)
    return int(value)


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidInput(f"{where} is {shown(value)}; it must be a list.")
    return tuple(map(str, value))


def _moment(text: Any) -> Moment | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise InvalidInput(
            f'administered_at is {shown(text)}; expected a date and time as "2024-01-31T09:30".'
        ) from None
    if len(text) <= len("2024-01-31"):
        raise InvalidInput(
            f'administered_at is {shown(text)}, a date without a time; expected both as "2024-01-31T09:30".'
        )
    return Moment(moment.replace(tzinfo=None), moment.utcoffset())
