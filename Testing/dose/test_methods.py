"""What holds for every dose method."""

from dataclasses import replace
from inspect import signature

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.dose.problem import GY_G_PER_KEV_MBQ_H, DoseProblem
from LuDosimetryLib.dose.registry import check_nuclide, dose_method, lack_of
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.tissue.nuclide import read_nuclide

from ..support.doses import dose_by

METHODS = [name for name, entry in DOSE_METHODS.items() if not entry.statistical]
EXACT = [name for name in METHODS if name != "unet"]
"""All but the network: its bounds bend a sum, and pooling looks at voxels in fixed pairs."""
CONVOLVED = [name for name in METHODS if name != "local"]


def uniform(shape, side_mm, density, tia):
    grid = Grid.axial(shape, (side_mm,) * 3)
    rho = np.full(shape, density, np.float32)
    return DoseProblem(grid, tia, rho, np.ones(shape, bool), read_nuclide("Lu-177"))


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_linear_in_activity(name, mixed_problem):
    once = dose_by(name, mixed_problem)
    doubled = replace(mixed_problem, tia_MBq_h_mL=2.0 * mixed_problem.tia_MBq_h_mL)
    np.testing.assert_allclose(
        dose_by(name, doubled), 2.0 * once, rtol=1e-5, atol=1e-5 * once.max()
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", EXACT)
def test_sum_of_sources_is_sum_of_doses(name, mixed_problem):
    parts = []
    for half in (slice(0, 11), slice(11, 22)):
        tia = np.zeros_like(mixed_problem.tia_MBq_h_mL)
        tia[half] = mixed_problem.tia_MBq_h_mL[half]
        parts.append(dose_by(name, replace(mixed_problem, tia_MBq_h_mL=tia)))
    whole = dose_by(name, mixed_problem)
    np.testing.assert_allclose(parts[0] + parts[1], whole, rtol=1e-4, atol=1e-5 * whole.max())


@pytest.mark.slow
@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mirror_symmetry(name, axis, mixed_problem):
    p = mixed_problem
    mirrored = replace(
        p,
        tia_MBq_h_mL=np.flip(p.tia_MBq_h_mL, axis).copy(),
        density_g_cm3=np.flip(p.density_g_cm3, axis).copy(),
        reported=np.flip(p.reported, axis).copy(),
    )
    dose = dose_by(name, p)
    np.testing.assert_allclose(
        np.flip(dose_by(name, mirrored), axis), dose, rtol=1e-4, atol=1e-5 * dose.max()
    )


@pytest.mark.parametrize("name", EXACT)
def test_shift(name):
    """The same patient elsewhere on a larger grid has the same dose."""
    rng = np.random.default_rng(2)
    small = rng.uniform(0.0, 10.0, (12, 12, 12)).astype(np.float32)
    density = rng.normal(1.05, 0.1, small.shape).astype(np.float32)
    doses = []
    for at in (0, 7):
        tia = np.zeros((20, 20, 20), np.float32)
        rho = np.full(tia.shape, 0.00121, np.float32)
        box = (slice(at, at + 12),) * 3
        tia[box], rho[box] = small, density
        p = DoseProblem(
            Grid.axial(tia.shape, (4.0,) * 3), tia, rho, rho > 0.05, read_nuclide("Lu-177")
        )
        doses.append(dose_by(name, p)[box])
    np.testing.assert_allclose(doses[0], doses[1], rtol=1e-5, atol=1e-6 * doses[0].max())


@pytest.mark.parametrize("name", METHODS)
def test_no_activity_no_dose(name, mixed_problem):
    empty = replace(mixed_problem, tia_MBq_h_mL=np.zeros_like(mixed_problem.tia_MBq_h_mL))
    assert dose_by(name, empty).max() == 0.0


@pytest.mark.parametrize("name", METHODS)
def test_dose_only_where_reported_and_never_negative(name, mixed_problem):
    dose = dose_by(name, mixed_problem)
    assert dose.dtype == np.float32
    assert dose.min() >= 0.0
    assert (dose[~mixed_problem.reported] == 0.0).all()
    assert (dose[mixed_problem.reported] > 0.0).all()


@pytest.mark.parametrize("name", METHODS)
def test_progress_is_a_fraction_with_a_message(name, mixed_problem):
    reports = []
    dose_by(name, mixed_problem, Log(lambda fraction, message: reports.append((fraction, message))))
    assert reports
    assert all(0.0 <= fraction <= 1.0 and message for fraction, message in reports)


@pytest.mark.parametrize("name", DOSE_METHODS)
def test_every_entry_names_what_is_there(name):
    """A method is its file, its entry and its test: this loads what the entry names."""
    entry = DOSE_METHODS[name]
    assert entry.name == name
    assert entry.label
    assert entry.help.endswith(".")
    problem, log = signature(dose_method(name)).parameters.values()
    assert (problem.annotation, log.annotation) == (DoseProblem, Log)
    assert lack_of(name) is None or isinstance(lack_of(name), str)
    check_nuclide(name, read_nuclide("Lu-177"))


@pytest.mark.parametrize("name", METHODS)
def test_inputs_stay(name, mixed_problem):
    before = [mixed_problem.tia_MBq_h_mL.copy(), mixed_problem.density_g_cm3.copy()]
    dose_by(name, mixed_problem)
    assert np.array_equal(mixed_problem.tia_MBq_h_mL, before[0])
    assert np.array_equal(mixed_problem.density_g_cm3, before[1])


@pytest.mark.parametrize("name", METHODS)
def test_cancel(name, mixed_problem):
    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        dose_by(name, mixed_problem, Log(stop))


@pytest.mark.slow
@pytest.mark.parametrize("name", CONVOLVED)
def test_equilibrium_dose(name):
    """Far inside a uniform activity every decay's energy is absorbed: D = E TIA / rho.

    Photons reach farther than any practical grid, so voxels are large: 40 of them span 2.4 m, of
    which the centre sees 1.2 m, 3e-5 of the photon energy short.
    """
    density = 1.04
    p = uniform((41, 41, 41), 60.0, density, np.ones((41, 41, 41), np.float32))
    dose = dose_by(name, p)[20, 20, 20]
    expected = GY_G_PER_KEV_MBQ_H * (147.92 + 35.10) / density
    # photon kernels are those of the medium's nominal density, which differs from 1.04 by 0.5 %
    assert dose == pytest.approx(expected, rel=0.005)


def test_local_is_electron_energy_over_mass():
    p = uniform((3, 3, 3), 4.0, 1.3, np.full((3, 3, 3), 7.0, np.float32))
    # 0.08532 Gy g/(MBq h), from ICRP 107
    assert dose_by("local", p)[1, 1, 1] == pytest.approx(0.08532 * 7.0 / 1.3, rel=1e-3)
