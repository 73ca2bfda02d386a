"""The usable objects of a study: scans, CT series and segmentations, sorted from series of files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files import kinds
from ..dicom_files.enhanced import frames_of
from ..dicom_files.folder import series_of
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment, acquired, zone_of
from .bed import Bed, leaving_out_offered, nm_bed, nm_slices_bed, pt_beds
from .computed_tomography import CtSeries, ct_series, ct_start
from .radionuclide import OtherNuclide, of_lutetium, radiopharmaceuticals
from .series_names import Identity, is_named, shown_series
from .spect_scan import Scan, in_session
from .supplement import EVERY_SCAN, NOTHING, SeriesSupplement, Supplement

_FEWEST_SLICES = 5
"""A CT of fewer is no volume of the patient: monitoring, or a test of the contrast."""
_SAME_SCAN_H = 2.0
_LOCALIZERS = "localizers"


@dataclass(frozen=True)
class FaultyCt:
    """A CT series that is no volume, and why not."""

    frame_of_reference: str
    start: Moment | None
    fault: InvalidInput


@dataclass
class Study:
    """
    The usable objects of a folder.

    Attributes
    ----------
    folder : Path
    log : Log
        Takes remarks on what was assumed or left out.
    supplement : Supplement
    identity : Identity
    beds : list of Bed
    cts : list of CtSeries
    regions : list of Header
        SEG and RTSTRUCT objects.
    unusable : list of str
        Why objects that could have been SPECT or CT are none.
    other_nuclides : list of (list of Header, OtherNuclide)
        Scans of other nuclides than 177Lu, and what says so.
    faulty_cts : list of FaultyCt
    projections : list of (Header, Moment or None)
        Tomograms that are not reconstructed.
    left : Counter
        Other files by modality.
    """

    folder: Path = field(default_factory=Path)
    log: Log = field(default_factory=Log)
    supplement: Supplement = NOTHING
    identity: Identity = field(default_factory=lambda: Identity([]))
    beds: list[Bed] = field(default_factory=list)
    cts: list[CtSeries] = field(default_factory=list)
    regions: list[Header] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    other_nuclides: list[tuple[list[Header], OtherNuclide]] = field(default_factory=list)
    faulty_cts: list[FaultyCt] = field(default_factory=list)
    projections: list[tuple[Header, Moment | None]] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def add(self, series: list[Header]) -> None:
        """Take the files of a series for what they are."""
        first = series[0]
        kind = first.text("SOPClassUID")
        with leaving_out_offered(first):
            if kind == kinds.NM:
                self._add_nm(series)
            elif kind in (kinds.PT, *kinds.ENHANCED_PT):
                self._add_pt(series)
            elif kind in (kinds.CT, *kinds.ENHANCED_CT):
                self._add_ct(series)
            elif kind in (*kinds.SEGMENTATION, kinds.RTSTRUCT):
                self.regions += series
            else:
                self.left[first.text("Modality") or kind or "unknown"] += len(series)

    def _add_nm(self, series: list[Header]) -> None:
        slices: dict[tuple[str, ...], list[Header]] = {}
        for header in series:
            if why := kinds.why_unusable(header):
                if kinds.is_unclear(header):
                    remedy = header.remedy(
                        '"header": {"ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]}'
                    )
                    raise header.refused(
                        "ImageType",
                        f"does not say what it is ({why}); if it is a reconstructed tomogram, give {remedy} with "
                        "--supply FILE.json",
                    )
                self._cannot_use(header, why)
            elif self._is_of_lutetium([header]):
                if header.number("NumberOfFrames") in (None, 1.0):
                    key = [header.text(k) for k in ("AcquisitionDate", "AcquisitionTime")]
                    slices.setdefault(tuple(key), []).append(header)
                else:
                    self.beds.append(nm_bed(header, self.log, self.given(header)))
        if slices and all(len(split) == 1 for split in slices.values()):
            slices = {(): [header for split in slices.values() for header in split]}
        for split in slices.values():
            self.beds.append(nm_slices_bed(split, self.log, self.given(split[0])))
            self.log.remark(f"A scan of {len(split)} files of one slice each was put together.")

    def _add_pt(self, series: list[Header]) -> None:
        if why := kinds.why_no_pt_volume(series[0]):
            self._cannot_use(series[0], why)
        elif self._is_of_lutetium(series):
            self.beds += pt_beds(_frames(series), self.log, self.given)

    def _add_ct(self, series: list[Header]) -> None:
        try:
            with leaving_out_offered(series[0]):
                self.cts += self._volumes(self._ct_slices(_frames(series)))
        except InvalidInput as error:
            frame = series[0].text("FrameOfReferenceUID")
            self.faulty_cts.append(FaultyCt(frame, ct_start(series, Log()), error))

    def _ct_slices(self, images: list[Header]) -> list[Header]:
        """The images of a CT series that are slices of a volume; none where they are too few."""
        others = Counter(map(kinds.why_no_ct_slice, images))
        for why in sorted(set(others) - {"", _LOCALIZERS}):
            self.log.remark(f"{others[why]} CT images were left out: {why}.")
        slices = [image for image in images if not kinds.why_no_ct_slice(image)]
        if 0 < len(slices) < _FEWEST_SLICES:
            self.log.remark(f"A CT of {len(slices)} slices was left out.")
            return []
        return slices

    def _volumes(self, slices: list[Header]) -> list[CtSeries]:
        """The volume of the slices of a CT series; several where it holds several acquisitions."""
        if not slices:
            return []
        try:
            return [ct_series(slices, self.log)]
        except InvalidInput:
            parts: dict[str, list[Header]] = {}
            for header in slices:
                parts.setdefault(header.text("AcquisitionNumber"), []).append(header)
            large = [part for part in parts.values() if len(part) >= _FEWEST_SLICES]
            if len(parts) < 2 or not large:
                raise
            found = [ct_series(part, self.log) for part in large]
        self.log.remark(
            f"The CT of {shown_series(slices[0], self.identity)} was taken apart by AcquisitionNumber (0020,0012)."
        )
        return found

    def _is_of_lutetium(self, files: list[Header]) -> bool:
        """Whether the files of a scan are of 177Lu, as far as it can be told; if not they are put aside."""
        header = files[0]
        if self.given(header).nuclide is not None:
            return True
        try:
            of_lutetium(radiopharmaceuticals(header, Log()), header, Log())
        except OtherNuclide as error:
            if error.is_doubtful and "nuclide" not in self.supplement.values:
                raise
            self.other_nuclides.append((files, error))
            return False
        return True

    def given(self, header: Header) -> SeriesSupplement:
        """What the user says of a header's series."""
        given = SeriesSupplement()
        for name, entry in self.supplement.series.items():
            if name == EVERY_SCAN or is_named(header, name, self.folder):
                given = given.merged(entry, f"the series {header.series}")
        return given

    def _cannot_use(self, header: Header, why: str) -> None:
        self.unusable.append(f"{header.path} cannot be used: {why}.")
        if kinds.is_raw_tomogram(header):
            self.projections.append((header, _start(header)))
        # the path may hold the patient's name, and remarks go into reports
        self.log.remark(
            f"The {header.text('Modality') or 'image'} of the series {header.text('SeriesNumber') or 'without a number'} "
            f"(SeriesNumber (0020,0011)) was left out: {why}."
        )

    def settle_nuclides(self) -> None:
        """
        Leave scans of other nuclides out where there are some of 177Lu.

        Raises
        ------
        InvalidInput
            If all scans are of another nuclide, and the user does not say that it is 177Lu.
        """
        if self.other_nuclides and not self.beds:
            if "nuclide" not in self.supplement.values:
                raise self.other_nuclides[0][1].of_all()
            said = SeriesSupplement(nuclide=str(self.supplement.values["nuclide"]))
            every = self.supplement.series.get(EVERY_SCAN, SeriesSupplement()).merged(
                said, "every scan"
            )
            series = {**self.supplement.series, EVERY_SCAN: every}
            self.supplement = replace(self.supplement, series=series)
            files = [header for found, _ in self.other_nuclides for header in found]
            self.other_nuclides = []
            for found in series_of(files):
                self.add(found)
        for (header, *_), other in self.other_nuclides:
            start = _start(header)
            remedy = header.remedy('"nuclide": "Lu-177"')
            self.log.remark(
                f"The {header.text('Modality')} of {shown_series(header, self.identity)}{f' of {start}' if start else ''} was left out: "
                f"it is of {other.named}. If it was Lu-177, give {remedy} with --supply FILE.json."
            )

    def check_cts(self, without: Sequence[Scan]) -> None:
        """
        Leave a CT that is no volume out where no scan needs it.

        Parameters
        ----------
        without : sequence of Scan
            The scans that have no CT.

        Raises
        ------
        InvalidInput
            The fault of the CT.
        """
        frames = {scan.frame_of_reference for scan in without} - {""}
        for ct in self.faulty_cts:
            near = ct.start is not None and any(in_session(scan, ct.start) for scan in without)
            if not self.cts or near or ct.frame_of_reference in frames:
                raise ct.fault
            self.log.remark(
                "A CT was left out because its slices make no volume; no scan needs it."
            )

    def check_projections(self, scans: list[Scan]) -> None:
        """Remark on projections of a time at which there is no scan."""
        for header, start in self.projections:
            if start is not None and not any(
                scan.start is not None and abs(start.hours_since(scan.start)) < _SAME_SCAN_H
                for scan in scans
            ):
                self.log.remark(
                    f"The projections of {shown_series(header, self.identity)} of {start} have no reconstruction in the folder: a time "
                    "point may be missing."
                )


def _start(header: Header) -> Moment | None:
    try:
        return acquired(header, zone_of(header), Log())
    except InvalidInput:
        return None


def _frames(series: list[Header]) -> list[Header]:
    """Headers of single slices: the files, or the frames of enhanced ones."""
    if series[0].text("SOPClassUID") in (*kinds.ENHANCED_CT, *kinds.ENHANCED_PT):
        return [frame for header in series for frame in frames_of(header)]
    return series
