"""Standard deviation of a quantity that depends on a normally distributed one."""

from collections.abc import Callable
from math import sqrt

_ENDS = sqrt(3.0)


def normal_spread(of: Callable[[float], float], here: float) -> float:
    """
    Standard deviation of a function of a standard normal variable.

    Gauss-Hermite quadrature with three nodes: 0 and plus and minus the square root of 3, weighted
    2/3, 1/6 and 1/6. It is exact for parabolas, where the law of propagation of uncertainty (JCGM
    100:2008, 5.1.2) keeps the slope alone.

    Parameters
    ----------
    of : callable
        Of the variable.
    here : float
        Its value at 0.
    """
    more, less = of(_ENDS), of(-_ENDS)
    mean = (4.0 * here + more + less) / 6.0
    variance = (4.0 * (here - mean) ** 2 + (more - mean) ** 2 + (less - mean) ** 2) / 6.0
    return sqrt(variance)
