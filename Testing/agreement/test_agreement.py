import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from LuDosimetryLib.agreement.agreement import (
    bland_altman,
    correlation,
    mean_absolute_error_by_organ_percent,
    mean_absolute_error_percent,
    pearson_r,
    voxel_errors,
)
from LuDosimetryLib.base.errors import InvalidInput


def test_bland_altman_of_four_differences():
    result = bland_altman([1.0, 2.0, 3.0, 6.0, math.nan])
    sd = math.sqrt((4 + 1 + 0 + 9) / 3)
    assert result.count == 4
    assert result.bias_percent == 3.0
    assert result.sd_percent == pytest.approx(sd)
    assert result.lower_limit_percent == pytest.approx(3.0 - 1.96 * sd)
    assert result.upper_limit_percent == pytest.approx(3.0 + 1.96 * sd)


def test_bland_altman_needs_two_for_a_spread():
    assert bland_altman([2.0]).bias_percent == 2.0
    assert math.isnan(bland_altman([2.0]).upper_limit_percent)
    assert math.isnan(bland_altman([]).bias_percent)


def test_mean_absolute_error_is_that_of_equation_3():
    assert mean_absolute_error_percent([1.1, 1.8, 5.0], [1.0, 2.0, 5.0]) == pytest.approx(20 / 3)
    with pytest.raises(InvalidInput):
        mean_absolute_error_percent([1.0], [0.0])
    with pytest.raises(InvalidInput):
        mean_absolute_error_percent([], [])


def test_mean_absolute_error_goes_over_the_datasets_that_have_the_organ():
    datasets = [{"liver": (11.0, 10.0), "tumour": (3.0, 4.0)}, {"liver": (19.0, 20.0)}]
    assert mean_absolute_error_by_organ_percent(datasets) == pytest.approx(
        {"liver": 7.5, "tumour": 25.0}
    )


def test_correlation_of_hand_made_voxels():
    reference = np.array([[0.0, 1.0, 2.0], [3.0, 10.0, 20.0]], np.float32)
    dose = np.array([[99.0, 1.0, 3.0], [2.0, 10.0, 20.0]], np.float32)
    result = correlation(dose, reference)
    assert (result.voxels, result.voxels_below_5_Gy) == (5, 3)
    assert result.r_below_5_Gy == pytest.approx(0.5)
    assert result.r == pytest.approx(np.corrcoef(dose.flat[1:], reference.flat[1:])[0, 1])


def test_correlation_without_variation_is_undefined():
    assert math.isnan(pearson_r([1.0, 1.0], [1.0, 2.0]))
    assert math.isnan(pearson_r([1.0], [1.0]))


@given(
    st.lists(st.floats(0.1, 100.0), min_size=3, max_size=20, unique=True),
    st.floats(0.1, 10.0),
    st.floats(-5.0, 5.0),
)
def test_correlation_does_not_see_scale_and_offset(values, scale, offset):
    values = np.array(values)
    if np.ptp(values) > 1e-3:
        assert pearson_r(scale * values + offset, values) == pytest.approx(1.0)
        assert pearson_r(-values, values) == pytest.approx(-1.0)


def test_voxel_errors_above_a_threshold():
    reference = np.array([0.0, 0.5, 10.0, 10.0, 20.0, 40.0])
    dose = np.array([7.0, 5.0, 11.0, 9.0, 22.0, 40.0])
    result = voxel_errors(dose, reference, 0.5)
    assert result.voxels == 4  # +10, -10, +10, 0 %; the threshold itself does not count
    assert result.mean_percent == pytest.approx(2.5)
    assert result.mean_absolute_percent == pytest.approx(7.5)
    assert result.rms_percent == pytest.approx(math.sqrt(75.0))
    assert result.sd_percent == pytest.approx(math.sqrt(75.0 - 6.25))
    assert result.percentiles_percent["P50"] == pytest.approx(5.0)
    assert result.percentiles_percent["P5"] == pytest.approx(-8.5)
    assert result.perfect_method_rms_percent is None


def test_no_voxel_above_the_threshold_has_no_errors():
    result = voxel_errors(np.ones(3), np.ones(3), 2.0)
    assert result.voxels == 0
    assert math.isnan(result.mean_percent)


def test_a_perfect_method_shows_the_noise_of_the_reference():
    rng = np.random.default_rng(5)
    truth = rng.uniform(1.0, 20.0, 200_000)
    standard_error = 0.013 * truth * rng.uniform(0.5, 1.5, truth.size)
    reference = truth + standard_error * rng.standard_normal(truth.size)
    result = voxel_errors(truth, reference, 0.0, standard_error)
    assert result.rms_percent == pytest.approx(result.perfect_method_rms_percent, rel=0.02)
    assert result.mean_absolute_percent == pytest.approx(
        result.perfect_method_mean_absolute_percent, rel=0.02
    )
