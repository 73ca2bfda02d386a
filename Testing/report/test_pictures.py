import numpy as np
import pytest

from LuDosimetryLib.agreement.agreement import bland_altman
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.organs.organ_dose import DoseVolumeHistograms
from LuDosimetryLib.report.scene import Scene

pytest.importorskip("matplotlib")

from LuDosimetryLib.report.canvas import label
from LuDosimetryLib.report.figures import (
    bland_altman_figure,
    correlation_figure,
    dvh_figure,
)
from LuDosimetryLib.report.slices import (
    activity_picture,
    density_picture,
    error_limit,
    error_picture,
)

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def body():
    grid = Grid.axial((9, 11, 13), (5.0, 4.0, 3.0))
    rng = np.random.default_rng(3)
    values = rng.random(grid.shape).astype(np.float32)
    values[6:8, 2:4, 8:11] += 10.0
    return grid, values


def stored_otherwise(grid: Grid, values: np.ndarray) -> tuple[Grid, np.ndarray]:
    """The same volume with i running to inferior, j to the patient's right, k to anterior."""
    turned = np.ascontiguousarray(np.transpose(values, (1, 2, 0))[::-1, ::-1, ::-1])
    k, j, i = grid.shape
    corner = grid.positions(np.array([[i - 1], [j - 1], [k - 1]]))[:, 0]
    direction = np.array([[0, -1, 0], [0, 0, -1], [-1, 0, 0]], float)
    dz, dy, dx = grid.spacing_mm
    return Grid(turned.shape, (dy, dx, dz), tuple(corner), tuple(direction.flat)), turned


@pytest.mark.slow
def test_how_a_volume_is_stored_does_not_change_its_pictures(body):
    grid, values = body
    other_grid, other = stored_otherwise(grid, values)
    scene = Scene.of(grid, values, values > 0.2)
    other_scene = Scene.of(other_grid, other, other > 0.2)
    assert other_scene.focus == scene.focus
    np.testing.assert_allclose(other_scene.focus_mm, scene.focus_mm)
    assert activity_picture(other_scene, other) == activity_picture(scene, values)
    mirrored = np.ascontiguousarray(other[:, ::-1])
    assert activity_picture(other_scene, mirrored) != activity_picture(scene, values)


def test_the_focus_is_the_hot_volume_not_a_noisy_voxel():
    grid = Grid.axial((20, 20, 20), (4.0, 4.0, 4.0))
    dose = np.zeros(grid.shape, np.float32)
    dose[4:9, 4:9, 4:9] = 10.0
    dose[15, 15, 15] = 60.0
    scene = Scene.of(grid, dose, np.ones(grid.shape, bool))
    index = np.array([[6], [6], [6]])
    assert np.abs(np.array(scene.focus_mm) - grid.positions(index)[:, 0]).max() <= 4.0


def test_pictures_show_the_patient_with_a_margin():
    grid = Grid.axial((20, 21, 22), (4.0, 4.0, 4.0))
    shown = np.zeros(grid.shape, bool)
    shown[5:10, 0:7, 12:22] = True
    scene = Scene.of(grid, shown.astype(np.float32), shown)
    assert scene.box == (slice(3, 12), slice(0, 9), slice(10, 22))


def test_the_profile_takes_the_axis_on_which_doses_differ_most():
    grid = Grid.axial((8, 8, 8), (4.0, 4.0, 4.0))
    first = np.zeros(grid.shape, np.float32)
    first[2:5, 2:5, 2:5] = 5.0
    scene = Scene.of(grid, first, np.ones(grid.shape, bool))
    second = first.copy()
    second[:, scene.focus[1], scene.focus[2]] += 1.0
    assert scene.most_telling_axis([first]) == 2
    assert scene.most_telling_axis([first, first]) == 2
    assert scene.most_telling_axis([first, second]) == 0


@pytest.mark.parametrize(
    ("errors", "limit"), [([0.0], 1.0), ([], 1.0), ([-2.6], 3.0), ([0.031], 0.05), ([80.0], 100.0)]
)
def test_colour_scales_end_at_round_values(errors, limit):
    assert error_limit(np.array(errors, np.float32)) == pytest.approx(limit)


def test_empty_volumes_can_be_drawn():
    grid = Grid.axial((4, 5, 1), (4.0, 4.0, 4.0))
    nothing, nowhere = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, bool)
    scene = Scene.of(grid, nothing, nowhere)
    assert activity_picture(scene, nothing).startswith(PNG)
    assert density_picture(scene, nothing, {"nowhere": nowhere}, {"nowhere": 0}).startswith(PNG)
    assert error_picture(scene, nothing, nowhere, None, "Error [Gy]").startswith(PNG)
    assert correlation_figure(nothing, nothing, ("a", "b")).startswith(PNG)
    empty = DoseVolumeHistograms(np.zeros(3), {"nowhere": np.zeros(3)})
    assert dvh_figure(empty, {"nowhere": 0}).startswith(PNG)


def test_names_are_never_read_as_mathematics_nor_hidden():
    assert label(r"$\frac$") == r"\$\frac\$"
    assert label("_hidden") == " _hidden"
    assert len(label("x" * 80)) == 22
    pairs = {r"$\undefined$": (1.0, 1.1), "_b": (2.0, 2.0)}
    assert bland_altman_figure({"$m": pairs}, {"$m": bland_altman([-9.1, 0.0])}, "r").startswith(
        PNG
    )


def test_one_organ_has_no_limits_of_agreement_but_a_figure():
    figure = bland_altman_figure({"dose": {"a": (1.0, 1.0)}}, {"dose": bland_altman([0.0])}, "r")
    assert figure.startswith(PNG)
