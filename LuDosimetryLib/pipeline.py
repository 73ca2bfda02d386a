"""The steps from a case to its result, in order."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .activity.coverage import check_tia
from .activity.curve import VoiCurve
from .activity.integration import IntegrationProblem, TimeIntegral
from .activity.recovery import Recovery, recovered
from .activity.scans import onto_reference, read_activity
from .activity.single_time_point import check_effective_half_life
from .activity.stated import check_stated
from .activity.tia import integrated
from .base.log import Log
from .base.progress import Progress, no_progress
from .base.storage import check_writable
from .case.case import Case
from .dicom.source import DicomSource, read_source
from .dose.calculate import Doses, calculate_doses, dose_without_recovery, methods_of
from .dose.convolution import choose_device
from .dose.problem import DoseProblem, Effort
from .image.arrays import Array, Mask
from .image.grid import Grid
from .image.volume import Volume
from .organs.assessment import Assessment
from .organs.organ_dose import check_doses, cumulative_dvh, organ_doses
from .organs.quantities import OrganDose
from .output.folder import Result, check_inputs_kept, checkpoint_folder
from .registration.alignment import Alignment, align, with_displacements
from .result.provenance import provenance_of
from .tissue.ct_orientation import check_ct_orientation
from .tissue.media import read_media
from .tissue.nuclide import Nuclide, read_nuclide
from .tissue.patient import Anatomy, read_anatomy
from .voi.check import check_report_vois, check_vois, with_mass
from .voi.drawn_on import drawn_through
from .voi.pairs import with_kidneys_together
from .voi.read import read_vois
from .voi.soft_tissue import without_contrast_medium

__all__ = ["run_case", "run_into"]


def run_case(
    case: Case, progress: Progress = no_progress, unfinished: Path | None = None
) -> Result:
    """
    Calculate a case.

    Parameters
    ----------
    case : Case
    progress : callable
        ``(fraction, message)`` with the fraction from 0 to 1; raising `Cancelled` from it stops
        the calculation. ``print`` will do.
    unfinished : Path, optional
        Folder of Monte Carlo's finished batches, from which a run that was killed goes on.

    Raises
    ------
    InvalidInput
        One sentence that says what is wrong with the input.
    Cancelled
        From `progress`.
    """
    log, clock = Log(progress), _Clock()
    source, nuclide, device, methods = _prepared(case, log)
    with clock("read"):
        log.at(0.0, "reading the scans")
        provenance = provenance_of(case, nuclide, device, methods)
        check_stated(case, log)
        scans = read_activity(case, nuclide, log)
        grid = scans[case.reference_time_point].grid
        log.at(0.1, "reading the CT")
        anatomy = read_anatomy(case, scans[case.reference_time_point], log)
    with clock("register"):
        alignments, vois = _aligned(case, scans, log.part(0.1))
        vois = with_mass(vois, anatomy.reported, case.segmentation, log)
        check_report_vois(vois, case.options.report_vois, log)
        activity = onto_reference(case, scans, alignments, log)
    with clock("integrate"):
        series = _series(case, activity, vois, nuclide, grid)
        integral, curves = integrated(series, log.part(0.05, "integrating activity over time"))
        recovery = recovered(integral.tia, vois, grid, case.options, log)
        tia = integral.tia if recovery is None else recovery.tia
        _check_together(tia, anatomy, vois, grid, log)
    with clock("dose"):
        problem = _dose_problem(case, grid, tia, anatomy, series, device, unfinished, log)
        doses = calculate_doses(problem, methods, log.part(0.6))
    with clock("organs"):
        organs = _organs(case, series, integral, curves, recovery, problem, doses, log.part(0.1))
        check_doses(organs, log)
        dvh = cumulative_dvh(doses.Gy[doses.method], vois, anatomy.reported)
    log.at(0.95, "calculated")
    return Result(
        case=case.to_dict(),
        dose_method=doses.method,
        grid=grid,
        tia=tia,
        density=anatomy.density_g_cm3,
        reported=anatomy.reported,
        doses=doses.Gy,
        vois=vois,
        organs=organs,
        dvh=dvh,
        timing_s=clock.seconds,
        provenance=provenance | doses.provenance,
        warnings=log.remarks,
        warnings_of_vois=log.remarks_of_vois,
        inputs=case.inputs,
        curves=curves,
        tia_model=integral.model,
        dicom=source,
        standard_errors=doses.standard_errors_Gy,
        checkpoint=unfinished,
        alignments=alignments,
    )


def run_into(case: Case, folder: Path, progress: Progress = no_progress) -> Result:
    """
    Calculate a case into a result folder: all of it, or nothing.

    Parameters
    ----------
    case : Case
    folder : Path
        Made if need be; refused before the calculation if it cannot be written.
    progress : callable
        As for `run_case`.
    """
    check_inputs_kept(folder, case.inputs)
    check_writable(folder)
    result = run_case(case, progress, checkpoint_folder(folder))
    result.write(folder, progress)
    return result


def _prepared(case: Case, log: Log) -> tuple[DicomSource | None, Nuclide, str, list[str]]:
    """The DICOM study, nuclide, device and dose methods; what cannot be done is refused here."""
    for warning in case.warnings:
        log.remark(warning)
    source = None if case.dicom is None else read_source(case.dicom)
    for remark in () if source is None else source.remarks_for(case.segmentation is not None):
        log.remark(f"DICOM: {remark}")
    nuclide = read_nuclide(case.nuclide)
    check_effective_half_life(case.options.effective_half_life_h, nuclide)
    read_media(case.options.media)
    device = choose_device(case.options.device)
    return source, nuclide, device, methods_of(case, nuclide, log)


def _aligned(case: Case, scans: list[Volume], log: Log) -> tuple[list[Alignment], dict[str, Mask]]:
    """How every scan lies, nothing where all are taken as aligned; the volumes of interest."""
    grid = scans[case.reference_time_point].grid
    alignments = []
    if case.options.registration != "none":
        log.at(0.2, "registering the scans")
        alignments = align(case, scans, log.part(0.6))
    log.at(0.8, "reading the segmentation")
    if case.segmentation is None:
        return alignments, {}
    drawn = drawn_through(case, alignments, log)
    vois = with_kidneys_together(read_vois(case.segmentation, grid, log, drawn))
    return with_displacements(alignments, vois, grid, log), vois


def _series(
    case: Case, activity: list[Array], vois: dict[str, Mask], nuclide: Nuclide, grid: Grid
) -> IntegrationProblem:
    """The activity of the scans over time."""
    hours = [point.hours for point in case.time_points]
    return IntegrationProblem(hours, activity, vois, case.options, nuclide, grid.voxel_volume_mL)


def _check_together(
    tia: Array, anatomy: Anatomy, vois: dict[str, Mask], grid: Grid, log: Log
) -> None:
    """Refuse or warn of activity, CT and volumes of interest that do not go together."""
    check_tia(tia, anatomy.covered, anatomy.patient, log)
    check_ct_orientation(tia, anatomy.covered, anatomy.patient, grid, log)
    check_vois(vois, anatomy.reported, log)


def _dose_problem(
    case: Case,
    grid: Grid,
    tia: Array,
    anatomy: Anatomy,
    series: IntegrationProblem,
    device: str,
    unfinished: Path | None,
    log: Log,
) -> DoseProblem:
    """What the dose methods are given."""
    asked = case.options
    calcium = anatomy.calcium
    if asked.soft_by_name:
        calcium = without_contrast_medium(calcium, series.vois, log)
    return DoseProblem(
        grid,
        tia,
        anatomy.density_g_cm3,
        anatomy.reported,
        series.nuclide,
        asked.media,
        device,
        series.vois,
        Effort(asked.histories, asked.uncertainty_percent, asked.seed, asked.scheduler, unfinished),
        asked.model,
        calcium,
    )


def _organs(
    case: Case,
    series: IntegrationProblem,
    integral: TimeIntegral,
    curves: Mapping[str, VoiCurve],
    recovery: Recovery | None,
    problem: DoseProblem,
    doses: Doses,
    log: Log,
) -> list[OrganDose]:
    """Dose of every volume of interest, with everything that follows from it."""
    log.at(0.0, "organ doses")
    if case.segmentation is None:
        return []
    organs = organ_doses(
        problem.vois,
        doses.Gy,
        doses.method,
        problem.tia_MBq_h_mL,
        problem.density_g_cm3,
        problem.reported,
        problem.grid,
        doses.organ_standard_errors_Gy,
    )
    shown_Gy = doses.Gy[doses.method]
    if recovery is not None:
        before = log.part(0.5, "dose without recovery correction")
        shown_Gy = dose_without_recovery(doses, problem, integral.tia, before)
    log.at(0.5, "uncertainty of the dose")
    return Assessment(
        series=series,
        tia_shown=integral.tia,
        curves=curves,
        recovery=recovery,
        grid=problem.grid,
        density_g_cm3=problem.density_g_cm3,
        reported=problem.reported,
        dose_shown_Gy=shown_Gy,
        segmentation=case.segmentation.file,
        administered_MBq=case.administered_activity_MBq,
        correction_percent=doses.correction_percent,
        as_water=case.ct is None,
    ).of(organs, log.part(0.5))


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time a stage."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - started
