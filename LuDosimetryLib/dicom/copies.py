"""Objects that are there more than once, and patients that are."""

from typing import Any

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files.folder import read_header
from ..dicom_files.header import Header
from ..dicom_files.kinds import NEEDED
from .pixels import stored_values

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_NOT_COMPARED = {
    *("SpecificCharacterSet", "InstanceCreationDate", "InstanceCreationTime", "InstanceCreatorUID"),
    *("AccessionNumber", "InstitutionName", "InstitutionAddress", "ReferringPhysicianName"),
    *("StationName", "StudyDescription", "InstitutionalDepartmentName", "StudyID"),
    *("PhysiciansOfRecord", "PerformingPhysicianName", "OperatorsName", "RetrieveAETitle"),
    *("InstanceAvailability", "ReferencedStudySequence", "ReferencedPatientSequence"),
    *("ProcedureCodeSequence", "RequestAttributesSequence", "DataSetTrailingPadding"),
    *("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime"),
    *("PerformedProcedureStepID", "PerformedProcedureStepDescription"),
    *("IssuerOfPatientID", "LossyImageCompression", "PhotometricInterpretation"),
}
"""What archives rewrite when they store an object, and no number comes from."""
_PATIENT_GROUP, _PROTECTION_GROUP = 0x0010, 0x0012


def once(headers: list[Header], log: Log) -> list[Header]:
    """
    Each object once, however many copies lie about.

    Raises
    ------
    InvalidInput
        If two files claim to be the same object and hold different images or attributes.
    """
    seen: dict[str, Header] = {}
    kept, copies = [], 0
    for header in headers:
        uid = header.text("SOPInstanceUID")
        if uid and uid in seen:
            other = seen[uid]
            if header.text("SOPClassUID") in NEEDED and (why := _difference(header, other)):
                raise header.refused(
                    "SOPInstanceUID",
                    f"is that of {other.path}, but the files differ ({why}): leave one out by its name within the folder, "
                    '{"leave_out": [...]} with --supply FILE.json',
                )
            copies += 1
            continue
        seen[uid] = header
        kept.append(header)
    if copies:
        log.remark(f"Copies of files were left out: {copies}.")
    return kept


def _difference(a: Header, b: Header) -> str:
    """In what two files of one object differ, in a word; empty where in nothing that matters."""
    if a.path.read_bytes() == b.path.read_bytes():
        return ""
    first, second = (_compared(header.dataset) for header in (a, b))
    for tag in sorted({*first, *second}):
        ours, theirs = first.get(tag), second.get(tag)
        if tag.is_private and (ours is None or theirs is None):
            continue
        if ours is None or theirs is None or ours.value != theirs.value:
            return str((ours or theirs).keyword or tag)  # type: ignore[union-attr]
    if any(keyword in a.dataset for keyword in ("Rows", "Columns")):
        one, other = (read_header(header.path, pixels=True) for header in (a, b))
        if one is None or other is None or not _same_pixels(one, other):
            return "PixelData"
    return ""


def _compared(dataset: Any) -> dict[Any, Any]:
    return {
        element.tag: element
        for element in dataset
        if element.keyword not in (*_NOT_COMPARED, *_PIXELS)
        and element.tag.group not in (_PATIENT_GROUP, _PROTECTION_GROUP)
    }


def _same_pixels(a: Header, b: Header) -> bool:
    """Whether the stored values are the same, in whatever encoding."""
    if all(header.dataset.get(keyword) is None for header in (a, b) for keyword in _PIXELS):
        return True
    if a.dataset.get("PixelData") == b.dataset.get("PixelData"):
        return True
    try:
        return bool((stored_values(a) == stored_values(b)).all())
    except InvalidInput:
        return False


def check_one_patient(headers: list[Header], log: Log) -> None:
    """Refuse two patients in a folder; without saying who they are."""
    first = None
    told = {str(h.dataset.get("PatientID") or "") for h in headers if "PatientID" in h.given}
    if len(told - {""}) > 1:
        log.remark(
            "Files of different PatientID (0010,0020) were taken as of one patient, as the user says."
        )
    for header in headers:
        if not header.text("PatientID") or header.text("SOPClassUID") not in NEEDED:
            continue
        first = first or header
        if header.text("PatientID") != first.text("PatientID"):
            raise header.refused(
                "PatientID",
                f"differs from that in {first.path}; import each patient by itself, or if both are of one patient say so, "
                '{"header": {"PatientID": "..."}} with --supply FILE.json',
            )
