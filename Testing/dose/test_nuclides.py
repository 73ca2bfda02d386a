"""A nuclide without point kernels is refused by what needs them; the rest works."""

import json
from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.dose.monte_carlo import monte_carlo_dose
from LuDosimetryLib.dose.problem import Effort
from LuDosimetryLib.dose.registry import check_nuclide
from LuDosimetryLib.kernels.point import kernel_provenance, read_point_kernels
from LuDosimetryLib.kernels.table import KernelTable
from LuDosimetryLib.lab.kernels.build import build_point_kernels
from LuDosimetryLib.tissue.nuclide import read_nuclide

from ..conftest import HOURS
from ..support.doses import dose_by
from ..support.yttrium import ELECTRON_KEV, HALF_LIFE_H, yttrium  # noqa: F401

KEV_MBQ_H_TO_GY_G = 1.602176634e-16 * 1e3 * 3.6e9
NEED_KERNELS = ["single-vsv", "multi-vsv", "split-vsv", "photon-transport", "unet"]

pytestmark = pytest.mark.usefixtures("yttrium")


@pytest.fixture
def with_yttrium(case_folder):
    case_folder.change("nuclide", to="Y-90")
    return case_folder


def test_which_methods_need_kernels():
    assert [name for name, entry in DOSE_METHODS.items() if entry.needs_kernels] == NEED_KERNELS


@pytest.mark.parametrize("key", ["dose_method", "compare_with"])
@pytest.mark.parametrize("name", NEED_KERNELS)
def test_a_case_is_refused_with_the_remedy(with_yttrium, refused, name, key):
    with_yttrium.change("options", key, to=name if key == "dose_method" else [name])
    sentence = refused()
    assert "there are no point kernels for Y-90 (kernels are available for Lu-177)" in sentence
    choice = sentence.partition("choose the dose method ")[2].partition(", which need none")[0]
    without = [entry.name for entry in DOSE_METHODS.values() if not entry.needs_kernels]
    assert choice.split(" or ") == without
    assert {"local", "monte-carlo"} <= set(without)
    assert "'ludosimetry kernels-build --nuclide Y-90 -o " in sentence


@pytest.mark.parametrize("name", NEED_KERNELS)
def test_a_problem_is_refused_too(mixed_problem, name):
    with pytest.raises(InvalidInput, match=r"no point kernels for Y-90|trained for Lu-177"):
        dose_by(name, replace(mixed_problem, nuclide=read_nuclide("Y-90")))


def test_the_command_for_kernels_is_refused(capsys):
    asked = ["kernels", "--voxel-mm", "4", "4", "4", "--density", "1", "--composition", "water"]
    assert main([*asked, "--nuclide", "Y-90"]) == INVALID
    assert "there are no point kernels for Y-90" in capsys.readouterr().err
    assert main([*asked, "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["nuclide"] == "Lu-177"
    with pytest.raises(InvalidInput, match="no point kernels for Y-90"):
        KernelTable.of((4.0,) * 3, 1.0, "water", "Y-90")


def test_the_network_is_for_the_nuclide_it_was_trained_with(yttrium):  # noqa: F811
    """Even where there are kernels."""
    kernels = yttrium.parent / "Kernels"
    with np.load(kernels / "Lu-177.npz") as data:
        arrays = dict(data)
    arrays["provenance"] = np.array(str(arrays["provenance"]).replace("Lu-177", "Y-90"))
    np.savez(kernels / "Y-90.npz", **arrays)
    check_nuclide("multi-vsv", read_nuclide("Y-90"))
    with pytest.raises(InvalidInput, match=r"'unet': .* trained for Lu-177, not for Y-90; choose"):
        check_nuclide("unet", read_nuclide("Y-90"))
    with pytest.raises(
        InvalidInput, match=r"photons of 30 to 400 keV, which those of Y-90 are not"
    ):
        dose_by("split-vsv", problem_of_yttrium())


def problem_of_yttrium():
    from .conftest import uniform_problem

    return replace(uniform_problem((8, 8, 8)), nuclide=read_nuclide("Y-90"))


def test_kernels_say_for_which_nuclide_they_are(yttrium):  # noqa: F811
    kernels = yttrium.parent / "Kernels"
    (kernels / "Y-90.npz").symlink_to((kernels / "Lu-177.npz").resolve())
    with pytest.raises(InvalidInput, match=r"Y-90\.npz holds point kernels of Lu-177"):
        read_point_kernels("Y-90")
    (kernels / "Y-90.npz").unlink()
    (kernels / "Y-90.npz").write_bytes(b"rotten")
    with pytest.raises(InvalidInput, match=r"Y-90\.npz holds no point kernels that can be read"):
        read_point_kernels("Y-90")


def test_local_deposition(with_yttrium):
    """
    Energy times decays over mass, with the half-life of 90Y in the tail.

    In the kidney some 20 Gy; with the kernels of 177Lu it would be a sixth of that.
    """
    with_yttrium.change("options", "tail", to="physical")
    result = run_case(Case.read(with_yttrium.file))
    hours, course = [0.0, 4.0, 24.0, 96.0], np.array([0.0, *np.exp2(-np.array(HOURS) / 60.0)])
    per_initial_activity_h = np.trapezoid(course, hours) + course[-1] * HALF_LIFE_H / np.log(2.0)
    decays_MBq_h_mL = 1e-6 * with_yttrium.activity * per_initial_activity_h
    expected = KEV_MBQ_H_TO_GY_G * ELECTRON_KEV * decays_MBq_h_mL / result.density
    np.testing.assert_allclose(result.dose[result.reported], expected[result.reported], rtol=2e-4)
    (kidney, *_) = result.organs
    assert 10.0 < kidney.mean_dose_Gy < 25.0
    assert result.provenance["kernels"] == kernel_provenance("Y-90") == ""
    assert "Fermi" in result.provenance["nuclide_data"]


@pytest.mark.slow
def test_monte_carlo(with_yttrium):
    """Energy is conserved but for bremsstrahlung and what leaves at the ends of the image."""
    pytest.importorskip("ompmc")
    with_yttrium.change("options", "histories", to=100_000)
    with_yttrium.change("options", "compare_with", to=["local"])
    with_yttrium.change("options", "dose_method", to="monte-carlo")
    result = run_case(Case.read(with_yttrium.file))

    def absorbed(name):
        return float((result.doses[name] * result.density).sum(dtype=float))

    assert absorbed("monte-carlo") == pytest.approx(absorbed("local"), rel=0.02)
    organs = {organ.name: organ for organ in result.organs}
    kidney = organs["kidney"]
    # of a ball of 15 mm about a seventh of the energy of 90Y leaves
    assert 0.75 < kidney.mean_dose_Gy / kidney.dose_by_method_Gy["local"] < 0.95
    assert 0.0 < kidney.standard_error_Gy < 0.02 * kidney.mean_dose_Gy


@pytest.mark.slow
def test_monte_carlo_with_recovery_needs_no_kernels(with_yttrium):
    pytest.importorskip("ompmc")
    with_yttrium.change("options", "histories", to=20_000)
    with_yttrium.change("options", "spect_resolution_mm", to=12)
    with_yttrium.change("options", "dose_method", to="monte-carlo")
    for organ in run_case(Case.read(with_yttrium.file)).organs[:2]:
        part = organ.mean_dose_without_recovery_Gy / organ.mean_dose_Gy
        assert part == pytest.approx(organ.recovery_coefficient, rel=0.15)


@pytest.mark.slow
def test_kernels_of_another_nuclide(yttrium, mixed_problem):  # noqa: F811
    """Made as the refusal says, they give what Monte Carlo gives where one medium is deep enough."""
    pytest.importorskip("ompmc")
    data = read_nuclide("Y-90")
    path = yttrium.parent / "Kernels" / "Y-90.npz"
    build_point_kernels(path, 8_000, 2_000, 1, Log(), data)
    kernels = read_point_kernels("Y-90")
    assert kernels.electron_reach_g_cm2 == pytest.approx(1.2)  # 2.28 MeV: 1.13 g/cm2 (ESTAR)
    table = KernelTable.of((4.0, 4.0, 4.0), 1.04, "soft", "Y-90")
    assert table.absorbed_keV_per_decay == pytest.approx(ELECTRON_KEV, rel=0.005)
    problem = replace(mixed_problem, nuclide=data, effort=Effort(histories=40_000))
    expected, dose = (dose_by(name, problem) for name in ("monte-carlo", "multi-vsv"))
    hot = problem.tia_MBq_h_mL > 100.0
    assert dose[hot].mean() == pytest.approx(expected[hot].mean(), rel=0.03)


@pytest.mark.slow
def test_a_pure_beta_emitter_has_no_photons_to_follow(mixed_problem):
    pytest.importorskip("ompmc")
    lines = np.zeros((0, 2))
    data = replace(read_nuclide("Y-90"), electron_lines=lines, photon_lines=lines)
    problem = replace(mixed_problem, nuclide=data, effort=Effort(histories=20_000))
    found = monte_carlo_dose(problem, Log())
    assert found.how["photons_followed"] == 0
    mass = problem.density_g_cm3
    hot = problem.tia_MBq_h_mL > 100.0
    local = dose_by("local", problem)
    assert 0.5 < (found.dose * mass)[hot].sum() / (local * mass)[hot].sum() < 0.95
