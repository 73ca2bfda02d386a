"""Time-integrated activity from one scan and a known effective half-life (Madsen et al. 2018)."""

from math import exp
from math import log as ln

from ..base.log import Log
from .integration import IntegrationProblem, TimeIntegral
from .single_time_point import scaled_scan, scan_to_use

__all__ = ["integrate", "madsen_hours"]


def integrate(problem: IntegrationProblem, log: Log) -> TimeIntegral:
    """Integrate the washout of one scan with the effective half-life of the options."""
    half_life_h = problem.options.effective_half_life_h
    assert half_life_h is not None
    best_h = half_life_h / ln(2.0)
    scan = scan_to_use(problem, (best_h, best_h), log)
    t = problem.hours[scan]
    log.remark(
        f"the time-integrated activity follows from the scan at {t:g} h and an effective half-life of {half_life_h:g} h "
        "taken for all tissues (Madsen et al. 2018)."
    )
    return scaled_scan(problem, scan, madsen_hours(t, half_life_h))


def madsen_hours(hours: float, effective_half_life_h: float) -> float:
    """
    Time-integrated activity over the activity of a scan with a known effective half-life [h].

    Madsen et al., Med Phys 45 (2018) 2318: T 2^(t/T) / ln 2, for washout with one rate. An error
    of T matters least at t = T / ln 2.
    """
    ln2 = ln(2.0)
    return effective_half_life_h * exp(ln2 * hours / effective_half_life_h) / ln2
