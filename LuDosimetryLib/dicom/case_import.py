"""A folder of DICOM files to a case: time points, CT, volumes of interest, case.json."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.progress import Progress, no_progress
from ..base.storage import check_outside, check_writable, staged
from ..case.case import Case
from ..case.options import Options
from ..case.parts import Calibration, TimePoint
from ..dicom_files.availability import quiet, require_pydicom
from ..image.volume import Volume, write_volume
from ..tissue.nuclide import read_nuclide
from . import scan_list
from .computed_tomography import CtSeries
from .ct_choice import CtChoice
from .regions import regions_of, write_regions
from .scan_sorting import scans_of
from .source import FILE_NAME, source_of
from .spect_scan import Scan, why_apart
from .study import Study
from .study_files import read_study
from .supplement import Supplement
from .timing import Timing, timing_of

_NUCLIDE = "Lu-177"
_REGISTRATION = "rigid"


def import_case(
    folder: Path,
    output: Path,
    supplement: Supplement,
    patient_id: str | None = None,
    progress: Progress = no_progress,
    anonymous: bool = False,
) -> Path:
    """
    Write the case of a patient's DICOM files; all of it, or nothing.

    Parameters
    ----------
    folder : Path
        Searched with all that lies below it. It is not changed.
    output : Path
        Receives spect_N.nrrd [the unit of the time point, at the start of the scan], ct_N.nrrd
        [HU], organs.seg.nrrd, import.json (the list of scans), dicom.json (what exports need, with
        the patient's name and birth date, for its owner's eyes only) and case.json.
    supplement : Supplement
        What the headers lack.
    patient_id : str, optional
        How reports are to call the patient; without it a pseudonym made of the study's UID.
    progress : callable
        ``(fraction, message)``.
    anonymous : bool
        Whether dicom.json, and with it the exports, is to bear the pseudonym alone.

    Returns
    -------
    Path
        The path of case.json.

    Raises
    ------
    InvalidInput
        One sentence with file and tag.
    """
    check_outside(output, (folder,))
    check_writable(output)
    require_pydicom()
    with quiet():
        return _import(folder, output, supplement, patient_id, Log(progress), anonymous)


@dataclass(frozen=True)
class _Found:
    """What an import writes: the study, its scans in order of time, and the CT of each."""

    study: Study
    timing: Timing
    cts: list[CtSeries | None]

    @property
    def scans(self) -> list[Scan]:
        return self.timing.scans


def _import(
    folder: Path,
    output: Path,
    supplement: Supplement,
    patient_id: str | None,
    log: Log,
    anonymous: bool,
) -> Path:
    study = read_study(folder, supplement, log.part(0.4, "reading the headers"))
    supplement = study.supplement
    timing = timing_of(scans_of(study.beds, log, supplement, study.identity), supplement)
    study.check_projections(timing.scans)
    found = _Found(study, timing, _cts(study, timing, log))
    regions = regions_of(study, found.scans, found.cts, log)
    with staged(output, _bytes(found)) as stage:
        ct_files = _write_cts(found, stage, log.part(0.2, "writing the CT"))
        writing = log.part(0.3)
        points, listed = [], []
        for n, (scan, ct) in enumerate(zip(found.scans, found.cts, strict=True)):
            writing.at(n / len(found.scans), f"writing the scan at {timing.hours[n]:g} h")
            point, volume = _point(n, found, supplement, stage, ct_files, log)
            points.append(point)
            counted = point.calibration
            per_count = None if counted is None else counted.activity_per_count_Bq
            total = scan_list.activity_in_view_MBq(volume, point.unit, per_count)
            listed.append(
                scan_list.listed_scan(
                    scan, ct, point.hours, point.unit, total, folder, study.identity
                )
            )
        log.at(0.9, "writing the volumes of interest")
        segmentation = write_regions(regions, found.scans, found.cts, study, stage, log)
        options = _aligned(found, supplement, log)
        particulars = _particulars(found, supplement, patient_id, regions.reference)
        source = source_of(found.scans, found.cts, regions.headers, regions.reference, log.remarks)
        scans = scan_list.ScanList(
            listed,
            options.registration,
            regions.reference,
            [
                scan_list.listed_series([header], "", folder, study.identity)
                for header in regions.headers
            ],
            log.remarks,
        )
        if anonymous:
            source, scans = source.anonymous(str(particulars["patient_id"])), scans.anonymous()
        source.write(stage / FILE_NAME)
        scans.write(stage / scan_list.FILE_NAME)
        case = Case(
            time_points=tuple(points),
            reference_time_point=regions.reference,
            segmentation=segmentation,
            options=options,
            folder=stage,
            dicom=stage / FILE_NAME,
            asked=supplement.asked | {"registration"},
            **particulars,
        )
        case.write(stage / "case.json")
    log.at(1.0, "case written")
    return output / "case.json"


def _bytes(found: _Found) -> int:
    grids = [bed.stack.grid for scan in found.scans for bed in scan.beds]
    grids += [ct.stack.grid for ct in found.study.cts]
    return sum(4 * int(np.prod(g.shape)) for g in grids)


def _cts(study: Study, timing: Timing, log: Log) -> list[CtSeries | None]:
    """The CT of each scan; refused where none has one."""
    choice = CtChoice(study.cts, study.folder, study.identity, log, timing.clocks_agree)
    cts = [choice.of(scan) for scan in timing.scans]
    study.check_cts([scan for scan, ct in zip(timing.scans, cts, strict=True) if ct is None])
    if any(ct is not None for ct in cts):
        for scan, ct in zip(timing.scans, cts, strict=True):
            if ct is None and scan.given.ct is None:
                log.remark(
                    f"The scan of {scan.start or scan.header.series} has no CT of its own; it is aligned by its SPECT."
                )
        return cts
    if not study.cts:
        raise InvalidInput(
            f"the folder {study.folder} holds no CT series (SOPClassUID (0008,0016)); densities need one."
        )
    if (refusal := choice.refusal()) is not None:
        raise refusal
    remedy = timing.scans[0].header.remedy(f'"ct": "{study.cts[0].header.series}"')
    raise InvalidInput(
        f"{study.cts[0].header.path}: none of the {len(study.cts)} CT series belongs to a scan by FrameOfReferenceUID "
        "(0020,0052), or by AcquisitionTime (0008,0032) to its session; if one was taken with a scan, the patient lying as in it, "
        f"say so, {remedy} with --supply FILE.json."
    )


def _write_cts(found: _Found, stage: Path, log: Log) -> dict[int, Path]:
    """Write each CT once; its file by the identity of the series."""
    files: dict[int, Path] = {}
    for n, ct in enumerate(found.cts, start=1):
        log.at((n - 1) / len(found.cts))
        if ct is not None and id(ct) not in files:
            files[id(ct)] = stage / f"ct_{n}.nrrd"
            write_volume(files[id(ct)], ct.read(), "[hnsf'U]")
    return files


def _point(
    n: int, found: _Found, supplement: Supplement, stage: Path, ct_files: dict[int, Path], log: Log
) -> tuple[TimePoint, Volume]:
    """Write a scan; its time point and values."""
    scan, hours, ct = found.scans[n], found.timing.hours[n], found.cts[n]
    given = scan.given
    unit = scan.unit(given.unit, log)
    calibration = _calibration(scan, unit, hours, log)
    nuclide = read_nuclide(supplement.values.get("nuclide", _NUCLIDE))
    decay = scan.decay(given.decay_correction, hours, nuclide, log)
    volume = scan.read(decay, given.unit, log)
    path = stage / f"spect_{n + 1}.nrrd"
    write_volume(path, volume, {"counts": "{counts}"}.get(unit, unit))
    point = TimePoint(hours, path, None if ct is None else ct_files[id(ct)], unit, calibration)
    return point, volume


def _calibration(scan: Scan, unit: str, hours: float, log: Log) -> Calibration | None:
    """The calibration of a scan in counts; refused where it is missing, or not needed."""
    given, header = scan.given, scan.header
    keyword = "Units" if header.text("Modality") == "PT" else "RealWorldValueMappingSequence"
    if unit != "counts":
        if given.calibration:
            raise header.refused(
                "Units",
                f"makes the scan at {hours:.4g} h {unit}, which needs no calibration; take it out of --supply, or give "
                f"""{header.remedy('"unit": "counts"')}""",
            )
        return None
    if not given.calibration:
        example = '"calibration": {"cps_per_MBq": ..., "duration_s": ...}'
        raise header.refused(
            keyword,
            f"gives no activity, the scan at {hours:.4g} h is in counts; give {header.remedy(example)}, or with "
            '{"Bq_per_count": ...}, with --supply FILE.json',
        )
    seconds = scan.duration_s
    if "cps_per_MBq" in given.calibration and "duration_s" not in given.calibration:
        if seconds is None:
            why = scan.beds[0].duration_by
            entries = ", ".join(f'"{key}": {value:g}' for key, value in given.calibration.items())
            remedy = header.remedy(f'"calibration": {{{entries}, "duration_s": ...}}')
            raise header.refused(
                "ActualFrameDuration",
                f"is needed by cps_per_MBq, but of the scan at {hours:.4g} h {why}; give {remedy}, its time from start to end, with "
                "--supply FILE.json",
            )
        log.remark(
            f"The scan at {hours:.4g} h took {seconds:g} s by its header: {scan.beds[0].duration_by}."
        )
    return given.calibrated(seconds)


def _aligned(found: _Found, supplement: Supplement, log: Log) -> Options:
    """The options, with registration where the scans have no frame of reference in common."""
    options = supplement.options or Options()
    given = "registration" in supplement.asked
    what = why_apart(found.scans)
    if not what:
        return options if given else replace(options, registration="none")
    if given:
        if options.registration == "none":
            log.remark(
                f"The scans {what}; they are taken as aligned with each other, as asked for."
            )
        return options
    log.remark(f"The scans {what}; they are to be registered with each other, rigidly.")
    return replace(options, registration=_REGISTRATION)


def _particulars(
    found: _Found, supplement: Supplement, patient_id: str | None, reference: int
) -> dict[str, Any]:
    """Patient, cycle, nuclide and activity of the case."""
    values = dict(supplement.values)
    values.setdefault("nuclide", _NUCLIDE)
    if found.timing.administered_MBq is not None:
        values.setdefault("administered_activity_MBq", found.timing.administered_MBq)
    if patient_id is not None:
        values["patient_id"] = patient_id
    study = found.scans[reference].header.text("StudyInstanceUID")
    values.setdefault("patient_id", f"patient-{hashlib.sha256(study.encode()).hexdigest()[:8]}")
    return values
