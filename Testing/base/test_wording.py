"""Values with their uncertainties: two significant digits of it, the value to match."""

import math

import pytest

from LuDosimetryLib.base.wording import with_uncertainty


@pytest.mark.parametrize(
    ("value", "uncertainty", "written"),
    [
        (3.9012, 0.4123, "3.90 ± 0.41"),
        (1234.5, 141.0, "1230 ± 140"),
        (23.46, 9.96, "23 ± 10"),
        (23.46, 0.0996, "23.46 ± 0.10"),
        (0.05, 0.011, "0.050 ± 0.011"),
        (0.0, 0.5, "0.00 ± 0.50"),
        (3.9e-7, 4.1e-8, "(3.90 ± 0.41)e-07"),
        (3.9, None, "3.90"),
        (3.9, 0.0, "3.90"),
        (3.9, math.inf, "3.90"),
        (123456.0, None, "1.23e+05"),
        (0.0, None, "0"),
    ],
)
def test_a_value_has_the_digits_of_its_uncertainty(value, uncertainty, written):
    assert with_uncertainty(value, uncertainty) == written
