import csv
import hashlib
import json
import math
import sys

import numpy as np
import pytest

from LuDosimetryLib.agreement.error_map import relative_error_percent
from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.comparison.comparison import Comparison
from LuDosimetryLib.comparison.folder import compare_files
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, read_volume, write_volume

GRID = Grid.axial((6, 7, 8), (4.0, 4.0, 4.0))
FILES = {"error.nrrd", "relative_error.nrrd", "comparison.json", "organs.csv", "comparison.html"}


def array(value: float) -> np.ndarray:
    return np.full(GRID.shape, value, np.float32)


@pytest.fixture
def files(tmp_path):
    """Dose 10 % high in label 1 and 20 % low in label 2, of twice the density in its upper half."""
    reference, labels, density = array(2.0), np.zeros(GRID.shape, np.uint8), array(1.0)
    labels[1:3, 2:5, 2:5] = 1
    labels[4:6, 2:5, 2:5] = 2
    reference[4, 2:5, 2:5], reference[5, 2:5, 2:5] = 10.0, 20.0
    density[5] = 2.0
    reference[0] = 0.0
    dose = reference.copy()
    dose[labels == 1] *= 1.1
    dose[labels == 2] *= 0.8
    paths = {}
    for name, values, unit in (
        ("dose", dose, "Gy"),
        ("reference", reference, "Gy"),
        ("density", density, "g/cm3"),
        ("labels", labels, "1"),
    ):
        paths[name] = tmp_path / f"{name}.nrrd"
        write_volume(paths[name], Volume(values, GRID), unit)
    return paths


def test_relative_error_is_signed_and_masked():
    reference = np.array([[[100.0, 50.0, 1.0, 0.0]]], np.float32)
    dose = np.array([[[90.0, 60.0, 9.0, 5.0]]], np.float32)
    error = relative_error_percent(dose, reference)
    np.testing.assert_allclose(error[0, 0], [-10.0, 20.0, 0.0, 0.0], rtol=1e-6)
    assert relative_error_percent(dose, reference, 0.001)[0, 0, 2] == pytest.approx(800.0)
    assert not relative_error_percent(dose, np.zeros_like(dose)).any()


def test_organ_means_are_weighted_by_mass():
    dose, reference, density = array(1.0), array(1.0), array(1.0)
    voi = np.zeros(GRID.shape, bool)
    voi[0, 0, :3] = True
    density[0, 0, :3] = (1.0, 3.0, 0.001)  # the last is air and does not count
    dose[0, 0, :3] = (2.0, 6.0, 1e6)
    reference[0, 0, :3] = (4.0, 4.0, 1.0)
    error = np.where(voi, np.float32(0.4), np.float32(0.0))
    made = Comparison.of(
        dose, reference, GRID, vois={"a": voi}, density=density, standard_error=error
    )
    organ = made.organs[0]
    assert organ.mean_dose_Gy == pytest.approx(5.0)
    assert organ.difference_percent == pytest.approx(25.0)
    assert organ.mass_g == pytest.approx(4.0 * 0.064)
    assert organ.volume_mL == pytest.approx(3 * 0.064)
    assert organ.reference_noise_percent == pytest.approx(100 * 0.4 * math.sqrt(10) / 4 / 4)
    by_volume = Comparison.of(dose, reference, GRID, vois={"a": voi}).organs[0]
    assert by_volume.reference_mean_dose_Gy == pytest.approx(3.0)
    assert by_volume.mass_g is None


def test_a_volume_of_air_cannot_be_compared():
    voi = np.zeros(GRID.shape, bool)
    voi[0, 0, 0] = True
    density = array(1.0)
    density[0, 0, 0] = 0.01
    with pytest.raises(InvalidInput, match="'gas' has no voxel to compare"):
        Comparison.of(array(1.0), array(1.0), GRID, vois={"gas": voi}, density=density)


@pytest.mark.slow
def test_compare_writes_maps_numbers_and_a_page(files, tmp_path):
    output = tmp_path / "made" / "here"
    summary = compare_files(
        files["dose"], files["reference"], files["labels"], output, files["density"]
    )
    assert {p.name for p in output.iterdir()} == FILES
    assert json.loads((output / "comparison.json").read_text(encoding="utf-8")) == summary
    assert summary["schema"] == "ludosimetry-comparison/1"
    assert summary["organ_mean_weighting"] == "mass"
    assert summary["warnings"] == []
    sha256 = hashlib.sha256(files["dose"].read_bytes()).hexdigest()
    assert summary["inputs"]["dose"] == {"name": "dose.nrrd", "sha256": sha256}

    one, two = summary["organs"]
    assert (one["name"], two["name"]) == ("label 1", "label 2")
    assert one["difference_percent"] == pytest.approx(10.0, rel=1e-5)
    assert two["reference_mean_dose_Gy"] == pytest.approx((10 + 2 * 20) / 3)
    assert two["difference_percent"] == pytest.approx(-20.0, rel=1e-5)
    assert summary["mean_absolute_difference_over_organs_percent"] == pytest.approx(15.0, rel=1e-5)
    assert summary["bland_altman_of_organs"]["bias_percent"] == pytest.approx(-5.0, rel=1e-4)
    assert summary["pearson_correlation"]["voxels"] == 5 * 7 * 8
    assert summary["pearson_correlation"]["voxels_below_5_Gy"] == 5 * 7 * 8 - 18

    dose, reference = (read_volume(files[n], n).values for n in ("dose", "reference"))
    error = read_volume(output / "error.nrrd", "error")
    assert error.grid.same_as(GRID)
    np.testing.assert_allclose(error.values, dose - reference, atol=1e-6)
    relative = read_volume(output / "relative_error.nrrd", "error").values
    assert relative[4, 3, 3] == pytest.approx(-20.0, rel=1e-5)
    assert not relative[0].any()

    with (output / "organs.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[1]["difference_percent"]) == pytest.approx(-20.0, rel=1e-5)
    page = (output / "comparison.html").read_text(encoding="utf-8")
    assert "dose.nrrd against reference.nrrd" in page
    assert "http://" not in page
    assert "https://" not in page


def test_missing_density_and_segmentation_are_remarked(files, tmp_path):
    summary = compare_files(files["dose"], files["reference"], None, tmp_path / "out")
    assert summary["organ_mean_weighting"] == "volume"
    assert summary["organs"] == []
    assert summary["bland_altman_of_organs"]["bias_percent"] is None
    assert any("weighted by volume" in warning for warning in summary["warnings"])


def test_without_matplotlib_a_comparison_is_written(files, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    compare_files(files["dose"], files["reference"], files["labels"], tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    assert "pip install matplotlib" in page
    assert "label 2" in page


@pytest.mark.slow
def test_a_standard_error_gives_the_error_of_a_perfect_method(files, tmp_path):
    reference = read_volume(files["reference"], "reference").values
    write_volume(tmp_path / "se.nrrd", Volume(reference * np.float32(0.013), GRID), "Gy")
    summary = compare_files(
        files["dose"],
        files["reference"],
        files["labels"],
        tmp_path / "out",
        reference_standard_error=tmp_path / "se.nrrd",
    )
    errors = summary["voxel_relative_error"]
    assert errors["perfect_method_rms_percent"] == pytest.approx(1.3, rel=1e-5)
    assert summary["organs"][0]["reference_noise_percent"] == pytest.approx(
        1.3 / math.sqrt(18), rel=1e-5
    )


def test_another_grid_is_resampled_by_position_with_a_warning(files, tmp_path):
    ramp = np.broadcast_to(np.arange(8, dtype=np.float32) + 1, GRID.shape)
    write_volume(tmp_path / "ramp.nrrd", Volume(np.ascontiguousarray(ramp), GRID), "Gy")
    flipped = Grid(
        (6, 7, 6),
        GRID.spacing_mm,
        tuple(GRID.positions(np.array([[5], [0], [0]]))[:, 0]),
        (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    )
    part = np.ascontiguousarray(ramp[:, :, 5::-1])
    write_volume(tmp_path / "part.nrrd", Volume(part, flipped), "Gy")
    summary = compare_files(tmp_path / "part.nrrd", tmp_path / "ramp.nrrd", None, tmp_path / "out")
    error = read_volume(tmp_path / "out" / "error.nrrd", "error").values
    np.testing.assert_allclose(error, 0.0, atol=1e-5)
    assert summary["compared_voxels"] == 6 * 7 * 6
    assert any("resampled" in warning for warning in summary["warnings"])
    assert any("does not reach 25 %" in warning for warning in summary["warnings"])


def refused(match: str, *arguments, **options) -> None:
    with pytest.raises(InvalidInput, match=match) as caught:
        compare_files(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_bad_input_is_one_sentence_and_leaves_nothing(files, tmp_path):
    dose, reference, output = files["dose"], files["reference"], tmp_path / "out"
    refused("there is no file", tmp_path / "none.nrrd", reference, None, output)
    refused("segmentation: there is no file", dose, reference, tmp_path / "none.nrrd", output)
    refused("is in g/cm3; expected Gy", files["density"], reference, None, output)
    text = tmp_path / "text.nrrd"
    text.write_text("no image", encoding="utf-8")
    refused("cannot be read as an image", dose, text, None, output)
    zero = tmp_path / "zero.nrrd"
    write_volume(zero, Volume(array(0.0), GRID), "Gy")
    refused("no dose above 0 Gy", dose, zero, None, output)
    far = tmp_path / "far.nrrd"
    write_volume(
        far, Volume(array(1.0), Grid.axial(GRID.shape, GRID.spacing_mm, (9e3, 0, 0))), "Gy"
    )
    refused("do not overlap", far, reference, None, output)
    hu = tmp_path / "hu.nrrd"
    write_volume(hu, Volume(array(-700.0), GRID), "")
    refused("expected mass densities", dose, reference, None, output, density=hu)
    assert not output.exists()


def test_inputs_and_results_are_never_overwritten(files, tmp_path):
    mine = tmp_path / "error.nrrd"
    files["dose"].rename(mine)
    before = mine.read_bytes()
    refused("would be overwritten", mine, files["reference"], None, tmp_path)
    assert mine.read_bytes() == before
    (tmp_path / "result.json").write_text("{}", encoding="utf-8")
    refused("holds a result", files["labels"], files["reference"], None, tmp_path)
    assert (tmp_path / "result.json").read_text(encoding="utf-8") == "{}"
