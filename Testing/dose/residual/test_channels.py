"""What the network is shown."""

from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.residual.channels import (
    LINEAR_CHANNELS,
    TISSUE_CHANNELS,
    Channels,
    box_of,
)
from LuDosimetryLib.dose.split_vsv import split_dose

from ...support.doses import dose_by


def test_the_doses_are_those_of_the_methods(dataset_of):
    problem = dataset_of().problem()
    channels = Channels.of(problem, Log())
    assert channels.tissue.shape == (TISSUE_CHANNELS, *problem.grid.shape)
    assert channels.linear.shape == (LINEAR_CHANNELS, *problem.grid.shape)
    assert channels.tissue.dtype == channels.linear.dtype == np.float32
    # what electrons leave of the doses by these methods, that of photons apart
    split = split_dose(problem, Log()).electrons
    np.testing.assert_allclose(channels.from_source, split, rtol=1e-6)
    assert (channels.at_target <= dose_by("multi-vsv", problem) * (1 + 1e-5)).all()
    uniform = replace(problem, density_g_cm3=np.full_like(problem.density_g_cm3, 1.045))
    alike = Channels.of(uniform, Log())
    np.testing.assert_allclose(alike.at_target, alike.from_source, rtol=1e-4, atol=1e-5)
    density, reported = channels.tissue
    np.testing.assert_array_equal(reported > 0, problem.reported)
    np.testing.assert_array_equal(density, problem.density_g_cm3 * problem.reported)
    assert (channels.linear >= 0.0).all()
    assert not channels.linear[:2, ~problem.reported].any()


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
