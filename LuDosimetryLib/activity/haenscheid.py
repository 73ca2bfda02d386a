"""Time-integrated activity from one scan near the effective half-life (Hänscheid et al. 2018)."""

from collections.abc import Mapping
from math import log as ln

from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.wording import listed
from .curve import TRAPEZOID, VoiCurve
from .integration import IntegrationProblem, TimeIntegral
from .single_time_point import scaled_scan, scan_to_use

__all__ = ["VALID", "check_scan_time", "haenscheid_hours", "integrate"]

VALID = (0.75, 2.5)
"""Time of the scan in effective half-lives between which 2 t / ln 2 errs by 12 % at most."""


def integrate(problem: IntegrationProblem, log: Log) -> TimeIntegral:
    """
    Integrate by 2 t / ln 2 times the activity of one scan.

    Raises
    ------
    InvalidInput
        If there are several scans and neither options nor nuclide say which suits.
    """
    wanted, window = problem.options.single_time_point_h, problem.nuclide.haenscheid_window_h
    if window is None:
        if wanted is None and len(problem.hours) > 1:
            raise InvalidInput(
                "options: integration is 'haenscheid', but which scan suits it is not known for "
                f"{problem.nuclide.name}; give single_time_point_h, the time of the scan in hours."
            )
        window = (problem.hours[0], problem.hours[0])
    scan = scan_to_use(problem, window, log)
    t = problem.hours[scan]
    least, most = VALID
    log.remark(
        f"the time-integrated activity is 2 t / ln 2 times that at t = {t:g} h (Hänscheid et al. 2018): within 12 % for "
        f"effective half-lives of {t / most:.0f} to {t / least:.0f} h, too low for others, and only for washout with one rate."
    )
    return scaled_scan(problem, scan, haenscheid_hours(t))


def haenscheid_hours(hours: float) -> float:
    """
    Time-integrated activity over the activity of a scan, 2 t / ln 2 [h].

    Hänscheid et al., J Nucl Med 59 (2018) 75: for A(t) = A0 2^(-t/T) the exact ratio is
    T 2^(t/T) / ln 2. Theirs is 2 (t/T) 2^(-t/T) times the truth whatever T: exact at t = T and
    t = 2 T, 6 % above in between, 11 % below at 0.75 T and 12 % below at 2.5 T.
    """
    return 2.0 * hours / ln(2.0)


def check_scan_time(
    _: IntegrationProblem, integral: TimeIntegral, curves: Mapping[str, VoiCurve], log: Log
) -> None:
    """
    Warn of VOIs for which the scan comes too early or too late, by the curves of all scans.

    Parameters
    ----------
    integral : TimeIntegral
    curves : mapping of str to VoiCurve
        Whose effective half-lives are the test; empty if there are no other scans.
    log : Log
    """
    least, most = VALID
    scan_h = integral.scan_h
    assert scan_h is not None
    astray = {
        c.name: f"{c.name!r} ({scan_h / c.effective_half_life_h:.2g})"
        for c in curves.values()
        if c.model != TRAPEZOID and not least <= scan_h / c.effective_half_life_h <= most
    }
    if astray:
        log.remark(
            f"the scan at {scan_h:g} h lies outside {least:g} to {most:g} effective half-lives, where Hänscheid's method holds, "
            f"in {listed(list(astray.values()))}, by the curves of all scans.",
            astray,
        )
