import numpy as np
import pytest

from LuDosimetryLib.base.normal_spread import normal_spread


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (lambda x: 7.0, 0.0),
        (lambda x: 7.0 - 3.0 * x, 3.0),
        (lambda x: x**2, 2.0**0.5),
        (lambda x: 1.0 + 0.3 * x - 0.2 * x**2, (0.3**2 + 2.0 * 0.2**2) ** 0.5),
    ],
)
def test_up_to_parabolas_it_is_exact(of, expected):
    assert normal_spread(of, of(0.0)) == pytest.approx(expected)


@pytest.mark.parametrize("width", [0.1, 0.3])
def test_of_a_lognormal_quantity(width):
    """exp(w x) has the variance exp(w^2) (exp(w^2) - 1)."""
    exact = np.sqrt(np.exp(width**2) * np.expm1(width**2))
    assert normal_spread(lambda x: float(np.exp(width * x)), 1.0) == pytest.approx(exact, rel=0.01)
    assert exact > width * 1.007  # the slope alone has less
