"""The Monte Carlo as a dose method."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.monte_carlo import monte_carlo_dose
from LuDosimetryLib.dose.problem import Effort

from ..support.doses import dose_by


@pytest.fixture
def problem(mixed_problem):
    vois = {
        "hot": np.zeros(mixed_problem.grid.shape, bool),
        "lung": np.zeros(mixed_problem.grid.shape, bool),
    }
    vois["hot"][8:12, 8:12, 8:12] = True
    vois["lung"][3:, :5] = True
    return replace(mixed_problem, vois=vois, effort=Effort(histories=100_000))


def mean_of(dose, problem, name):
    voi = problem.vois[name] & problem.reported
    mass = problem.density_g_cm3[voi].astype(float)
    return float((mass * dose[voi]).sum() / mass.sum())


def test_without_ompmc_one_sentence(problem, monkeypatch):
    monkeypatch.setitem(sys.modules, "ompmc", None)
    with pytest.raises(
        InvalidInput, match=r"package ompmc, which is not installed: run 'pip install"
    ):
        monte_carlo_dose(problem, Log())


class TestWithEngine:
    @pytest.fixture(autouse=True)
    def _engine(self):
        pytest.importorskip("ompmc")

    @pytest.mark.slow
    def test_dose_and_errors(self, problem):
        found = monte_carlo_dose(problem, Log())
        assert found.dose.dtype == found.standard_error.dtype == np.float32
        assert not found.dose[~problem.reported].any()
        assert not found.standard_error[~problem.reported].any()
        split = dose_by("split-vsv", problem)
        for name in problem.vois:
            dose, error = mean_of(found.dose, problem, name), found.organ_standard_error_Gy[name]
            assert 0.0 < error < 0.03 * dose
            assert dose == pytest.approx(mean_of(split, problem, name), rel=0.05)
        assert found.how["decays"] == 100_000

    @pytest.mark.slow
    def test_noise_that_makes_doses_negative_is_told(self, problem):
        few, log = replace(problem, effort=Effort(histories=2_000)), Log()
        found = monte_carlo_dose(few, log)
        negative = int((found.dose < 0.0).sum())
        assert negative > 0
        assert any(f"the dose of {negative} voxels" in warning for warning in log.remarks)
        assert found.how["engine"].startswith("ompmc ")

    @pytest.mark.slow
    def test_twice_the_activity_twice_the_dose(self, problem):
        once = monte_carlo_dose(problem, Log())
        twice = monte_carlo_dose(replace(problem, tia_MBq_h_mL=2 * problem.tia_MBq_h_mL), Log())
        np.testing.assert_allclose(
            twice.dose, 2 * once.dose, rtol=1e-4, atol=1e-5 * once.dose.max()
        )
        for name, error in once.organ_standard_error_Gy.items():
            assert twice.organ_standard_error_Gy[name] == pytest.approx(2 * error, rel=1e-3)

    @pytest.mark.slow
    def test_another_seed_other_numbers(self, problem):
        one, other = (
            monte_carlo_dose(replace(problem, effort=Effort(20_000, seed=seed)), Log())
            for seed in (1, 2)
        )
        assert not np.allclose(one.dose, other.dose, rtol=1e-3)

    @pytest.mark.slow
    def test_decays_in_air_are_followed_and_told(self, problem):
        tia = problem.tia_MBq_h_mL.copy()
        tia[:, :, :2] = 100.0
        log = Log()
        found = monte_carlo_dose(replace(problem, tia_MBq_h_mL=tia), log)
        without = monte_carlo_dose(problem, Log())
        beside = found.dose[:, :, 2] - without.dose[:, :, 2]
        assert beside.mean() > 0.0
        (sentence,) = (text for text in log.remarks if "in air" in text)
        share = 100 * tia[~problem.reported].sum() / tia.sum()
        assert f"{share:.2g} % of the decays happen in air" in sentence

    def test_no_activity(self, problem):
        with pytest.raises(InvalidInput, match=r"is 0 everywhere; a Monte Carlo needs decays"):
            monte_carlo_dose(replace(problem, tia_MBq_h_mL=0 * problem.tia_MBq_h_mL), Log())

    def test_activity_in_air_only(self, problem):
        tia = np.where(problem.reported, np.float32(0), np.float32(1))
        with pytest.raises(InvalidInput, match=r"lies in air or outside the patient"):
            monte_carlo_dose(replace(problem, tia_MBq_h_mL=tia), Log())
