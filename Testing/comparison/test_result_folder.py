"""What a result folder knows about the dose that lies in it."""

import json
from dataclasses import fields

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.comparison.folder import compare_files
from LuDosimetryLib.comparison.result_folder import Beside, beside
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.organs.quantities import OrganDose

SINGLE = [field.name for field in fields(OrganDose) if field.type is float]
GRID = Grid.axial((6, 6, 6), (4.0, 4.0, 4.0))


@pytest.fixture
def monte_carlo_result(tmp_path):
    folder = tmp_path / "result"
    folder.mkdir()
    rng = np.random.default_rng(0)
    dose = rng.uniform(1.0, 2.0, GRID.shape).astype(np.float32)
    volumes = {
        "density": ("density.nrrd", np.full(GRID.shape, 1.04, np.float32), "g/cm3"),
        "dose": ("dose.nrrd", dose, "Gy"),
        "dose_standard_error": ("dose_standard_error.nrrd", 0.02 * dose, "Gy"),
        "dose_local": ("dose_local.nrrd", 0.95 * dose, "Gy"),
    }
    for name, values, unit in volumes.values():
        write_volume(folder / name, Volume(values, GRID), unit)
    summary = {
        "schema": "ludosimetry-result/1",
        "status": "completed",
        "case": {"nuclide": "Lu-177"},
        "timing_s": {},
        "provenance": {},
        "warnings": [],
        "dose_method": "monte-carlo",
        "volumes": {key: name for key, (name, *_) in volumes.items()},
        "organs": [
            {
                "name": "liver",
                **{key: 1.0 for key in SINGLE},
                "dose_by_method_Gy": {"monte-carlo": 1.5, "local": 1.4},
                "standard_error_by_method_Gy": {"monte-carlo": 0.003},
            }
        ],
    }
    (folder / "result.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def test_finds_what_belongs_to_the_dose(monte_carlo_result):
    found = beside(monte_carlo_result / "dose.nrrd", Log())
    assert found.density == monte_carlo_result / "density.nrrd"
    assert found.standard_error == monte_carlo_result / "dose_standard_error.nrrd"
    assert found.organ_standard_error_percent == {"liver": pytest.approx(0.2)}
    other = beside(monte_carlo_result / "dose_local.nrrd", Log())
    assert other.standard_error is None
    assert other.organ_standard_error_percent == {}


def test_nothing_beside_a_lone_file(tmp_path):
    assert beside(tmp_path / "dose.nrrd", Log()) == Beside()
    (tmp_path / "result.json").write_text("[1]", encoding="utf-8")
    assert beside(tmp_path / "dose.nrrd", Log()) == Beside()


def test_a_damaged_result_beside_the_reference_is_remarked(monte_carlo_result, tmp_path):
    file = monte_carlo_result / "result.json"
    file.write_text(
        file.read_text(encoding="utf-8").replace('"density.nrrd"', '"../density.nrrd"'),
        encoding="utf-8",
    )
    dose, reference = (monte_carlo_result / f"{name}.nrrd" for name in ("dose_local", "dose"))
    summary = compare_files(dose, reference, None, tmp_path / "out")
    assert "volumes.density is '../density.nrrd'; it must be the name" in summary["warnings"][0]
    assert "density" not in summary["inputs"]


def test_a_density_that_is_a_link_out_of_the_folder_is_not_read(monte_carlo_result, tmp_path):
    (monte_carlo_result / "density.nrrd").rename(tmp_path / "elsewhere.nrrd")
    (monte_carlo_result / "density.nrrd").symlink_to(tmp_path / "elsewhere.nrrd")
    log = Log()
    assert beside(monte_carlo_result / "dose.nrrd", log) == Beside()
    assert "is a link that leads out of its folder" in log.remarks[0]


@pytest.mark.slow
def test_comparison_uses_the_errors_of_the_batches(monte_carlo_result, tmp_path):
    labels = np.zeros(GRID.shape, np.uint8)
    labels[2:5, 2:5, 2:5] = 1
    seg = tmp_path / "liver.nrrd"
    write_volume(seg, Volume(labels, GRID), "")
    summary = compare_files(
        monte_carlo_result / "dose_local.nrrd",
        monte_carlo_result / "dose.nrrd",
        None,
        tmp_path / "a",
    )
    # a perfect method would show the noise of the reference: 2 %
    assert json.dumps(summary).count("standard_error") > 0
    assert summary["inputs"]["density"]["name"] == "density.nrrd"
    renamed = json.loads((monte_carlo_result / "result.json").read_text(encoding="utf-8"))
    renamed["organs"][0]["name"] = "label 1"
    (monte_carlo_result / "result.json").write_text(json.dumps(renamed), encoding="utf-8")
    summary = compare_files(
        monte_carlo_result / "dose_local.nrrd",
        monte_carlo_result / "dose.nrrd",
        seg,
        tmp_path / "b",
    )
    (organ,) = summary["organs"]
    assert organ["difference_percent"] == pytest.approx(-5.0, abs=1e-3)
    assert organ["reference_noise_percent"] == pytest.approx(0.2)
