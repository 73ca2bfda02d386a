"""What a case remembers of the DICOM study it comes from: dicom.json beside case.json."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import InvalidInput
from ..base.storage import write_atomically
from .scan_list import without_dates

if TYPE_CHECKING:
    from ..dicom_files.header import Header
    from .computed_tomography import CtSeries
    from .spect_scan import Scan

FILE_NAME = "dicom.json"
SCHEMA = "ludosimetry-dicom/1"

PATIENT_KEYWORDS = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
NO_REGIONS = "There is no SEG or RTSTRUCT; the case has no volumes of interest."
"""Remark of an import that holds as long as the case has no segmentation."""
_OWNER_ONLY = 0o600
STUDY_KEYWORDS = (
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
    "ReferringPhysicianName",
)


@dataclass(frozen=True)
class SourceSeries:
    """
    A series that a case was made of.

    Attributes
    ----------
    role : str
        "spect", "ct" or "segmentation".
    time_point : int or None
    study, series : str
        Instance UIDs.
    instances : list of [SOP class UID, SOP instance UID]
    """

    role: str
    time_point: int | None
    study: str
    series: str
    instances: list[list[str]]


@dataclass(frozen=True)
class DicomSource:
    """
    The study of a case's reference time point, to which the objects of the result belong.

    Attributes
    ----------
    patient, study : dict of str to str
        Attributes by keyword. They identify the patient, and go into DICOM objects only.
    frame_of_reference : str
        UID, that of the reference SPECT.
    series : list of SourceSeries
    remarks : list of str
        What the import assumed; see `remarks_for`.
    """

    patient: Mapping[str, str]
    study: Mapping[str, str]
    frame_of_reference: str
    series: list[SourceSeries] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write the file, complete or not at all, for its owner's eyes only: it says who the patient is."""
        data = {"schema": SCHEMA, **asdict(self)}
        with write_atomically(path) as file:
            Path(file.name).chmod(_OWNER_ONLY)
            file.write((json.dumps(data, indent=1) + "\n").encode())

    def remarks_for(self, has_segmentation: bool) -> list[str]:
        """What the import assumed and still holds: warnings of a result."""
        return [text for text in self.remarks if text != NO_REGIONS or not has_segmentation]

    def anonymous(self, pseudonym: str) -> "DicomSource":
        """The same source without patient, dates, and UIDs of the study, whose exports bear a pseudonym."""
        from pydicom.uid import generate_uid  # pydicom is needed for imports alone

        return DicomSource(
            patient={keyword: "" for keyword in PATIENT_KEYWORDS}
            | {"PatientName": pseudonym, "PatientID": pseudonym},
            study={keyword: "" for keyword in STUDY_KEYWORDS}
            | {"StudyInstanceUID": str(generate_uid(prefix=None))},
            frame_of_reference=str(generate_uid(prefix=None)),
            series=[],
            remarks=[without_dates(remark) for remark in self.remarks],
        )


def source_of(
    scans: "list[Scan]",
    cts: "list[CtSeries | None]",
    regions: "list[Header]",
    reference: int,
    remarks: list[str],
) -> DicomSource:
    """
    What to remember of a study.

    Parameters
    ----------
    scans : list of Scan
    cts : list of CtSeries or None
        Of each scan.
    regions : list of Header
        The segmentations.
    reference : int
        The scan whose study the result is to belong to.
    remarks : list of str
        What the import assumed.
    """
    header = scans[reference].header
    series = []
    for n, (scan, ct) in enumerate(zip(scans, cts, strict=True)):
        headers = [h for bed in scan.beds for h in bed.stack.headers]
        series += _series("spect", n, headers)
        if ct is not None:
            series += _series("ct", n, ct.stack.headers)
    series += _series("segmentation", None, regions)
    return DicomSource(
        patient={k: header.text(k) for k in PATIENT_KEYWORDS},
        study={k: header.text(k) for k in STUDY_KEYWORDS},
        frame_of_reference=scans[reference].beds[0].frame_of_reference,
        series=series,
        remarks=remarks,
    )


def _series(role: str, time_point: int | None, headers: "list[Header]") -> list[SourceSeries]:
    found: dict[tuple[str, str], SourceSeries] = {}
    for header in headers:
        uids = (header.text("StudyInstanceUID"), header.text("SeriesInstanceUID"))
        instance = [header.text("SOPClassUID"), header.text("SOPInstanceUID")]
        if all((*uids, *instance)):
            entry = found.setdefault(uids, SourceSeries(role, time_point, *uids, instances=[]))
            if instance not in entry.instances[-1:]:  # frames of one file follow each other
                entry.instances.append(instance)
    return list(found.values())


def read_source(path: Path) -> DicomSource:
    """
    Read what `DicomSource.write` wrote.

    Raises
    ------
    InvalidInput
        If the file is missing or not of this kind.
    """
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("schema") != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        series = [SourceSeries(**entry) for entry in data.pop("series")]
        source = DicomSource(**data, series=series)
        _check(source)
    except OSError as error:
        raise InvalidInput(f"dicom: {path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(
            f"dicom: {path} is no file that dicom-import wrote ({error}); import again, or take the key 'dicom' out."
        ) from None
    return source


def _check(source: DicomSource) -> None:
    texts = [*source.patient.values(), *source.study.values(), source.frame_of_reference]
    texts += source.remarks
    for series in source.series:
        texts += [series.role, series.study, series.series]
        texts += [text for instance in series.instances for text in instance]
        if any(len(instance) != 2 for instance in series.instances):
            raise ValueError("an instance is no pair of UIDs")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a value is no text")
    if not source.study.get("StudyInstanceUID"):
        raise ValueError("the study has no StudyInstanceUID")
