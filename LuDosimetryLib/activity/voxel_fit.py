"""A curve fitted to every voxel, block by block; the trapezoid where it does not fit."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ..base.log import Log
from ..image.arrays import Array, Mask
from .curve import TRAPEZOID
from .integration import BQ_TO_MBQ, NUMBER_OF, IntegrationProblem, TimeIntegral, Voxels
from .trapezoid import trapezoid_tia

__all__ = ["VoxelFit", "fill_by_fit", "integrate_by_fit", "trapezoid_everywhere"]

VoxelFit = Callable[[Sequence[float], Voxels, float], NDArray[np.float64]]
"""Integral of a curve fitted to voxels, NaN where it does not fit; see `mono_exponential_tia`."""

_BLOCK_VOXELS = 1 << 13
_THREADS = 2


def integrate_by_fit(
    problem: IntegrationProblem, log: Log, model: str, fit: VoxelFit
) -> TimeIntegral:
    """
    Integrate a curve of one model fitted to every voxel.

    A voxel that the curve does not describe takes the trapezoid with the tail of the options.

    Parameters
    ----------
    problem : IntegrationProblem
    log : Log
    model : str
        One of `MODELS`.
    fit : callable
    """
    integral, active = trapezoid_everywhere(problem)
    fill_by_fit(problem, log, model, fit, active, integral)
    return integral


def trapezoid_everywhere(problem: IntegrationProblem) -> tuple[TimeIntegral, Mask]:
    """The trapezoid, to be replaced where a curve fits, and the voxels with activity."""
    scans = list(problem.activity_Bq_mL)
    tia = trapezoid_tia(list(problem.hours), scans, problem.decay_per_h, problem.options.tail)
    active = np.any([scan > 0.0 for scan in scans], axis=0)
    model = np.where(active, np.uint8(NUMBER_OF[TRAPEZOID]), np.uint8(0))
    return TimeIntegral(tia, model), active


def fill_by_fit(
    problem: IntegrationProblem,
    log: Log,
    model: str,
    fit: VoxelFit,
    where: Mask,
    integral: TimeIntegral,
) -> None:
    """
    Put the integral of a fit, and the number of its model, wherever it fits; remark on the rest.

    Parameters
    ----------
    problem, log, model, fit
        As for `integrate_by_fit`.
    where : ndarray of bool, shape (k, j, i)
        Voxels to fit.
    integral : TimeIntegral
        Integral by `trapezoid_everywhere`; changed in place.
    """
    tia, models = integral.tia, integral.model
    assert models is not None
    flat = [scan.reshape(-1) for scan in problem.activity_Bq_mL]
    voxels = np.flatnonzero(where)
    blocks = [voxels[n : n + _BLOCK_VOXELS] for n in range(0, voxels.size, _BLOCK_VOXELS)]

    def integrate(block: NDArray[np.intp]) -> NDArray[np.float64]:
        activity = np.stack([scan[block] for scan in flat]).astype(np.float64)
        return BQ_TO_MBQ * fit(problem.hours, activity, problem.decay_per_h)

    with ThreadPoolExecutor(_THREADS) as pool:
        # few blocks at a time, so that cancelling waits for little
        for start in range(0, len(blocks), 2 * _THREADS):
            now = blocks[start : start + 2 * _THREADS]
            for block, values in zip(now, pool.map(integrate, now), strict=True):
                fits = np.isfinite(values)
                np.put(tia, block[fits], values[fits])
                np.put(models, block[fits], NUMBER_OF[model])
            log.at(start / len(blocks), f"fitting {model} curves to the voxels")
    _remark_on_failures(model, tia, models, log)


def _remark_on_failures(model: str, tia: Array, models: NDArray[np.uint8], log: Log) -> None:
    failed = models == NUMBER_OF[TRAPEZOID]
    total = float(tia.sum(dtype=np.float64))
    if failed.any() and total > 0.0:
        part = 100.0 * float(tia[failed].sum(dtype=np.float64)) / total
        share = 100.0 * float(failed.sum()) / float(np.count_nonzero(models))
        log.remark(
            f"a {model} curve does not describe {_percent(share)} % of the voxels with activity; the trapezoid takes its place "
            f"there and holds {_percent(part)} % of the time-integrated activity (tia_model.nrrd shows where)."
        )


def _percent(value: float) -> str:
    return f"{value:.2g}" if value < 10.0 else f"{value:.0f}"
