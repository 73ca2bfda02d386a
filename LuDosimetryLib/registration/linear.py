"""Rigid and affine registration by mutual information, from the best of many starting points."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..base.log import Log
from ..image.arrays import Triple
from .quality import mutual_information
from .view import View

_BINS = 48
_SEED = 20260101
_SAMPLES = 150_000
"""Voxels at which the metric is evaluated; more take time and change nothing."""
_WORK_UNITS = 8
"""Fixed, so that sums do not depend on the number of threads."""
_COARSE_MM = 12.0
_COARSE_SAMPLES = 12_000
_STEPS_MM = (4.0, 0.01)
_COARSE_STEPS_MM = (4.0, 0.2)
_AFFINE_STEPS_MM = (1.0, 0.005)
"""Greatest and least step: displacement of the point that it moves farthest."""
_MOST_STEPS = 120
_LEAST_SHARED = 0.3
"""Part of the smaller view that a starting point must share with the other view."""
_SWEEP_MM = 36.0
_STARTS = 2
_COARSE_SHARE = 0.05
"""Part of the time of a rigid registration that the search at 12 mm takes."""

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Flip:
    """Flipped array axes of a view, and the mutual information with them flipped [bit]."""

    axes: tuple[int, ...]
    information: float


def rigid(fixed: View, moving: View, log: Log) -> sitk.Euler3DTransform:
    """
    Find the rigid transform from positions in the fixed view to positions in the moving one.

    Maximises Mattes' mutual information (IEEE Trans Med Imaging 22:120, 2003) at a fixed random
    sample of the voxels, coarse to fine, from the best coarse alignment.

    Parameters
    ----------
    fixed, moving : View
    log : Log
        Receives the progress at every iteration.
    """
    start = best_start(fixed, moving, log.part(_COARSE_SHARE))
    _optimise(fixed, moving, start, (3, 2, 1), log.part(1.0 - _COARSE_SHARE))
    return start


def affine(
    fixed: View, moving: View, start: sitk.Euler3DTransform, log: Log
) -> sitk.AffineTransform:
    """Refine a rigid transform to an affine one; see `rigid`."""
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(start.GetMatrix())
    transform.SetCenter(start.GetCenter())
    transform.SetTranslation(start.GetTranslation())
    _optimise(fixed, moving, transform, (2, 1), log, steps_mm=_AFFINE_STEPS_MM)
    return transform


def best_start(fixed: View, moving: View, log: Log) -> sitk.Euler3DTransform:
    """Find the rigid transform that fits best at 12 mm, from many shifts."""
    a, b = fixed.coarser(_COARSE_MM), moving.coarser(_COARSE_MM)
    return max(_coarse(a, b, log), key=lambda found: found[0])[1]


def best_flip(fixed: View, moving: View, log: Log) -> tuple[float, Flip]:
    """
    Mutual information at 12 mm with the moving view as it is [bit], and with its best flip.

    Detects a scan that is the wrong way round: head to feet, or left to right.
    """
    a, b = fixed.coarser(_COARSE_MM), moving.coarser(_COARSE_MM)
    found = []
    choices = list(product((False, True), repeat=3))
    for flips in choices:
        axes = tuple(axis for axis, flipped in enumerate(flips) if flipped)
        turned = View(np.flip(b.values, axes).copy(), b.grid, np.flip(b.compared, axes).copy())
        part = log.part(1.0 / len(choices))
        found.append(Flip(axes, max(score for score, _ in _coarse(a, turned, part))))
    return found[0].information, max(found[1:], key=lambda flip: flip.information)


def _coarse(fixed: View, moving: View, log: Log) -> list[tuple[float, sitk.Euler3DTransform]]:
    """Score and optimised transform of each of the most promising shifts."""
    ranked = sorted(
        (
            (_score(fixed, moving, _euler(fixed, shift)), n, shift)
            for n, shift in enumerate(_shifts(fixed, moving))
        ),
        reverse=True,
    )
    found = []
    for before, _, shift in ranked[:_STARTS]:
        transform = _euler(fixed, shift)
        part = log.part(1.0 / _STARTS)
        if before > 0.0:
            _optimise(fixed, moving, transform, (1,), part, _COARSE_SAMPLES, _COARSE_STEPS_MM)
        found.append((_score(fixed, moving, transform), transform))
    return found


def _score(fixed: View, moving: View, transform: sitk.Transform) -> float:
    information, part = mutual_information(fixed, moving, transform)
    return information if part >= _LEAST_SHARED else 0.0


def _euler(fixed: View, shift: Vector) -> sitk.Euler3DTransform:
    transform = sitk.Euler3DTransform()
    transform.SetCenter(_triple(fixed.centre_mm()))
    transform.SetTranslation(_triple(shift))
    return transform


def _triple(vector: Vector) -> Triple:
    return (float(vector[0]), float(vector[1]), float(vector[2]))


def _shifts(fixed: View, moving: View) -> list[Vector]:
    """
    Shifts to try: none, centre on centre, and one view along the other at many heights.

    The last are for scans of which one reaches farther along the patient than the other.
    """
    centred = moving.centre_mm() - fixed.centre_mm()
    lengths = [_length_mm(view) for view in (fixed, moving)]
    reach = 0.5 * sum(lengths)
    heights = np.arange(-reach, reach + 1.0, _SWEEP_MM) + centred[2]
    shifts = [np.zeros(3), centred, np.array([*centred[:2], 0.0])]
    return shifts + [np.array([*centred[:2], z]) for z in heights]


def _length_mm(view: View) -> float:
    """Length of a view along the patient's axis [mm]."""
    corners = np.array(list(product(*((0, n - 1) for n in view.grid.shape[::-1]))), float).T
    return float(np.ptp(view.grid.positions(corners)[2]))


def _optimise(
    fixed: View,
    moving: View,
    transform: sitk.Transform,
    shrink: tuple[int, ...],
    log: Log,
    samples: int = _SAMPLES,
    steps_mm: tuple[float, float] = _STEPS_MM,
) -> None:
    """Improve a transform in place; raises what reporting to the log raises."""
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfWorkUnits(_WORK_UNITS)
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricFixedMask(fixed.mask_image())
    method.SetMetricSamplingStrategy(method.RANDOM)
    parts = [min(1.0, samples * s**3 / fixed.values.size) for s in shrink]
    method.SetMetricSamplingPercentagePerLevel(parts, _SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(*steps_mm, _MOST_STEPS, 0.6, 1e-7)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(list(shrink))
    voxel_mm = float(min(fixed.grid.spacing_mm))
    method.SetSmoothingSigmasPerLevel([0.4 * s * voxel_mm if s > 1 else 0.0 for s in shrink])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(transform, inPlace=True)
    raised: list[BaseException] = []

    def watch() -> None:
        # an exception must not pass through ITK, which would turn it into another
        try:
            steps = method.GetCurrentLevel() + method.GetOptimizerIteration() / _MOST_STEPS
            log.at(steps / len(shrink))
        except BaseException as error:
            raised.append(error)
            method.StopRegistration()

    method.AddCommand(sitk.sitkIterationEvent, watch)
    try:
        method.Execute(fixed.image(), moving.image())
    except RuntimeError:  # too few samples lie in the moving view: not better than the start
        if not raised:
            return
    if raised:
        raise raised[0]


def scales(transform: sitk.AffineTransform) -> Vector:
    """Stretch factors of an affine transform along its principal axes, ascending."""
    matrix: NDArray[Any] = np.array(transform.GetMatrix()).reshape(3, 3)
    return np.sort(np.linalg.svd(matrix, compute_uv=False))
