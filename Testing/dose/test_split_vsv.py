"""Electrons and photons apart."""

import numpy as np
import pytest

from LuDosimetryLib.dose import METHODS
from LuDosimetryLib.dose.problem import GY_G_PER_KEV_MBQ_H, DoseProblem
from LuDosimetryLib.image import Grid
from LuDosimetryLib.nuclide import read_nuclide


def quiet(fraction, message):
    pass


def problem(rho: np.ndarray, tia: np.ndarray) -> DoseProblem:
    return DoseProblem(
        Grid.axial(rho.shape, (4.0,) * 3), tia, rho, rho > 0.05, read_nuclide("Lu-177")
    )


def test_equals_multi_vsv_in_one_medium():
    rho = np.full((21, 21, 21), 1.045, np.float32)
    tia = np.zeros_like(rho)
    tia[8:13, 8:13, 8:13] = 30.0
    split, multi = (METHODS[name](problem(rho, tia), quiet) for name in ("split-vsv", "multi-vsv"))
    np.testing.assert_allclose(split, multi, rtol=2e-3)


def test_every_electron_s_energy_is_deposited_once():
    """At a border of lung and soft tissue, unlike with the target's kernel."""
    rng = np.random.default_rng(1)
    rho = np.full((31, 31, 31), 1.045, np.float32)
    rho[:, :, :15] = 0.25
    tia = np.zeros_like(rho)
    tia[13:18, 13:18, 13:18] = rng.uniform(1, 9, (5, 5, 5))
    p = problem(rho, tia)
    energy = {
        name: float((METHODS[name](p, quiet) * rho).sum(dtype=np.float64))
        for name in ("split-vsv", "local")
    }
    electrons = GY_G_PER_KEV_MBQ_H * 147.92 * float(tia.sum(dtype=np.float64))
    photons = energy["split-vsv"] - electrons
    assert energy["local"] == pytest.approx(electrons, rel=1e-3)
    # of the photons a grid of 12 cm absorbs some: less than all, more than none
    assert 0.01 < photons / electrons < 35.1 / 147.92


def test_bone_absorbs_more_photons_than_soft_tissue():
    rho = np.full((25, 25, 25), 1.045, np.float32)
    rho[:, :, 18:21] = 1.24
    tia = np.zeros_like(rho)
    tia[11:14, 11:14, 2:5] = 50.0
    dose = METHODS["split-vsv"](problem(rho, tia), quiet)
    soft = METHODS["split-vsv"](problem(np.full_like(rho, 1.045), tia), quiet)
    ratio = dose[12, 12, 19] / soft[12, 12, 19]
    assert 1.4 < ratio < 1.9
