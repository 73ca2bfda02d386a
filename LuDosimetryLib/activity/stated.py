"""What the files of a case state of themselves, compared with the case and with each other."""

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from ..base.checks import shown
from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.wording import listed
from ..case.case import Case
from ..case.parts import TimePoint
from ..dicom_files.availability import missing_packages
from ..dicom_files.folder import read_header
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment, acquired, date_time, zone_of
from ..image.grid import Grid
from ..image.headers import stated_grid, stated_unit

__all__ = ["check_stated"]

_SAME_UNIT = {
    "bq/ml": "Bq/mL", "bq/cm3": "Bq/mL", "bqml": "Bq/mL", "bq": "Bq",
    "counts": "counts", "{counts}": "counts", "count": "counts", "cnts": "counts",
}  # fmt: skip
_NO_UNIT = ("", "1", "none", "propcnts", "na", "n/a")
_CLOCKS_AGREE_H = 2.0
"""By which the hours of a case may differ from those of the headers: a zone, or summer time."""


def check_stated(case: Case, log: Log) -> None:
    """
    Compare what image files state (unit, geometry, and of DICOM time and patient) with the case.

    Parameters
    ----------
    case : Case
    log : Log
        Receives the warnings: hours and a patient's ID that differ.

    Raises
    ------
    InvalidInput
        For a unit other than the case's, an image without geometry beside one of the same shape
        with one, and files of different patients.
    """
    headers = {path: _dicom_header(path) for path in case.images}
    for point in case.time_points:
        _check_unit(point, headers[point.spect])
    _check_geometries(case, log)
    _check_patient(case, headers, log)
    _check_hours(case, headers, log)


def _dicom_header(path: Path) -> Header | None:
    """Header of a DICOM file, or of the first of a folder; None for anything else."""
    files = sorted(path.iterdir())[:8] if path.is_dir() else [path] if path.is_file() else []
    for file in files:
        if not file.is_file() or not _is_dicom(file) or missing_packages(("pydicom",)):
            continue
        if (header := read_header(file)) is not None:
            return header
    return None


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(128)
        return file.read(4) == b"DICM"


def _check_unit(point: TimePoint, header: Header | None) -> None:
    """Refuse a scan whose file states another unit than the case."""
    stated = header.text("Units") if header is not None else stated_unit(point.spect)
    if stated.lower() in _NO_UNIT:
        return
    if _SAME_UNIT.get(stated.lower()) != point.unit:
        raise InvalidInput(
            f"SPECT at {point.hours:g} h: {point.spect} states the unit {shown(stated)}, but the case has unit "
            f'"{point.unit}": correct the one that is wrong, or save the image in that unit.'
        )


def _check_geometries(case: Case, log: Log) -> None:
    """Refuse an image without geometry of the shape of another that has one; warn of any other."""
    found: dict[Path, Grid] = {}
    for path in case.images:
        grid = stated_grid(path)
        if grid is not None:
            found[path] = grid
    for path, grid in found.items():
        if not grid.is_default:
            continue
        like = [p for p, g in found.items() if g.shape == grid.shape and not g.is_default]
        if like:
            raise InvalidInput(
                f"{path} states no geometry (voxels of 1 mm from the origin) and has the shape of {like[0]}, which does: "
                "save it with the geometry of the image that it belongs to."
            )
        log.remark(
            f"{path.name} has voxels of exactly 1 mm from the origin, as an image without geometry: check its voxel size."
        )


def _check_patient(case: Case, headers: dict[Path, Header | None], log: Log) -> None:
    """Refuse files of different patients; warn of another patient than the case names."""
    by_patient: dict[str, Path] = {}
    for path, header in headers.items():
        if header is not None and (patient := header.text("PatientID")):
            by_patient.setdefault(patient, path)
    if len(by_patient) > 1:
        files = [path.name for path in by_patient.values()]
        raise InvalidInput(
            f"{listed(files)} are of different patients by their PatientID; a case has the images of one."
        )
    for patient, path in by_patient.items():
        if case.patient_id and patient != case.patient_id:
            log.remark(
                f"{path.name} has another PatientID than the patient_id of the case: check that it is the same patient."
            )


def _check_hours(case: Case, headers: dict[Path, Header | None], log: Log) -> None:
    """Warn of scans whose headers give other times than the case."""
    times: list[tuple[TimePoint, Moment]] = []
    for point in case.time_points:
        header = headers[point.spect]
        start = None if header is None else _start(header)
        if header is None or start is None:
            continue
        times.append((point, start))
        given = _administration(header)
        if given is not None:
            _compare_hours(point, start.hours_since(given), "the administration", point.hours, log)
    for (first, earlier), (second, later) in pairwise(times):
        what = f"the scan at {first.hours:g} h"
        _compare_hours(second, later.hours_since(earlier), what, second.hours - first.hours, log)


def _compare_hours(
    point: TimePoint, by_header: float, since: str, by_case: float, log: Log
) -> None:
    if abs(by_header - by_case) > _CLOCKS_AGREE_H:
        log.remark(
            f"SPECT at {point.hours:g} h: by its header {point.spect.name} was taken {by_header:.4g} h after {since}, but "
            f"by the case {by_case:.4g} h: check the hours."
        )


def _start(header: Header) -> Moment | None:
    """Start of the acquisition; None where the header does not state it."""
    try:
        return acquired(header, zone_of(header), Log())
    except InvalidInput:
        return None


def _administration(header: Header) -> Moment | None:
    """Time of the administration; None where the header does not state it."""
    for item in header.items("RadiopharmaceuticalInformationSequence"):
        with suppress(InvalidInput):
            found = date_time(item, "RadiopharmaceuticalStartDateTime", zone_of(header))
            if found is not None:
                return found
    return None
