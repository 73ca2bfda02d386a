"""Registration of every scan of a case to the CT on which the VOIs are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.case import Case
from ..image.arrays import Array, Mask
from ..image.grid import Grid, along_patient
from ..image.resampling import resample
from ..image.volume import Volume
from .deformable import deformation
from .linear import affine, best_flip, rigid, scales
from .quality import displacements_mm, mutual_information
from .transport import volume_ratio
from .view import View, shows_uptake, view_of_ct, view_of_spect

FAR_MM = 10.0
"""Displacement of a VOI that calls for a warning."""
_FLIPPED = 1.1
"""Mutual information of a flipped CT over that of the CT as it is, above which the CT is refused."""
_POOR_BIT = 0.75
"""Mutual information at 12 mm: CTs of other patients reach 0.3 to 0.7, of the same 1.5 and more."""
_MOST_DEGREES = 30.0
_SCALES = (0.85, 1.18)
_VOLUME_RATIOS = (0.3, 3.0)
_SHARES = {"rigid": (0.3, 0.7, 0.0), "affine": (0.2, 0.45, 0.35), "deformable": (0.1, 0.25, 0.65)}
"""Parts of the time: check of the orientation, rigid registration, what follows it."""


@dataclass(frozen=True)
class Overlay:
    """
    Images by which to judge a registration, on the grid of the result.

    Attributes
    ----------
    reference, before, after : ndarray, shape (k, j, i)
        Density [g/cm3], or the square root of relative activity, of the patient alone.
    """

    reference: Array
    before: Array
    after: Array


@dataclass(frozen=True)
class Alignment:
    """
    Registration of one scan.

    Attributes
    ----------
    time_point : int
        Index in the case.
    hours : float
    method : {"reference", "same CT", "rigid", "affine", "deformable", "as it lies"}
        "as it lies": registration was not better.
    by : {"CT", "SPECT"}
        Images that were registered.
    transform : Transform or None
        From positions in the reference to positions in the scan; None for the identity.
    information_bit : tuple of float or None
        Mutual information before and after.
    volume_ratio : tuple of float
        Least and greatest change of volume within the patient.
    displacement_mm : dict of str to float
        Distance by which the transform moves the centroid of each VOI.
    overlay : Overlay or None
    """

    time_point: int
    hours: float
    method: str
    by: str = "CT"
    transform: sitk.Transform | None = None
    information_bit: tuple[float, float] | None = None
    volume_ratio: tuple[float, float] = (1.0, 1.0)
    displacement_mm: Mapping[str, float] = field(default_factory=dict)
    overlay: Overlay | None = None

    @property
    def file_name(self) -> str | None:
        """Name of the transform's file in the result folder."""
        return None if self.transform is None else f"transform_{self.time_point + 1}.tfm"

    def summary(self) -> dict[str, Any]:
        """Entry of ``result.json``."""
        return {
            "hours": self.hours,
            "method": self.method,
            "by": self.by,
            "transform": self.file_name,
            "mutual_information_bit": None
            if self.information_bit is None
            else dict(zip(("before", "after"), self.information_bit, strict=True)),
            "volume_ratio": dict(zip(("least", "greatest"), self.volume_ratio, strict=True)),
            "displacement_mm": dict(self.displacement_mm),
        }


def anchor(case: Case) -> int:
    """
    Index of the time point to whose CT all scans are registered: the reference, if it has a CT.

    Its CT gives the densities, and VOIs are drawn on it. Without any CT it is the reference.
    """
    points = case.time_points
    if case.ct is None:
        return case.reference_time_point
    return next(n for n, point in enumerate(points) if point.ct == case.ct and _owns(case, n))


def _owns(case: Case, n: int) -> bool:
    reference = case.reference_time_point
    return case.time_points[reference].ct is None or n == reference


def align(case: Case, scans: list[Volume], log: Log) -> list[Alignment]:
    """
    Register every scan to the CT of the case.

    A scan moves with its CT. One that shares the CT of the case is not moved. One without a CT is
    registered by its activity, rigidly, with a remark.

    Parameters
    ----------
    case : Case
    scans : list of Volume
        Activity concentration [Bq/mL] of all time points, each in the frame of its CT.
    log : Log
        Receives remarks and the progress of every iteration.

    Returns
    -------
    list of Alignment
        Alignments of all time points, in order.

    Raises
    ------
    InvalidInput
        For a CT that is flipped, or shows nothing that the reference's CT shows.
    """
    to = anchor(case)
    grid = scans[case.reference_time_point].grid
    moving = [
        n
        for n, p in enumerate(case.time_points)
        if n != to and (p.ct != case.ct or case.ct is None)
    ]
    alignments = {
        n: Alignment(n, point.hours, "reference" if n == to else "same CT")
        for n, point in enumerate(case.time_points)
    }
    views: dict[str, View] = {}
    for n in moving:
        point = case.time_points[n]
        part = log.part(1.0 / len(moving), f"registering the scan at {point.hours:g} h")
        if point.ct is not None and case.ct is not None:
            if "CT" not in views:
                views["CT"] = view_of_ct(case.ct, "CT", log)
            activity = (scans[to], scans[n])
            found = _by_ct(case, n, point.ct, views["CT"], activity, grid, part)
        else:
            if "SPECT" not in views:
                views["SPECT"] = view_of_spect(scans[to], _spect(case, to))
            found = _by_spect(case, n, scans[n], views["SPECT"], grid, part)
        alignments[n] = found
    return [alignments[n] for n in sorted(alignments)]


def with_displacements(
    alignments: list[Alignment], vois: Mapping[str, Mask], grid: Grid, log: Log
) -> list[Alignment]:
    """Add the displacements of the VOIs; remarks on those that move by more than 10 mm."""
    result = []
    for alignment in alignments:
        if alignment.transform is None:
            result.append(alignment)
            continue
        moved = displacements_mm(alignment.transform, vois, grid)
        far = {n: f"{n} {mm:.0f} mm" for n, mm in moved.items() if mm > FAR_MM}
        if far:
            log.remark(
                f"registration moves volumes of interest by more than {FAR_MM:g} mm at {alignment.hours:g} h: "
                f"{', '.join(far.values())}; check the pictures of the registration.",
                far,
            )
        result.append(replace(alignment, displacement_mm=moved))
    return result


def _spect(case: Case, n: int) -> str:
    return f"SPECT at {case.time_points[n].hours:g} h"


def _by_ct(
    case: Case,
    n: int,
    path: Path,
    fixed: View,
    activity: tuple[Volume, Volume],
    grid: Grid,
    log: Log,
) -> Alignment:
    wanted = case.options.registration
    hours = case.time_points[n].hours
    what = f"CT at {hours:g} h"
    moving = view_of_ct(path, what, log)
    checking, rigidly, further = _SHARES[wanted]
    _check_orientation(fixed, moving, f"{what}: {path}", log.part(checking))
    start = rigid(fixed, moving, log.part(rigidly))
    degrees = _degrees(start)
    if degrees > _MOST_DEGREES:
        raise InvalidInput(
            f"{what}: {path} had to be turned by {degrees:.0f}° to fit that of the reference; allowed: "
            f"{_MOST_DEGREES:g}°: check its orientation and that it is of this patient, or set options.registration "
            'to "none".'
        )
    transform: sitk.Transform = start
    method = "rigid"
    if wanted == "affine":
        stretched = affine(fixed, moving, start, log.part(further))
        low, _, high = scales(stretched)
        if _SCALES[0] <= low and high <= _SCALES[1]:
            transform, method = stretched, "affine"
        else:
            log.remark(
                f"{what}: the affine registration stretches the patient by {low:.2f} to {high:.2f}; the rigid one "
                "was taken."
            )
    if wanted == "deformable":
        active = activity if all(shows_uptake(scan) for scan in activity) else None
        bent = deformation(fixed, moving, start, log.part(further), active)
        low, high = _ratios(bent, fixed)
        if _VOLUME_RATIOS[0] <= low and high <= _VOLUME_RATIOS[1]:
            transform, method = bent, "deformable"
        else:
            log.remark(
                f"{what}: the deformable registration changes volumes by factors of {low:.2f} to {high:.2f}; the "
                "rigid one was taken."
            )
    return _judged(Alignment(n, hours, method, "CT", transform), fixed, moving, grid, log)


def _by_spect(
    case: Case,
    n: int,
    scan: Volume,
    fixed: View,
    grid: Grid,
    log: Log,
) -> Alignment:
    what = _spect(case, n)
    moving = view_of_spect(scan, what)
    transform = rigid(fixed, moving, log)
    hours = case.time_points[n].hours
    if _degrees(transform) > _MOST_DEGREES:
        log.remark(
            f"{what} has no CT of its own, and by its activity it cannot be registered (it would turn by "
            f"{_degrees(transform):.0f}°): it is taken as it lies."
        )
        return Alignment(n, hours, "as it lies", "SPECT")
    log.remark(
        f"{what} has no CT of its own and was registered by its activity, rigidly, which is less certain."
    )
    return _judged(Alignment(n, hours, "rigid", "SPECT", transform), fixed, moving, grid, log)


def _judged(alignment: Alignment, fixed: View, moving: View, grid: Grid, log: Log) -> Alignment:
    """Add the quality; takes the scan as it lies if registration was not better."""
    transform = alignment.transform
    assert transform is not None
    identity = sitk.Transform(3, sitk.sitkIdentity)
    before, _ = mutual_information(fixed, moving, identity)
    after, _ = mutual_information(fixed, moving, transform)
    alignment = replace(alignment, information_bit=(before, after))
    overlay = Overlay(
        _on(fixed, grid, identity), _on(moving, grid, identity), _on(moving, grid, transform)
    )
    if after <= before:
        log.remark(
            f"registering the {alignment.by} at {alignment.hours:g} h found nothing better than how it lies "
            f"(mutual information {before:.3f} bit before, {after:.3f} after): it is taken as it lies."
        )
        overlay = replace(overlay, after=overlay.before)
        return replace(alignment, method="as it lies", transform=None, overlay=overlay)
    return replace(alignment, volume_ratio=_ratios(transform, fixed), overlay=overlay)


def _check_orientation(fixed: View, moving: View, what: str, log: Log) -> None:
    given, flip = best_flip(fixed, moving, log)
    if flip.information > _FLIPPED * given:
        axes = " and ".join(along_patient(moving.grid, axis) for axis in flip.axes)
        raise InvalidInput(
            f"{what} fits that of the reference much better when it is flipped {axes} (mutual information "
            f"{flip.information:.2f} instead of {given:.2f} bit): correct its orientation, or set options.registration "
            'to "none".'
        )
    if given == 0.0:
        raise InvalidInput(
            f"{what} shows nothing of what that of the reference shows; check that both are of the same part of this "
            'patient, or set options.registration to "none".'
        )
    if given < _POOR_BIT:
        log.remark(
            f"{what} agrees little with that of the reference (mutual information {given:.2f} bit, expected above "
            f"{_POOR_BIT:g}): check that it is of the same patient and look at the pictures of the registration."
        )


def _degrees(transform: sitk.Euler3DTransform) -> float:
    turned = np.trace(np.array(transform.GetMatrix()).reshape(3, 3))
    return float(np.degrees(np.arccos(np.clip(0.5 * (turned - 1.0), -1.0, 1.0))))


def _ratios(transform: sitk.Transform, fixed: View) -> tuple[float, float]:
    """Least and greatest change of volume where the fixed view is compared."""
    ratio = volume_ratio(transform, fixed.grid)[fixed.compared]
    return float(ratio.min()), float(ratio.max())


def _on(view: View, grid: Grid, transform: sitk.Transform) -> Array:
    return resample(Volume(view.values, view.grid), grid, 0.0, transform=transform)
