"""A folder of DICOM files to a case: time points, CT, volumes of interest, case.json."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import InvalidInput
from ..base.progress import Progress, no_progress
from ..base.storage import check_writable, staged
from ..case.case import Case
from ..case.options import Options
from ..case.parts import Segmentation, TimePoint
from ..dicom_files.availability import quiet, require_pydicom
from ..dicom_files.header import Header
from ..image.grid import Grid
from ..image.volume import write_volume
from ..result.result import check_inputs_kept
from ..tissue.nuclide import read_nuclide
from ..voi.write import Segment, write_segmentation
from .computed_tomography import CtSeries
from .ct_choice import ct_of_scan
from .source import FILE_NAME, source_of
from .spect_scan import Scan, scans_of
from .study_files import Study, read_study
from .supplement import Supplement
from .timing import Timing, timing_of
from .volumes_of_interest import contoured_series, frame_of_reference, volumes_of_interest

_NUCLIDE = "Lu-177"


def import_case(
    folder: Path,
    output: Path,
    supplement: Supplement,
    patient_id: str | None = None,
    progress: Progress = no_progress,
) -> Path:
    """
    Write the case of a patient's DICOM files; all of it, or nothing.

    Parameters
    ----------
    folder : Path
        Searched with all that lies below it. It is not changed.
    output : Path
        Receives spect_N.nrrd [the unit of the time point, at the start of the scan], ct_N.nrrd
        [HU], organs.seg.nrrd, dicom.json and case.json.
    supplement : Supplement
        What the headers lack.
    patient_id : str, optional
        How reports are to call the patient; without it a pseudonym made of the study's UID.
    progress : callable
        Of fraction and message.

    Returns
    -------
    Path
        Of case.json.

    Raises
    ------
    InvalidInput
        One sentence with file and tag.
    """
    check_inputs_kept(output, (folder,))
    check_writable(output)
    require_pydicom()
    with quiet():
        return _import(folder, output, supplement, patient_id, progress)


def _import(
    folder: Path,
    output: Path,
    supplement: Supplement,
    patient_id: str | None,
    progress: Progress,
) -> Path:
    progress(0.0, "reading the headers")
    study = read_study(folder, supplement, lambda part: progress(0.4 * part, "reading the headers"))
    scans = scans_of(study.beds, study.remarks, supplement)
    timing = timing_of(scans, supplement)
    remarks = list(dict.fromkeys([*study.remarks, *(r for s in scans for r in s.remarks)]))
    cts = [ct_of_scan(scan, study.cts, remarks) for scan in scans]
    if not study.cts:
        raise InvalidInput(
            f"the folder {folder} holds no CT series (SOPClassUID (0008,0016)); densities need one."
        )
    if all(ct is None for ct in cts):
        raise InvalidInput(
            f"{study.cts[0].header.path}: none of the {len(study.cts)} CT series belongs to a scan by FrameOfReferenceUID "
            "(0020,0052), StudyInstanceUID (0020,000D) or AcquisitionTime (0008,0032); leave all but one out with "
            '{"leave_out": [...]} by --supply FILE.json.'
        )
    regions, reference = _regions(study, scans, cts, supplement, remarks)
    with staged(output, _bytes(scans, study)) as stage:
        progress(0.4, "writing the CT")
        ct_files: dict[int, Path] = {}
        for n, ct in enumerate(cts, start=1):
            if ct is not None and id(ct) not in ct_files:
                ct_files[id(ct)] = stage / f"ct_{n}.nrrd"
                write_volume(ct_files[id(ct)], ct.read(), "[hnsf'U]")
        points = []
        for n, (scan, ct) in enumerate(zip(scans, cts, strict=True)):
            progress(0.6 + 0.3 * n / len(scans), f"writing the scan at {timing.hours[n]:g} h")
            points.append(
                _point(
                    n,
                    scan,
                    timing,
                    supplement,
                    stage,
                    None if ct is None else ct_files[id(ct)],
                    remarks,
                )
            )
        remarks += [r for scan in scans for r in scan.remarks if r not in remarks]
        progress(0.9, "writing the volumes of interest")
        segmentation = _segmentation(
            regions, reference, scans, cts, study, supplement, stage, remarks
        )
        if len({scan.beds[0].frame_of_reference for scan in scans}) > 1:
            remarks.append(
                "The scans have different frames of reference; they are taken as aligned with each other."
            )
        source_of(scans, cts, regions, reference, remarks).write(stage / FILE_NAME)
        case = Case(
            time_points=tuple(points),
            reference_time_point=reference,
            segmentation=segmentation,
            options=supplement.options or Options(),
            folder=stage,
            dicom=stage / FILE_NAME,
            **_particulars(scans, timing, supplement, patient_id, reference),
        )
        case.write(stage / "case.json")
    progress(1.0, "case written")
    return output / "case.json"


def _bytes(scans: list[Scan], study: Study) -> int:
    grids: list[Grid] = [bed.stack.grid for scan in scans for bed in scan.beds]
    return sum(4 * int(np.prod(g.shape)) for g in grids + [ct.stack.grid for ct in study.cts])


def _point(
    n: int,
    scan: Scan,
    timing: Timing,
    supplement: Supplement,
    stage: Path,
    ct: Path | None,
    remarks: list[str],
) -> TimePoint:
    given = supplement.point(n)
    unit = scan.unit(given.unit)
    duration_s = scan.duration_s
    calibration = given.calibrated(duration_s) if unit == "counts" else None
    if unit == "counts" and calibration is None:
        raise scan.header.refused(
            "Units" if scan.header.text("Modality") == "PT" else "RealWorldValueMappingSequence",
            f'gives no activity, the scan at {timing.hours[n]:.4g} h is in counts; give "calibration" '
            '({"cps_per_MBq": ..., "duration_s": ...} or {"Bq_per_count": ...}) of each time point with --supply FILE.json',
        )
    if given.calibration and unit != "counts":
        raise scan.header.refused(
            "Units",
            f"makes the scan at {timing.hours[n]:.4g} h {unit}, which needs no calibration; take it out of --supply",
        )
    if calibration is not None and "duration_s" not in given.calibration and calibration.duration_s:
        remarks.append(
            f"The scan at {timing.hours[n]:.4g} h took {calibration.duration_s:g} s by its header: {scan.beds[0].duration_by}."
        )
    nuclide = read_nuclide(supplement.values.get("nuclide", _NUCLIDE))
    decay = scan.decay(given.decay_correction, timing.hours[n], nuclide, remarks)
    volume = scan.read(decay, given.unit)
    path = stage / f"spect_{n + 1}.nrrd"
    write_volume(path, volume, {"counts": "{counts}"}.get(unit, unit))
    return TimePoint(timing.hours[n], path, ct, unit, calibration)


def _regions(
    study: Study,
    scans: list[Scan],
    cts: list[CtSeries | None],
    supplement: Supplement,
    remarks: list[str],
) -> tuple[list[Header], int]:
    """The segmentations to use, and the time point they were drawn on."""
    frames = []
    for scan, ct in zip(scans, cts, strict=True):
        own = {scan.beds[0].frame_of_reference}
        frames.append((own | {ct.header.text("FrameOfReferenceUID")} if ct else own) - {""})
    given = supplement.values.get("reference_time_point")
    order = range(len(scans)) if given is None else [given]
    for n in order:
        if not 0 <= n < len(scans):
            raise InvalidInput(
                f"reference_time_point is {n}; allowed: 0 to {len(scans) - 1} (there are {len(scans)} scans)."
            )
        own_regions = [h for h in study.regions if frame_of_reference(h) in frames[n]]
        if own_regions:
            if len(own_regions) < len(study.regions):
                remarks.append("Segmentations in other frames of reference were left out.")
            return own_regions, n
    if study.regions:
        remarks.append(
            "The segmentation has another frame of reference than the scans; it is taken as aligned with them."
        )
    return study.regions, given or 0


def _segmentation(
    regions: list[Header],
    reference: int,
    scans: list[Scan],
    cts: list[CtSeries | None],
    study: Study,
    supplement: Supplement,
    stage: Path,
    remarks: list[str],
) -> Segmentation | None:
    if not regions:
        remarks.append("There is no SEG or RTSTRUCT; the case has no volumes of interest.")
        return None
    ct = cts[reference] or next(ct for ct in [*cts, *study.cts] if ct is not None)
    grids = {ct.header.text("SeriesInstanceUID"): ct.stack.grid for ct in study.cts}
    for scan in scans:
        if len(scan.beds) == 1:
            grids[scan.header.text("SeriesInstanceUID")] = scan.beds[0].stack.grid
    grids.pop("", None)
    for header in regions:
        drawn_on = contoured_series(header)
        if drawn_on and not drawn_on & set(grids):
            remarks.append(
                "The RTSTRUCT was drawn on a series that is not here; its contours were put on the slices of the CT."
            )
    masks, grid = volumes_of_interest(regions, ct.stack.grid, grids, remarks)
    if not masks:
        return None
    named = [Segment(name, mask) for name, mask in masks.items()]
    if len({segment.identity for segment in named}) < len(named):
        raise InvalidInput(
            f"{regions[0].path}: names of volumes of interest differ in blanks and hyphens only; rename them."
        )
    path = stage / "organs.seg.nrrd"
    write_segmentation(path, named, grid)
    labels = {segment.identity: segment.name for segment in named}
    return Segmentation(
        path,
        labels if supplement.labels is None else supplement.labels,
        supplement.differences or {},
    )


def _particulars(
    scans: list[Scan],
    timing: Timing,
    supplement: Supplement,
    patient_id: str | None,
    reference: int,
) -> dict[str, Any]:
    """Patient, cycle, nuclide and activity of the case."""
    values = dict(supplement.values)
    values.pop("reference_time_point", None)
    values.setdefault("nuclide", _NUCLIDE)
    if timing.administered_MBq is not None:
        values.setdefault("administered_activity_MBq", timing.administered_MBq)
    if patient_id is not None:
        values["patient_id"] = patient_id
    study = scans[reference].header.text("StudyInstanceUID")
    values.setdefault("patient_id", f"patient-{hashlib.sha256(study.encode()).hexdigest()[:8]}")
    return values
