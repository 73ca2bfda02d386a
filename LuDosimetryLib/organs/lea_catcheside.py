"""The Lea-Catcheside factor: how much of the damage of a dose rate is repaired while it lasts."""

from collections.abc import Sequence
from math import exp, log

from ..activity.curve import TRAPEZOID, Terms, VoiCurve

_LEAST_REPAIR = 1e-3
"""Part repaired along a line below which differences of nearly equal numbers would be all noise."""


def lea_catcheside(curve: VoiCurve, repair_half_time_h: float) -> float:
    """
    Lea-Catcheside factor G of the dose rate that follows a time-activity curve.

    G = 2 / D^2 times the integral of r(t) q(t), with the dose rate r, its integral D, and q what of
    the earlier dose is not repaired: q' = r - mu q (Lea and Catcheside 1942; for one exponential
    T_rep / (T_rep + T_eff), as in MIRD Pamphlet 20, Wessels et al. 2008, J Nucl Med 49:1884).

    Parameters
    ----------
    curve : VoiCurve
        With activity.
    repair_half_time_h : float
        Half-time of the repair of sublethal damage; repair is exponential.

    Returns
    -------
    float
        1 for a dose given at once, less the longer it takes.
    """
    repair_per_h = log(2.0) / repair_half_time_h
    if curve.model != TRAPEZOID:
        return of_exponentials(curve.terms, repair_per_h)
    times, values = (0.0, *curve.hours), (0.0, *curve.activity_MBq)
    return of_trapezoid(times, values, curve.parameters["tail_rate_per_h"], repair_per_h)


def of_exponentials(terms: Terms, repair_per_h: float) -> float:
    """
    Calculate G of a sum of exponentials a exp(-l t) from administration on, in closed form.

    2 / D^2 times the sum over all pairs of a_i a_j / ((l_i + l_j) (l_i + mu)).
    """
    dose = sum(a / rate for a, rate in terms)
    pairs = sum(
        a * b / ((rate + other) * (rate + repair_per_h)) for a, rate in terms for b, other in terms
    )
    return 2.0 * pairs / dose**2


def of_trapezoid(
    hours: Sequence[float], values: Sequence[float], tail_per_h: float, repair_per_h: float
) -> float:
    """
    Calculate G of straight lines between points and an exponential tail, in closed form.

    On each line r = r0 + s t, and q = alpha + beta t + c exp(-mu t) with beta = s / mu, alpha =
    r0 / mu - s / mu^2 and c = q0 - alpha.
    """
    left, dose, pairs = 0.0, 0.0, 0.0
    for n in range(len(hours) - 1):
        h, r0 = hours[n + 1] - hours[n], values[n]
        mu = max(repair_per_h, _LEAST_REPAIR / h)
        s = (values[n + 1] - r0) / h
        beta = s / mu
        alpha = r0 / mu - s / mu**2
        c, e = left - alpha, exp(-mu * h)
        pairs += alpha * (r0 * h + s * h**2 / 2.0) + beta * (r0 * h**2 / 2.0 + s * h**3 / 3.0)
        pairs += c * (r0 * (1.0 - e) / mu + s * (1.0 - e * (1.0 + mu * h)) / mu**2)
        left = alpha + beta * h + c * e
        dose += r0 * h + s * h**2 / 2.0
    last, mu = values[-1], repair_per_h
    pairs += last * left / (tail_per_h + mu) + last**2 / (2.0 * tail_per_h * (tail_per_h + mu))
    dose += last / tail_per_h
    return 2.0 * pairs / dose**2
