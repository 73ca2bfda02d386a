"""Time-integrated activity from one scan: which scan, and what it is multiplied by."""

from collections.abc import Sequence
from math import log as ln

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..tissue.nuclide import Nuclide
from .integration import BQ_TO_MBQ, NUMBER_OF, IntegrationProblem, TimeIntegral

__all__ = ["check_effective_half_life", "chosen_scan", "scaled_scan", "scan_to_use"]


def scan_to_use(problem: IntegrationProblem, window_h: tuple[float, float], log: Log) -> int:
    """
    Choose the scan that counts: that of the options, or else the one nearest to a window.

    Parameters
    ----------
    problem : IntegrationProblem
    window_h : tuple of float
        Times after administration that suit the method [h].
    log : Log

    Returns
    -------
    int
        Index of the scan.
    """
    wanted = problem.options.single_time_point_h
    scan = chosen_scan(problem.hours, window_h if wanted is None else (wanted, wanted))
    if len(problem.hours) > 1:
        log.remark(
            f"integration by {problem.entry.name!r} uses a single scan, that at {problem.hours[scan]:g} h; the others give no "
            "dose (options: single_time_point_h chooses the scan nearest to it)."
        )
    return scan


def chosen_scan(hours: Sequence[float], window_h: tuple[float, float]) -> int:
    """The scan nearest to a window of time, by the ratio of times; the later of equals."""
    low, high = window_h
    apart = [max(ln(low / t), ln(t / high), 0.0) for t in hours]
    return max(range(len(hours)), key=lambda n: (-apart[n], n))


def scaled_scan(problem: IntegrationProblem, scan: int, over_activity_h: float) -> TimeIntegral:
    """The time-integrated activity as a multiple [h] of the activity of one scan."""
    values = problem.activity_Bq_mL[scan]
    number = NUMBER_OF[problem.entry.name]
    return TimeIntegral(
        np.float32(BQ_TO_MBQ * over_activity_h) * values,
        np.where(values > 0.0, np.uint8(number), np.uint8(0)),
        problem.hours[scan],
    )


def check_effective_half_life(effective_half_life_h: float | None, nuclide: Nuclide) -> None:
    """
    Refuse a prior effective half-life longer than the physical one.

    Raises
    ------
    InvalidInput
        One sentence.
    """
    if effective_half_life_h is not None and effective_half_life_h > nuclide.half_life_h:
        raise InvalidInput(
            f"options: effective_half_life_h is {effective_half_life_h:g}; it includes decay and cannot be longer than the "
            f"physical half-life of {nuclide.name}, {nuclide.half_life_h:.1f} h."
        )
