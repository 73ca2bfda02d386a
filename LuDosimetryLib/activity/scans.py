"""The images of a case, brought onto the reference's grid and checked against each other."""

import numpy as np
import SimpleITK as sitk

from ..base.errors import InvalidInput
from ..case.case import Case
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..image.resampling import average_onto, resample
from ..image.volume import Volume, read_volume
from ..registration.alignment import Alignment
from ..registration.transport import carried, reached
from ..tissue.density import AIR_DENSITY_G_CM3, check_hounsfield, density_of, patient_mask
from ..tissue.nuclide import Nuclide
from .calibration import activity_concentration, check_administered, check_course

OUTSIDE_REFUSED = 0.05
"""Part of the activity that may lie where the CT, or a scan of another time, does not reach."""

_STRAY = 0.01
"""Part of the activity outside the patient that calls for a warning."""
_LESS_LIKE = 0.05
"""Loss of correlation with the reference's activity that calls for a warning."""
_WITHOUT_DOSE = 0.1
"""Part of a volume of interest without dose that calls for a warning."""
_DENSEST_PATIENT_G_CM3 = 1.5
"""Median beyond which a CT is hardly in HU."""


def read_activity(case: Case, nuclide: Nuclide, warnings: list[str]) -> list[Volume]:
    """Activity concentration [Bq/mL] of every scan."""
    scans = []
    for point in case.time_points:
        spect = read_volume(point.spect, f"SPECT at {point.hours:g} h")
        scan = activity_concentration(spect, point, warnings)
        if case.administered_activity_MBq is not None:
            given = (case.administered_activity_MBq, nuclide.decay_constant_per_h)
            check_administered(scan, point.hours, *given, warnings)
        scans.append(scan)
    hours = [point.hours for point in case.time_points]
    check_course(scans, hours, nuclide.decay_constant_per_h, warnings)
    return scans


def onto_reference(
    case: Case, scans: list[Volume], alignments: list[Alignment], warnings: list[str]
) -> list[Array]:
    """
    Activity concentration [Bq/mL] of every scan on the grid of the reference.

    Parameters
    ----------
    case : Case
    scans : list of Volume
        [Bq/mL].
    alignments : list of Alignment
        Of all scans; empty where all are taken as aligned.
    warnings : list of str
        Added to.
    """
    reference = scans[case.reference_time_point]
    transforms = [a.transform for a in alignments] or [None] * len(scans)
    activity = []
    for scan, point, transform in zip(scans, case.time_points, transforms, strict=True):
        what = f"SPECT at {point.hours:g} h ({point.spect.name})"
        if transform is None:
            activity.append(_onto_reference(scan, reference, what, warnings))
        else:
            activity.append(_registered(scan, reference, transform, what, warnings))
    return activity


def _registered(
    scan: Volume, reference: Volume, transform: sitk.Transform, what: str, warnings: list[str]
) -> Array:
    grid = reference.grid
    missed = _missed(reference, ~reached(scan.grid, grid, transform), what)
    values = carried(scan, grid, transform)
    lost = _lost(scan, values, grid)
    if max(missed, lost) > _STRAY:
        warnings.append(
            f"{what}, registered, has {100 * lost:.2g} % of its activity beyond the reference's field of view, and "
            f"{100 * missed:.2g} % of the reference's lies beyond its own."
        )
    before = _likeness(reference.values, resample(scan, grid, 0.0))
    after = _likeness(reference.values, values)
    if after < before - _LESS_LIKE:
        warnings.append(
            f"{what} resembles that of the reference less after registration than before (correlation {after:.2f} "
            f"instead of {before:.2f}): check that it belongs to its CT and to this time."
        )
    return values


def _likeness(a: Array, b: Array) -> float:
    """
    Correlation of the square roots of two activities: of hot and cold tissue alike.

    0 where one is even, as a scan is that lies elsewhere.
    """
    x, y = (np.sqrt(values, dtype=np.float64).reshape(-1) for values in (a, b))
    x, y = x - x.mean(), y - y.mean()
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / spread if spread > 0.0 else 0.0


def _onto_reference(scan: Volume, reference: Volume, what: str, warnings: list[str]) -> Array:
    grid = reference.grid
    if scan.grid.same_as(grid):
        return scan.values
    missed = _missed(reference, ~grid.covered_by(scan.grid), what)
    values = average_onto(scan, grid, 0.0)
    lost = _lost(scan, values, grid)
    warnings.append(
        f"{what} lies on another grid than the reference and was resampled by position; {100 * lost:.2g} % of its "
        f"activity lies beyond the reference's field of view, and {100 * missed:.2g} % of the reference's beyond its own."
    )
    return values


def _missed(reference: Volume, beyond: Mask, what: str) -> float:
    """Part of the reference's activity beyond a scan; refused if it is much."""
    of_reference = float(reference.values.sum(dtype=np.float64))
    missed = float(reference.values[beyond].sum(dtype=np.float64)) / max(of_reference, 1e-300)
    if missed > OUTSIDE_REFUSED:
        raise InvalidInput(
            f"{what} does not cover the reference: {100 * missed:.1f} % of the reference's activity lies where it does not "
            f'reach; allowed: {100 * OUTSIDE_REFUSED:g} %: register the scans (options.registration "rigid") if the patient lay '
            "elsewhere, choose another reference_time_point, or leave the scan out."
        )
    return missed


def _lost(scan: Volume, values: Array, grid: Grid) -> float:
    """Part of a scan's activity that is not on the grid."""
    held = float(scan.values.sum(dtype=np.float64)) * scan.grid.voxel_volume_mL
    kept = float(values.sum(dtype=np.float64)) * grid.voxel_volume_mL
    return max(0.0, 1.0 - kept / held) if held > 0.0 else 0.0


def read_density(case: Case, grid: Grid) -> tuple[Array, Mask]:
    """Mass density [g/cm3] on the grid, air outside the CT, and where the CT reaches."""
    ct = read_volume(case.ct, "CT")
    check_hounsfield(ct.values, f"CT: {case.ct}")
    covered = grid.covered_by(ct.grid)
    if not covered.any():
        raise InvalidInput(
            f"CT: {case.ct} and the SPECT do not overlap anywhere; check that they belong together, or, if the CT is another "
            "scan's, set this scan's ct to null and options.registration to \"rigid\"."
        )
    density = average_onto(Volume(density_of(ct.values), ct.grid), grid, AIR_DENSITY_G_CM3)
    # a voxel that the CT only touches is not known: air to every method, as to the Monte Carlo
    return np.where(covered, density, np.float32(AIR_DENSITY_G_CM3)), covered


def patient_on(density: Array, covered: Mask, grid: Grid, warnings: list[str]) -> Mask:
    """The voxels that are the patient."""
    patient = patient_mask(np.where(covered, density, np.float32(0.0)), grid)
    if not patient.any():
        raise InvalidInput(
            "the CT shows no patient on the SPECT grid: no voxel is denser than 0.15 g/cm3; check that CT and SPECT "
            'belong together, or, if the CT is another scan\'s, set options.registration to "rigid".'
        )
    typical = float(np.median(density[patient]))
    if typical > _DENSEST_PATIENT_G_CM3:
        warnings.append(
            f"half of the patient is denser than {typical:.2f} g/cm3; check that the CT is in HU."
        )
    return patient


def check_vois(vois: dict[str, Mask], reported: Mask, warnings: list[str]) -> None:
    """Refuse volumes of interest without any voxel that has a dose; warn of those with few."""
    for name, voi in vois.items():
        part = float(reported[voi].mean())
        if part == 0.0:
            raise InvalidInput(
                f"segmentation: {name!r} has no mass: all of its {int(voi.sum())} voxels are air or lie outside the "
                "patient on the CT; a dose needs tissue (check the segmentation and the CT)."
            )
        if part < 1.0 - _WITHOUT_DOSE:
            warnings.append(
                f"{100 * (1.0 - part):.0f} % of {name!r} is air or lies outside the patient on the CT and has no dose."
            )


def check_tia(tia: Array, covered: Mask, patient: Mask, warnings: list[str]) -> None:
    """Refuse activity that is none, without bound, or outside the CT; warn of what is astray."""
    total = float(tia.sum(dtype=np.float64))
    if not np.isfinite(total):
        raise InvalidInput(
            "the scans hold more activity than can be; check the SPECT files, their unit and their calibration."
        )
    if total == 0.0:
        raise InvalidInput(
            "the scans have no activity at all; check the SPECT files and their unit."
        )
    outside = float(tia[~covered].sum(dtype=np.float64)) / total
    if outside > OUTSIDE_REFUSED:
        raise InvalidInput(
            f"the CT does not cover the SPECT: {100 * outside:.1f} % of the time-integrated activity lies outside it; "
            f"allowed: {100 * OUTSIDE_REFUSED:g} %: if the patient lay elsewhere in some scans, set options.registration to "
            '"rigid".'
        )
    if not covered.all():
        warnings.append(
            f"the CT covers {100 * covered.mean():.0f} % of the SPECT's field of view; beyond it ({100 * outside:.2g} % of the "
            "activity) no dose is given."
        )
    stray = float(tia[~patient].sum(dtype=np.float64)) / total
    if stray > _STRAY:
        warnings.append(
            f"{100 * stray:.1f} % of the time-integrated activity lies outside the patient's body on the CT."
        )
