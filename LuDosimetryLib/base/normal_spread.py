"""Standard deviation of a quantity that depends on a normally distributed one."""

from collections.abc import Callable
from math import sqrt

_ENDS = sqrt(3.0)
"""Distance of the outer nodes from 0."""


def normal_spread(function: Callable[[float], float], centre: float) -> float:
    """
    Standard deviation of a function of a standard normal variable.

    Gauss-Hermite quadrature with three nodes: 0 and plus and minus the square root of 3, weighted
    2/3, 1/6 and 1/6. It is exact for parabolas, where the law of propagation of uncertainty (JCGM
    100:2008, 5.1.2) keeps the slope alone.

    Parameters
    ----------
    function : callable
        Function of the variable.
    centre : float
        Value of the function at 0.
    """
    more, less = function(_ENDS), function(-_ENDS)
    mean = (4.0 * centre + more + less) / 6.0
    variance = (4.0 * (centre - mean) ** 2 + (more - mean) ** 2 + (less - mean) ** 2) / 6.0
    return sqrt(variance)
