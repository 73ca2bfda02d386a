"""The files of a folder, sorted into scans, CT series and segmentations."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..base.errors import InvalidInput
from ..dicom_files import kinds
from ..dicom_files.enhanced import frames_of
from ..dicom_files.folder import dicom_files, series_of
from ..dicom_files.header import Header
from ..dicom_files.remarks import say_once
from .computed_tomography import CtSeries, ct_series, is_localizer
from .spect_scan import Bed, Scan, nm_bed, pt_bed, scans_of
from .supplement import Supplement

_FEWEST_SLICES = 5
"""A CT of fewer is no volume of the patient: monitoring, or a test of the contrast."""


@dataclass
class Study:
    """
    The usable objects of a folder.

    Attributes
    ----------
    beds : list of Bed
    cts : list of CtSeries
    regions : list of Header
        Of SEG and RTSTRUCT objects.
    remarks : list of str
        What was assumed or left out.
    unusable : list of str
        Why objects that could have been SPECT or CT are none.
    faulty_cts : list of (str, InvalidInput)
        Frames of reference of CT series that are no volumes, and why not.
    left : Counter
        Other files by modality.
    """

    beds: list[Bed] = field(default_factory=list)
    cts: list[CtSeries] = field(default_factory=list)
    regions: list[Header] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    faulty_cts: list[tuple[str, InvalidInput]] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def add(self, series: list[Header]) -> None:
        """Take the files of a series for what they are."""
        first = series[0]
        kind = first.text("SOPClassUID")
        if kind == kinds.NM:
            self._add_nm(series)
        elif kind in (kinds.PT, *kinds.ENHANCED_PT):
            if "GATED" in first.text("SeriesType"):
                self._cannot_use(first, "SeriesType (0054,1000) is gated")
            else:
                self.beds.append(pt_bed(_frames(series), self.remarks))
        elif kind in (kinds.CT, *kinds.ENHANCED_CT):
            self._add_ct([header for header in _frames(series) if not is_localizer(header)])
        elif kind in (*kinds.SEGMENTATION, kinds.RTSTRUCT):
            self.regions += series
        else:
            self.left[first.text("Modality") or kind or "unknown"] += len(series)

    def _add_nm(self, series: list[Header]) -> None:
        for header in series:
            if why := kinds.why_unusable(header):
                self._cannot_use(header, why)
            else:
                self.beds.append(nm_bed(header, self.remarks))

    def _add_ct(self, images: list[Header]) -> None:
        if len(images) < _FEWEST_SLICES:
            if images:
                self.remarks.append(f"A CT of {len(images)} slices was left out.")
            return
        try:
            self.cts.append(ct_series(images, self.remarks))
        except InvalidInput as error:
            self.faulty_cts.append((images[0].text("FrameOfReferenceUID"), error))

    def _cannot_use(self, header: Header, why: str) -> None:
        self.unusable.append(f"{header.path} cannot be used: {why}.")
        # the path may hold the patient's name, and remarks go into reports
        self.remarks.append(
            f"The {header.text('Modality') or 'image'} of the series {header.text('SeriesNumber') or 'without a number'} "
            f"(SeriesNumber (0020,0011)) was left out: {why}."
        )

    def check_cts(self) -> None:
        """
        Leave a CT that is no volume out only where another is in the same frame of reference.

        Raises
        ------
        InvalidInput
            The fault of the CT.
        """
        for frame, fault in self.faulty_cts:
            if not any(frame == ct.header.text("FrameOfReferenceUID") for ct in self.cts):
                raise fault
            self.remarks.append(
                "A CT was left out because its slices make no volume; another is in the same frame of reference."
            )


def scan_of(headers: list[Header], remarks: list[str]) -> Scan:
    """
    The scan that some files show, as `read_study` finds it in a folder.

    Parameters
    ----------
    headers : list of Header
        Of one NM file, or of the slices of a PT series.
    remarks : list of str
        Added to.

    Raises
    ------
    InvalidInput
        If they show none, or what they need is not told.
    """
    study = Study()
    study.add(headers)
    if not study.beds:
        why = study.unusable[0] if study.unusable else f"{headers[0].path} is no SPECT."
        raise InvalidInput(why)
    (scan, *_) = scans_of(study.beds, study.remarks)
    remarks += [remark for remark in scan.remarks if remark not in remarks]
    return scan


def _frames(series: list[Header]) -> list[Header]:
    """Headers of single slices: the files, or the frames of enhanced ones."""
    if series[0].text("SOPClassUID") in (*kinds.ENHANCED_CT, *kinds.ENHANCED_PT):
        return [frame for header in series for frame in frames_of(header)]
    return series


def read_study(folder: Path, supplement: Supplement, progress: Callable[[float], object]) -> Study:
    """
    Sort the files of a folder, with all that lies below it.

    Raises
    ------
    InvalidInput
        If there is no SPECT, a file is damaged, or the files are of two patients.
    """
    study = Study()
    headers = dicom_files(folder, supplement.header, study.remarks, progress)
    headers = _once(headers, study.remarks)
    _check_one_patient(headers)
    for series in series_of(headers):
        if not _is_left_out(series[0], supplement):
            study.add(series)
    if not study.beds and study.unusable:
        raise InvalidInput(study.unusable[0])
    if not study.beds:
        raise InvalidInput(
            f"the folder {folder} holds no SPECT: neither an NM reconstruction nor a PT series (SOPClassUID (0008,0016)); "
            f"it has {dict(study.left) or 'CT and segmentations'}."
        )
    study.check_cts()
    if study.left:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(study.left.items()))
        study.remarks.append(
            f"Files that are neither SPECT, CT nor segmentation were left out: {kinds}."
        )
    return study


def _once(headers: list[Header], remarks: list[str]) -> list[Header]:
    """Each object once, however many copies lie about."""
    seen: dict[str, Header] = {}
    kept = []
    for header in headers:
        uid = header.text("SOPInstanceUID")
        if uid and uid in seen:
            other = seen[uid]
            if header.path.read_bytes() != other.path.read_bytes():
                raise header.refused(
                    "SOPInstanceUID", f"is that of {other.path}, but the files differ"
                )
            say_once(remarks, "Copies of files were left out.")
            continue
        seen[uid] = header
        kept.append(header)
    return kept


def _check_one_patient(headers: list[Header]) -> None:
    """Refuse two patients in a folder; without saying who they are."""
    first = None
    for header in headers:
        if not header.text("PatientID"):
            continue
        first = first or header
        if header.text("PatientID") != first.text("PatientID"):
            raise header.refused(
                "PatientID", f"differs from that in {first.path}; import each patient by itself"
            )


def _is_left_out(header: Header, supplement: Supplement) -> bool:
    own = {header.text(k) for k in ("SeriesDescription", "SeriesNumber", "SeriesInstanceUID") if k}
    return bool(own & set(supplement.leave_out) - {""})
