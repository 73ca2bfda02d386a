"""Activity over time, integrated voxel by voxel as the options ask."""

from ..base.loading import loaded
from ..base.log import Log
from .curve import VoiCurve
from .integration import IntegrationProblem, TimeIntegral
from .time_course import check_time_course, voi_curves

__all__ = ["integrated", "time_integrated_activity"]


def time_integrated_activity(problem: IntegrationProblem, log: Log) -> TimeIntegral:
    """
    Integrate the scans of a case from administration to infinity.

    Parameters
    ----------
    problem : IntegrationProblem
    log : Log
        Takes up what was assumed, and where a fit failed.

    Raises
    ------
    InvalidInput
        If the integration lacks something that only the scans or the nuclide show.
    """
    integral: TimeIntegral = loaded(__package__, problem.entry.function)(problem, log)
    return integral


def integrated(problem: IntegrationProblem, log: Log) -> tuple[TimeIntegral, dict[str, VoiCurve]]:
    """
    Integrate the scans of a case, fit the curves of its VOIs, and check one against the other.

    Returns
    -------
    TimeIntegral
    dict of str to VoiCurve
        Empty for a single scan.
    """
    integral = time_integrated_activity(problem, log)
    curves = voi_curves(problem)
    check_time_course(problem, curves, log)
    if problem.entry.check:
        loaded(__package__, problem.entry.check)(problem, integral, curves, log)
    return integral, curves
