"""The curves of all volumes of interest, and what in the course of activity cannot be."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from ..base.log import Log
from ..base.wording import listed
from .bayesian import bayesian_curves
from .curve import BAYESIAN, TRAPEZOID, VoiCurve
from .curve_fit import PLAUSIBLE_SCATTER, fit_curve
from .curve_model import rises
from .integration import IntegrationProblem

__all__ = ["check_time_course", "voi_curves"]


def voi_curves(problem: IntegrationProblem) -> dict[str, VoiCurve]:
    """
    Fit the curve of every volume of interest; none for a single scan, but where usual kinetics help.

    Where an integration fits one model to all voxels, the curves have that model too; otherwise
    each has the model that suits it.
    """
    hours, tail = problem.hours, problem.options.tail
    if problem.entry.voi_model == BAYESIAN:
        return bayesian_curves(problem)
    if len(hours) < 2:
        return {}
    curves = {}
    for name, mask in problem.vois.items():
        sums = [float(scan[mask].sum(dtype=np.float64)) for scan in problem.activity_Bq_mL]
        activity_MBq = [1e-6 * problem.voxel_mL * s for s in sums]
        curves[name] = fit_curve(
            name, hours, activity_MBq, problem.decay_per_h, tail, problem.entry.voi_model
        )
    return curves


def check_time_course(
    problem: IntegrationProblem, curves: Mapping[str, VoiCurve], log: Log
) -> None:
    """
    Warn of activity that rises where it should not, and of curves that do not suit.

    Between two scans none is given, so that all the activity in the field of view cannot rise but
    for what flows in from beyond; nor is it usual that every organ takes up activity at once.

    Parameters
    ----------
    problem : IntegrationProblem
    curves : mapping of str to VoiCurve
    log : Log
        Takes up the warnings.
    """
    hours = problem.hours
    totals = [float(scan.sum(dtype=np.float64)) for scan in problem.activity_Bq_mL]
    warned = set()
    for n, (earlier, later) in enumerate(pairwise(totals)):
        everywhere = rises(earlier, later) and earlier > 0.0
        in_every = len(curves) > 1 and all(
            rises(c.activity_MBq[n], c.activity_MBq[n + 1]) for c in curves.values()
        )
        if everywhere or in_every:
            warned.add(n)
            by = f" by {100.0 * (later / earlier - 1.0):.0f} %" if everywhere else ""
            where = "all volumes of interest" if in_every else "the field of view"
            log.remark(
                f"the activity in {where} rises{by} from {hours[n]:g} to {hours[n + 1]:g} h, but none is given between "
                "scans; check that the scans are in order, their times, units and calibration."
            )
    if len(hours) > 1 and len(hours) - 2 not in warned:
        _check_last(curves, log)
    _check_models(problem, curves, log)


def _check_last(curves: Mapping[str, VoiCurve], log: Log) -> None:
    rising = [c for c in curves.values() if rises(c.activity_MBq[-2], c.activity_MBq[-1])]
    if not rising:
        return
    names = listed(
        [
            f"{c.name!r} (from {c.activity_MBq[-2]:.3g} to {c.activity_MBq[-1]:.3g} MBq)"
            for c in rising
        ]
    )
    before, last = rising[0].hours[-2:]
    log.remark(
        f"activity rises from the scan at {before:g} h to the last, at {last:g} h, in {names}; what follows the last scan is then "
        "a guess: check registration and contours, or add a later scan.",
        [c.name for c in rising],
    )


def _check_models(problem: IntegrationProblem, curves: Mapping[str, VoiCurve], log: Log) -> None:
    """Curves without activity or model, and washout asked for where there is uptake."""
    empty = [c.name for c in curves.values() if not any(c.activity_MBq)]
    if empty:
        log.remark(
            f"no scan shows any activity in {listed([repr(n) for n in empty])}; check the segmentation and the SPECT.",
            empty,
        )
    without = [c.name for c in curves.values() if c.model == TRAPEZOID and any(c.activity_MBq)]
    if without:
        log.remark(
            f"no exponential curve describes the activity over time in {listed([repr(n) for n in without])}; the trapezoid "
            "takes its place.",
            without,
        )
    late = []
    if not problem.entry.follows_uptake:
        late = [
            c.name for c in curves.values() if rises(c.activity_MBq[0], max(c.activity_MBq[1:]))
        ]
    if late:
        log.remark(
            f"activity still rises after the first scan in {listed([repr(n) for n in late])}, which a "
            f"{problem.entry.name} curve overstates; 'bi-exponential' or 'bayesian' account for uptake.",
            late,
        )
    scattered = {
        c.name: f"{c.name!r} (by {100.0 * c.relative_scatter:.0f} %)"
        for c in curves.values()
        if c.relative_scatter is not None
        and c.relative_scatter > PLAUSIBLE_SCATTER
        and c.name not in late
    }
    if scattered:
        log.remark(
            f"the scans lie far from the curve fitted to {listed(list(scattered.values()))}, where 5 % are usual: check registration, "
            "contours and calibration.",
            scattered,
        )
