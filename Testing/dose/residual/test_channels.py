"""What the network is shown."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.residual.channels import (
    LINEAR_CHANNELS,
    MULTI_VSV,
    SPLIT_VSV,
    TISSUE_CHANNELS,
    Channels,
    box_of,
)

from ...support.doses import dose_by


def test_the_doses_are_those_of_the_methods(dataset_of):
    problem = dataset_of().problem()
    channels = Channels.of(problem, Log())
    assert channels.tissue.shape == (TISSUE_CHANNELS, *problem.grid.shape)
    assert channels.linear.shape == (LINEAR_CHANNELS, *problem.grid.shape)
    assert channels.tissue.dtype == channels.linear.dtype == np.float32
    np.testing.assert_array_equal(channels.multi_vsv, dose_by("multi-vsv", problem))
    split = dose_by("split-vsv", problem)
    np.testing.assert_allclose(channels.split_vsv, split, rtol=1e-6)
    density, reported = channels.tissue
    np.testing.assert_array_equal(reported > 0, problem.reported)
    np.testing.assert_array_equal(density, problem.density_g_cm3 * problem.reported)
    assert (channels.linear >= 0.0).all()
    multi_and_split = [channels.linear[MULTI_VSV], *channels.linear[SPLIT_VSV]]
    assert not np.stack(multi_and_split)[:, ~problem.reported].any()


def test_what_decays_emit_where_there_is_no_dose(dataset_of):
    """133 keV and more of electrons a decay, 0.08532 Gy g/(MBq h) of them (ICRP 107)."""
    dataset = dataset_of()
    dataset.tia[0, 0, 0] = 7.0  # in the corner, where there is air
    assert not dataset.reported[0, 0, 0]
    emitted = Channels.of(dataset.problem(), Log()).linear[-1]
    np.testing.assert_allclose(emitted, 0.08532 * dataset.tia, rtol=1e-3)


def test_the_network_sees_the_patient_and_a_margin():
    reported = np.zeros((40, 30, 20), bool)
    reported[12:20, 3:28, 19] = True
    box = box_of(reported)
    assert box == (slice(4, 28), slice(0, 30), slice(11, 20))


def test_progress_rises_and_can_cancel(dataset_of):
    fractions = []
    Channels.of(dataset_of().problem(), Log(lambda fraction, text: fractions.append(fraction)))
    assert fractions == sorted(fractions)
    assert 0.0 <= fractions[0] < 0.6 < fractions[-1] <= 1.0

    def stop(fraction, text):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        Channels.of(dataset_of().problem(), Log(stop))
