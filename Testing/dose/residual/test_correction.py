"""The corrected dose: bounded, linear in activity, on any grid and with any memory."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.dose.residual.correction import corrected_dose, trained_grid
from LuDosimetryLib.dose.residual.network import LinearNetwork, PaperNetwork
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.organs.organ_dose import mean_dose
from LuDosimetryLib.tissue.nuclide import read_nuclide

from ...support.doses import dose_by
from ...support.small_patients import SMALL, model_with

BOUNDS = (0.75, 1.3)


@pytest.fixture
def model(lively):
    return model_with(lively(LinearNetwork(**SMALL)))


@pytest.fixture
def mild():
    """Model of a residual of some per cent of the dose, as a trained one has."""
    network = LinearNetwork(**SMALL).eval()
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in (network.out.weight, network.direct.weight):
            parameter.add_(0.06 * torch.randn(parameter.shape, generator=generator))
    return model_with(network)


@pytest.fixture
def problem(dataset_of):
    return dataset_of().problem()


@pytest.mark.slow
def test_never_negative_and_within_the_bounds(problem, model):
    log = Log()
    found = corrected_dose(problem, model, log)
    reported = problem.reported
    assert found.dose.dtype == np.float32
    assert not found.dose[~reported].any()
    assert (found.dose >= 0.0).all()
    least = BOUNDS[0] * np.minimum(found.at_target, found.from_source) + found.photons
    most = BOUNDS[1] * np.maximum(found.at_target, found.from_source) + found.photons
    assert (found.dose >= (1 - 1e-6) * least)[reported].all()
    assert (found.dose <= (1 + 1e-6) * most)[reported].all()
    # weights without sense: it says what was cut
    at_bounds = np.isclose(found.dose, least, rtol=1e-6) | np.isclose(found.dose, most, rtol=1e-6)
    assert found.bounded == pytest.approx(at_bounds[reported].mean(), abs=0.002)
    assert 0.1 < found.bounded < 1.0
    assert found.how == "cpu"
    assert log.remarks == []


def test_untrained_it_is_the_dose_by_photon_transport(problem):
    found = corrected_dose(problem, model_with(LinearNetwork(**SMALL).eval()), Log())
    assert found.bounded == 0.0
    np.testing.assert_allclose(found.dose, dose_by("photon-transport", problem), rtol=1e-5)
    np.testing.assert_allclose(found.dose, found.uncorrected, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [2.0, 3.7, 1e-6])
def test_linear_in_activity_through_the_whole_method(problem, mild, factor):
    once = corrected_dose(problem, mild, Log())
    assert (
        np.abs(once.dose / np.maximum(once.uncorrected, 1e-9) - 1.0)[problem.reported].mean() > 1e-3
    )
    tia = problem.tia_MBq_h_mL * np.float32(factor)
    scaled = corrected_dose(replace(problem, tia_MBq_h_mL=tia), mild, Log())
    np.testing.assert_allclose(
        scaled.dose, np.float32(factor) * once.dose, rtol=1e-5, atol=factor * 1e-6 * once.dose.max()
    )


@pytest.mark.parametrize(
    ("name", "network"),
    [("linear", LinearNetwork(**SMALL)), ("paper", PaperNetwork(maps=2, levels=2))],
)
def test_no_activity_no_dose(problem, lively, name, network):
    nothing = replace(problem, tia_MBq_h_mL=0.0 * problem.tia_MBq_h_mL)
    found = corrected_dose(
        nothing,
        model_with(
            lively(network),
            architecture=name,
            size={"maps": 2, "levels": 2} if name == "paper" else SMALL,
        ),
        Log(),
    )
    assert not found.dose.any()
    assert found.bounded == 0.0 or isinstance(network, PaperNetwork)


def sphere_patient(grid):
    """Lung, bone and two organs in a trunk, the same on every grid: averaged over each voxel."""
    fine = 2
    k, j, i = np.ogrid[
        tuple(
            slice(-0.5 * n * s + 0.5 * s / fine, 0.5 * n * s, s / fine)
            for n, s in zip(grid.shape, grid.spacing_mm, strict=True)
        )
    ]

    def averaged(values):
        a, b, c = grid.shape
        return values.reshape(a, fine, b, fine, c, fine).mean(axis=(1, 3, 5)).astype(np.float32)

    def ball(z, y, x, radius):
        return (k - z) ** 2 + (j - y) ** 2 + (i - x) ** 2 < radius**2

    body = (((j / 48) ** 2 + (i / 52) ** 2) < 1) & (np.abs(k) < 44)
    lung, bone = body & ball(22, 0, -20, 18), body & ball(-10, 26, 0, 14)
    kidney, tumour = ball(-14, 0, 24, 15), ball(20, 0, 4, 12)
    density = np.where(body, 1.04, 0.0012)
    density[lung], density[bone] = 0.3, 1.35
    tia = 1.0 * body + 60.0 * kidney + 120.0 * tumour * ~lung
    rho = averaged(density)
    vois = {
        name: averaged(1.0 * region) > 0.5
        for name, region in (("kidney", kidney), ("tumour", tumour & ~lung), ("bone", bone))
    }
    return DoseProblem(grid, averaged(tia), rho, rho > 0.05, read_nuclide("Lu-177"), vois=vois)


def corrections(problem, model, log):
    """Correction of every organ [%], and how it was calculated."""
    found = corrected_dose(problem, model, log)
    return {
        name: 100.0
        * (
            mean_dose(found.dose, problem.density_g_cm3, voi)
            / mean_dose(found.uncorrected, problem.density_g_cm3, voi)
            - 1.0
        )
        for name, voi in problem.vois.items()
    }, found


@pytest.mark.slow
def test_other_voxels_give_about_the_same_organ_doses(mild):
    def at(voxel):
        shape = tuple(int(np.ceil(100.0 / s)) for s in voxel)
        return sphere_patient(Grid.axial(shape, voxel))

    log = Log()
    expected, plain = corrections(at((3.87,) * 3), mild, log)
    assert plain.how == "cpu"
    assert min(map(abs, expected.values())) > 1.0
    others = []
    for spacing in ((3.0, 3.0, 3.0), (4.8, 4.8, 4.8), (5.0, 3.9, 3.2)):
        problem = at(spacing)
        found, done = corrections(problem, mild, log)
        assert done.how == "cpu, residual from a grid of 3.87 mm"
        assert log.remarks == []
        low, high = BOUNDS
        least = low * np.minimum(done.at_target, done.from_source) + done.photons
        most = high * np.maximum(done.at_target, done.from_source) + done.photons
        assert (done.dose >= 0.999 * least)[problem.reported].all()
        assert (done.dose <= 1.001 * most)[problem.reported].all()
        others.append(found)
    for name, correction in expected.items():
        on_others = [found[name] for found in others]
        assert on_others == pytest.approx([np.mean(on_others)] * 3, abs=0.5)
        assert np.mean(on_others) / correction == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), (0, -1, 0, 1, 0, 0, 0, 0, 1)])
def test_the_trained_grid_covers_the_same_field(direction):
    grid = Grid((10, 20, 30), (6.0, 5.0, 2.0), (-7.0, 11.0, 40.0), tuple(map(float, direction)))
    other = trained_grid(grid, 4.0)
    assert other.shape == (15, 25, 15)
    assert other.spacing_mm == (4.0,) * 3
    assert other.direction == grid.direction
    corner, far = (np.array([[-0.5, n - 0.5] for n in g.shape[::-1]]) for g in (grid, other))
    np.testing.assert_allclose(grid.positions(corner), other.positions(far), atol=1e-9)


@pytest.mark.parametrize("spacing", [(3.87,) * 3, (3.8, 3.9, 3.95)])
def test_the_trained_voxels_are_used_as_they_are(spacing):
    assert trained_grid(Grid.axial((4, 4, 4), spacing), 3.87) is None


@pytest.mark.parametrize(
    ("side", "remarked"), [(3.87, False), (3.0, False), (2.0, True), (8.8, True)]
)
def test_voxels_far_from_the_trained_ones_are_remarked_on(side, remarked, mild):
    shape = (8, 8, 8)
    ones = np.ones(shape, np.float32)
    problem = DoseProblem(
        Grid.axial(shape, (side, 3.87, 3.87)), ones, ones, ones > 0, read_nuclide("Lu-177")
    )
    log = Log()
    corrected_dose(problem, mild, log)
    assert len(log.remarks) == remarked
    if remarked:
        (sentence,) = log.remarks
        assert f"voxels of 3.87 x 3.87 x {side:.3g} mm are far from the 3.87 mm" in sentence
        assert sentence.endswith("compare with Monte Carlo.")


@pytest.mark.parametrize(("voxels", "remarked"), [(8, False), (10, True)])
def test_metal_is_remarked_on(problem, mild, voxels, remarked):
    """Half a millilitre is nine voxels."""
    density = problem.density_g_cm3.copy()
    inside = np.argwhere(problem.reported)[:voxels]
    density[tuple(inside.T)] = 4.5
    log = Log()
    corrected_dose(replace(problem, density_g_cm3=density), mild, log)
    assert len(log.remarks) == remarked
    if remarked:
        assert "0.58 mL of the patient are denser than 2.3 g/cm3" in log.remarks[0]


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"kernels_sha256": "0" * 64}, "other point kernels than those of this installation"),
        ({"media": 12}, "voxel S values of 12 media, and the case has 20"),
    ],
)
def test_other_voxel_s_values_than_the_trained_are_remarked_on(problem, lively, changes, remark):
    log = Log()
    corrected_dose(problem, model_with(lively(LinearNetwork(**SMALL)), **changes), log)
    (sentence,) = log.remarks
    assert remark in sentence
    assert sentence.endswith("compare with Monte Carlo.")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_gpu_gives_the_cpu_s_dose(problem, mild):
    one = corrected_dose(problem, mild, Log())
    other = corrected_dose(replace(problem, device="cuda"), mild, Log())
    assert other.how == "cuda"
    np.testing.assert_allclose(other.dose, one.dose, rtol=1e-4, atol=1e-6 * one.dose.max())


def test_progress_rises_to_one(problem, mild):
    fractions = []
    corrected_dose(problem, mild, Log(lambda fraction, text: fractions.append(fraction)))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
