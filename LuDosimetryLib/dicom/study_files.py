"""The files of a folder, sorted into scans, CT series and segmentations."""

from collections.abc import Iterator
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files import kinds
from ..dicom_files.folder import dicom_files, series_of
from ..dicom_files.header import Header
from .computed_tomography import CtSeries
from .copies import check_one_patient, once
from .scan_sorting import scans_of
from .series_names import Identity, is_file_named, is_named, no_such_series, with_names
from .spect_scan import Scan
from .study import Study
from .supplement import EVERY_SCAN, PATIENT_KEYWORDS, Supplement

_SCANS = (kinds.NM, kinds.PT, *kinds.ENHANCED_PT)


def scan_of(headers: list[Header], log: Log) -> Scan:
    """
    The scan that some files show, as `read_study` finds it in a folder.

    Parameters
    ----------
    headers : list of Header
        Of one NM file, or of the slices of a PT series.
    log : Log

    Raises
    ------
    InvalidInput
        If they show none, or what they need is not told.
    """
    study = Study(folder=headers[0].path.parent, log=log)
    study.add(headers)
    study.settle_nuclides()
    if not study.beds:
        why = study.unusable[0] if study.unusable else f"{headers[0].path} is no SPECT."
        raise InvalidInput(why)
    (scan, *_) = scans_of(study.beds, study.log)
    return scan


def cts_of(headers: list[Header], log: Log) -> list[CtSeries]:
    """
    The CT volumes that the files of a series hold, as `read_study` finds them in a folder.

    Raises
    ------
    InvalidInput
        If its slices make no volume.
    """
    study = Study(folder=headers[0].path.parent, log=log)
    study.add(headers)
    study.check_cts([])
    return study.cts


def read_study(folder: Path, supplement: Supplement, log: Log) -> Study:
    """
    Sort the files of a folder, with all that lies below it.

    Raises
    ------
    InvalidInput
        If there is no SPECT, a file that is needed is damaged, or the files are of two patients.
    """
    headers = dicom_files(
        folder,
        log,
        lambda file: any(is_file_named(file, name) for name in supplement.leave_out),
        lambda file, found: Identity(found).hidden(file),
    )
    identity = Identity(headers)
    headers = list(with_names(headers))
    _check_names(headers, folder, supplement)
    headers = [
        h for h in headers if not any(is_named(h, name, folder) for name in supplement.leave_out)
    ]
    study = Study(folder, log, supplement, identity)
    headers = [header.supplied(dict(_supplied(header, study)), header.series) for header in headers]
    headers = once(headers, log)
    check_one_patient(headers, log)
    for series in series_of(headers):
        study.add(series)
    study.settle_nuclides()
    if not study.beds and study.unusable:
        raise InvalidInput(study.unusable[0])
    if not study.beds:
        raise InvalidInput(
            f"the folder {folder} holds no SPECT: neither an NM reconstruction nor a PT series (SOPClassUID (0008,0016)); "
            f"it has {dict(study.left) or 'CT and segmentations'}."
        )
    if study.left:
        found = ", ".join(f"{count} {kind}" for kind, count in sorted(study.left.items()))
        log.remark(f"Files that are neither SPECT, CT nor segmentation were left out: {found}.")
    return study


def _supplied(header: Header, study: Study) -> Iterator[tuple[str, object]]:
    """Attributes that the user supplies for a header: of the patient, of all scans, of its series."""
    is_scan = header.text("Modality") in ("NM", "PT") or header.text("SOPClassUID") in _SCANS
    for keyword, value in study.supplement.header.items():
        if is_scan or keyword in PATIENT_KEYWORDS:
            yield keyword, value
    for name, entry in study.supplement.series.items():
        if (name == EVERY_SCAN and is_scan) or is_named(header, name, study.folder):
            yield from entry.header.items()


def _check_names(headers: list[Header], folder: Path, supplement: Supplement) -> None:
    """Refuse names of series in the supplement that are those of none."""
    for where, names in (("leave_out", supplement.leave_out), ("series", supplement.series)):
        for name in names:
            there = (folder / name).exists() and where == "leave_out"
            if (
                name != EVERY_SCAN
                and not there
                and not any(is_named(h, name, folder) for h in headers)
            ):
                raise no_such_series(where, name, headers)
