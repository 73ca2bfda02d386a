"""The SPECT scans of a case, brought onto the grid of the reference and checked against it."""

import numpy as np
import SimpleITK as sitk

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.case import Case
from ..case.parts import TimePoint
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..image.resampling import average_onto, resample
from ..image.volume import Volume, read_volume
from ..registration.alignment import Alignment
from ..registration.transport import carried, reached
from ..tissue.nuclide import Nuclide
from .calibration import activity_concentration, check_administered, check_course

_MISSED = 0.05
"""Part of the reference's activity that may lie where a scan of another time does not reach."""
_STRAY = 0.01
"""Part of the activity beyond the other's field of view that calls for a warning."""
_MOST_MBQ = 1e6
"""A hundred times what a therapy gives: more is a wrong unit, calibration or file."""
_MUCH_MBQ = 5e4
"""More than any therapy gives."""
_LITTLE_MBQ = 0.1
"""Less than a scan of a therapy shows even after weeks."""
_EARLY_H = 12.0
"""Three scans of a therapy end later than this."""
_LESS_LIKE = 0.05
"""Loss of correlation with the reference's activity that calls for a warning."""


def read_activity(case: Case, nuclide: Nuclide, log: Log) -> list[Volume]:
    """Read the activity concentration of every scan [Bq/mL]."""
    scans = []
    for point in case.time_points:
        spect = read_volume(point.spect, f"SPECT at {point.hours:g} h")
        scan = activity_concentration(spect, point, log)
        _check_possible(scan, point, log)
        _check_one_voxel(scan, point, log)
        if case.administered_activity_MBq is not None:
            given = (case.administered_activity_MBq, nuclide.decay_constant_per_h)
            check_administered(scan, point.hours, *given, log)
        scans.append(scan)
    _check_copies(scans, case)
    hours = [point.hours for point in case.time_points]
    if len(hours) > 2 and hours[-1] < _EARLY_H:
        log.remark(
            f"the last of {len(hours)} scans was {hours[-1]:g} h after the administration: check that the times are in hours, "
            "not in days."
        )
    check_course(scans, hours, nuclide.decay_constant_per_h, log)
    return scans


def _check_possible(scan: Volume, point: TimePoint, log: Log) -> None:
    """Refuse a scan with more activity than any patient could hold, before it is integrated; warn of too little."""
    shown_MBq = 1e-6 * float(scan.values.sum(dtype=np.float64)) * scan.grid.voxel_volume_mL
    if not shown_MBq < _MOST_MBQ:
        raise InvalidInput(
            f"SPECT at {point.hours:g} h ({point.spect.name}) shows {shown_MBq:.3g} MBq, more activity than can be; allowed: "
            f"below {_MOST_MBQ:g} MBq: check the file, its unit and its calibration."
        )
    if shown_MBq > _MUCH_MBQ or 0.0 < shown_MBq < _LITTLE_MBQ:
        than = "more" if shown_MBq > _MUCH_MBQ else "less"
        log.remark(
            f"SPECT at {point.hours:g} h ({point.spect.name}) shows {shown_MBq:.3g} MBq, {than} than a scan of a therapy does: "
            "check its unit and its calibration."
        )


def _check_one_voxel(scan: Volume, point: TimePoint, log: Log) -> None:
    """Warn of a scan one voxel of which holds more than all others."""
    total, greatest = float(scan.values.sum(dtype=np.float64)), float(scan.values.max())
    if scan.values.size > 1 and greatest > 0.5 * total > 0.0:
        k, j, i = np.unravel_index(int(scan.values.argmax()), scan.values.shape)
        log.remark(
            f"SPECT at {point.hours:g} h ({point.spect.name}): the voxel ({i}, {j}, {k}) holds {100 * greatest / total:.3g} % of "
            "the activity; check whether it is damaged."
        )


def _check_copies(scans: list[Volume], case: Case) -> None:
    """Refuse one scan used for two times: two measurements never agree in every voxel."""
    points = case.time_points
    for n, scan in enumerate(scans):
        for m in range(n):
            earlier = scans[m].values
            if scan.values.any() and np.array_equal(scan.values, earlier):
                raise InvalidInput(
                    f"SPECT at {points[n].hours:g} h ({points[n].spect}) has the same value in every voxel as that at "
                    f"{points[m].hours:g} h ({points[m].spect}): one scan was used twice; give each time its own scan."
                )


def onto_reference(
    case: Case, scans: list[Volume], alignments: list[Alignment], log: Log
) -> list[Array]:
    """
    Resample the activity concentration of every scan to the grid of the reference [Bq/mL].

    Parameters
    ----------
    case : Case
    scans : list of Volume
        [Bq/mL].
    alignments : list of Alignment
        One for each scan; empty where all are taken as aligned.
    log : Log
        Takes up the warnings.
    """
    reference = scans[case.reference_time_point]
    transforms = [a.transform for a in alignments] or [None] * len(scans)
    activity = []
    for scan, point, transform in zip(scans, case.time_points, transforms, strict=True):
        what = f"SPECT at {point.hours:g} h ({point.spect.name})"
        if transform is None:
            activity.append(_onto_reference(scan, reference, what, log))
        else:
            activity.append(_registered(scan, reference, transform, what, log))
    return activity


def _registered(
    scan: Volume, reference: Volume, transform: sitk.Transform, what: str, log: Log
) -> Array:
    grid = reference.grid
    missed = _missed(reference, ~reached(scan.grid, grid, transform), what)
    values = carried(scan, grid, transform)
    lost = _lost(scan, values, grid)
    if max(missed, lost) > _STRAY:
        log.remark(
            f"{what}, registered, has {100 * lost:.2g} % of its activity beyond the reference's field of view, and "
            f"{100 * missed:.2g} % of the reference's lies beyond its own."
        )
    before = _likeness(reference.values, resample(scan, grid, 0.0))
    after = _likeness(reference.values, values)
    if after < before - _LESS_LIKE:
        log.remark(
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


def _onto_reference(scan: Volume, reference: Volume, what: str, log: Log) -> Array:
    grid = reference.grid
    if scan.grid.same_as(grid):
        return scan.values
    missed = _missed(reference, ~grid.covered_by(scan.grid), what)
    values = average_onto(scan, grid, 0.0)
    lost = _lost(scan, values, grid)
    log.remark(
        f"{what} lies on another grid than the reference and was resampled by position; {100 * lost:.2g} % of its "
        f"activity lies beyond the reference's field of view, and {100 * missed:.2g} % of the reference's beyond its own."
    )
    return values


def _missed(reference: Volume, beyond: Mask, what: str) -> float:
    """Part of the reference's activity beyond a scan; refused if it is much."""
    of_reference = float(reference.values.sum(dtype=np.float64))
    missed = float(reference.values[beyond].sum(dtype=np.float64)) / max(of_reference, 1e-300)
    if missed > _MISSED:
        raise InvalidInput(
            f"{what} does not cover the reference: {100 * missed:.1f} % of the reference's activity lies where it does not "
            f'reach; allowed: {100 * _MISSED:g} %: register the scans (options.registration "rigid") if the patient lay '
            "elsewhere, choose another reference_time_point, or leave the scan out."
        )
    return missed


def _lost(scan: Volume, values: Array, grid: Grid) -> float:
    """Part of a scan's activity that is not on the grid."""
    shown = float(scan.values.sum(dtype=np.float64)) * scan.grid.voxel_volume_mL
    kept = float(values.sum(dtype=np.float64)) * grid.voxel_volume_mL
    return max(0.0, 1.0 - kept / shown) if shown > 0.0 else 0.0
