"""The steps from a case to its result, in order."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .activity.curve import TRAPEZOID
from .activity.recovery import recovered
from .activity.scans import (
    check_tia,
    check_vois,
    onto_reference,
    patient_on,
    read_activity,
    read_density,
)
from .activity.single_time_point import check_effective_half_life
from .activity.tia import HAENSCHEID, time_integrated_activity
from .activity.time_course import (
    check_single_time_point,
    check_time_course,
    check_trapezoid,
    voi_curves,
)
from .base.log import Log
from .base.progress import Progress, no_progress
from .base.storage import check_writable
from .case.case import Case
from .dicom.source import read_source
from .dose import METHODS, STATISTICAL_METHODS, lack_of
from .dose.convolution import choose_device
from .dose.problem import DoseProblem, Effort
from .dose.unet import with_correction
from .image.arrays import Array, Mask
from .image.volume import Volume
from .organs.assessment import Assessment
from .organs.organ_dose import cumulative_dvh, organ_doses
from .registration.alignment import Alignment, align, with_displacements
from .result.provenance import provenance_of
from .result.result import Result, check_inputs_kept, unfinished_folder
from .tissue.ct_orientation import check_ct_orientation
from .tissue.density import NO_DOSE_BELOW_G_CM3
from .tissue.media import read_media
from .tissue.nuclide import read_nuclide
from .voi.drawn_on import drawn_through
from .voi.read import read_vois

__all__ = ["FALLBACK", "run_case", "run_into"]

FALLBACK = "multi-vsv"
_STATISTICAL_WEIGHT = 50.0
"""In progress: how much longer a statistical method takes than another."""


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
        Folder where Monte Carlo keeps its finished batches until ``Result.write``, for a run
        that is killed and started again; see `result.unfinished_folder`.

    Returns
    -------
    Result
        In memory; ``Result.write`` makes the result folder.

    Raises
    ------
    InvalidInput
        One sentence that says what is wrong with the input.
    Cancelled
        From `progress`.
    """
    clock = _Clock()
    log = Log(progress)
    warnings = log.remarks = list(case.warnings)
    source = None if case.dicom is None else read_source(case.dicom)
    warnings += [] if source is None else [f"DICOM: {remark}" for remark in source.remarks]
    nuclide = read_nuclide(case.nuclide)
    check_effective_half_life(case.options.effective_half_life_h, nuclide)
    read_media(case.options.media)
    device = choose_device(case.options.device)
    methods = _available(case, warnings)

    with clock("read"):
        progress(0.0, "reading the scans")
        provenance = provenance_of(case, nuclide, device)
        scans = read_activity(case, nuclide, warnings)
        grid = scans[case.reference_time_point].grid
        log.at(0.1, "reading the CT")
        density, covered = read_density(case, grid)
        patient = patient_on(density, covered, grid, warnings)
        reported = patient & (density >= NO_DOSE_BELOW_G_CM3)

    with clock("register"):
        alignments, vois = _aligned(case, scans, log.part(0.1))
        activity = onto_reference(case, scans, alignments, warnings)

    with clock("integrate"):
        progress(0.2, "integrating activity over time")
        measured = ([point.hours for point in case.time_points], activity)
        way, decay_per_h = case.options.integration, nuclide.decay_constant_per_h
        integral = time_integrated_activity(
            *measured,
            vois,
            case.options,
            decay_per_h,
            grid.voxel_volume_mL,
            warnings,
            lambda fraction, message: progress(0.2 + 0.05 * fraction, message),
        )
        curves = voi_curves(
            *measured, vois, decay_per_h, case.options.tail, grid.voxel_volume_mL, way
        )
        check_time_course(*measured, curves, way, warnings)
        if way == TRAPEZOID:
            check_trapezoid(curves, case.options.tail, warnings)
        if integral.scan_h is not None and way == HAENSCHEID:
            check_single_time_point(integral.scan_h, curves, warnings)
        recovery = recovered(integral.tia, vois, grid, case.options, warnings)
        tia = integral.tia if recovery is None else recovery.tia
        check_tia(tia, covered, patient, warnings)
        check_ct_orientation(tia, covered, patient, grid, log)
        check_vois(vois, reported, warnings)

    with clock("dose"):
        problem = DoseProblem(
            grid,
            tia,
            density,
            reported,
            nuclide,
            case.options.media,
            device,
            warnings,
            vois,
            _effort(case, unfinished),
        )
        doses, errors = _doses(problem, methods, provenance, progress)

    with clock("organs"):
        progress(0.9, "organ doses")
        organs = organ_doses(vois, doses, methods[0], tia, density, reported, grid, errors.organs)
        # before the assessment, which may calculate once more without recovery
        organs = with_correction(organs, problem)
        resting_on = (case, activity, integral.tia, recovery, curves, problem, doses)
        organs = Assessment(*resting_on, methods[0], FALLBACK).of(
            organs, lambda fraction, message: progress(0.9 + 0.05 * fraction, message)
        )
        dvh = cumulative_dvh(doses[methods[0]], vois, reported)
    progress(0.95, "calculated")
    return Result(
        case=case.to_dict(),
        dose_method=methods[0],
        grid=grid,
        tia=tia,
        density=density,
        reported=reported,
        doses=doses,
        vois=vois,
        organs=organs,
        dvh=dvh,
        timing_s=clock.seconds,
        provenance=provenance,
        warnings=warnings,
        inputs=case.inputs,
        curves=curves,
        tia_model=integral.model,
        dicom=source,
        standard_errors=errors.voxels,
        unfinished=unfinished,
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
    result = run_case(case, progress, unfinished_folder(folder))
    result.write(folder, progress)
    return result


def _aligned(case: Case, scans: list[Volume], log: Log) -> tuple[list[Alignment], dict[str, Mask]]:
    """How every scan lies, nothing where all are taken as aligned; the volumes of interest."""
    grid = scans[case.reference_time_point].grid
    alignments = []
    if case.options.registration != "none":
        alignments = align(case, scans, log.part(0.8))
    log.at(0.8, "reading the segmentation")
    if case.segmentation is None:
        return alignments, {}
    drawn = drawn_through(case, alignments, log)
    vois = read_vois(case.segmentation, grid, log, drawn)
    return with_displacements(alignments, vois, grid, log), vois


@dataclass
class _StandardErrors:
    """Of statistical methods, by method: of voxels, and of volumes of interest [Gy]."""

    voxels: dict[str, Array] = field(default_factory=dict)
    organs: dict[str, dict[str, float]] = field(default_factory=dict)


def _doses(
    problem: DoseProblem, methods: list[str], provenance: dict[str, Any], progress: Progress
) -> tuple[dict[str, Array], _StandardErrors]:
    """The dose by every method; the provenance takes up how the statistical ones were made."""
    doses: dict[str, Array] = {}
    errors = _StandardErrors()
    weights = [_STATISTICAL_WEIGHT if m in STATISTICAL_METHODS else 1.0 for m in methods]
    for n, method in enumerate(methods):
        before, own = sum(weights[:n]) / sum(weights), weights[n] / sum(weights)
        progress(0.25 + 0.6 * before, f"dose: {method}")

        def of_all(fraction: float, message: str, before: float = before, own: float = own) -> None:
            progress(0.25 + 0.6 * (before + own * fraction), message)

        if method in METHODS:
            doses[method] = METHODS[method](problem, of_all)
            said = problem.how.get(method, {})
            provenance |= {method: said, "model": said["model"]} if said else {}
            continue
        found = STATISTICAL_METHODS[method](problem, of_all)
        doses[method] = found.dose
        errors.voxels[method] = found.standard_error
        errors.organs[method] = found.organ_standard_error_Gy
        provenance[method] = found.how
    return doses, errors


def _effort(case: Case, unfinished: Path | None) -> Effort:
    options = case.options
    return Effort(
        options.histories, options.uncertainty_percent, options.seed, options.scheduler, unfinished
    )


def _available(case: Case, warnings: list[str]) -> list[str]:
    """The methods to calculate, the chosen one first."""
    methods: list[str] = []
    for wanted in (case.options.dose_method, *case.options.compare_with):
        method = wanted
        if (lack := lack_of(wanted)) is not None:
            method = FALLBACK
            warnings.append(
                f"the dose method {wanted!r} is not to be had: {lack}; the dose is that of {FALLBACK!r}, uncorrected."
            )
        if method not in methods:
            methods.append(method)
    return methods


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - started
