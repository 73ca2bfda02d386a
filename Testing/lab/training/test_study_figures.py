"""Files of the study: tables that agree with each other, and pictures."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.lab.training.dataset import Dataset
from LuDosimetryLib.lab.training.evaluation import (
    METHODS,
    Evaluation,
    Moments,
    OrganRecord,
    TissueError,
)

pytest.importorskip("matplotlib")

from LuDosimetryLib.lab.training import study_figures as study
from LuDosimetryLib.lab.training.study import organ_table
from LuDosimetryLib.lab.training.study_figures import error_bars, write_study

PNG = b"\x89PNG\r\n\x1a\n"
ORGANS = ("left kidney", "right kidney", "liver without tumours", "spleen", "liver tumour 1")


def evaluation(patient, seed, organs=ORGANS):
    rng = np.random.default_rng(seed)

    def doses(reference):
        return {m: reference * (1 + 0.02 * rng.standard_normal()) for m in METHODS}

    records = [
        OrganRecord(o, d, 0.001, 9.0, doses(d))
        for o, d in zip(organs, rng.uniform(1, 9, 9), strict=False)
    ]
    x = rng.random((2, 40))
    moments = {m: Moments.of(x[0] + x[1], x[0], 0.1 * x[0]) for m in METHODS}
    error = TissueError(9, dict.fromkeys(METHODS, 1.0), dict.fromkeys(METHODS, 2.0), 3.0)
    return Evaluation(patient, 1, records, moments, moments, {"bone": error})


@pytest.fixture
def dataset():
    grid = Grid.axial((16, 18, 20), (4.0, 4.0, 4.0))
    rng = np.random.default_rng(1)
    density = np.full(grid.shape, 1.04, np.float32)
    density[:, :3] = 0.001
    reported = density > 0.05
    lesion = np.zeros(grid.shape, bool)
    lesion[5:9, 8:12, 9:14] = True
    dose = np.where(lesion, 20.0, 1.0).astype(np.float32) * reported
    error = (0.05 * np.sqrt(dose)).astype(np.float32)
    noisy = (dose + error * rng.standard_normal(grid.shape)).astype(np.float32)
    return Dataset(
        "p",
        1,
        grid,
        dose,
        density,
        reported,
        noisy,
        error,
        {"bone metastasis 1": lesion},
        {},
        "Lu-177",
        {},
    ), dose


@pytest.fixture
def written(dataset, tmp_path):
    data, dose = dataset
    doses = {
        method: dose * np.float32(1.1 if method == "single-vsv" else 1.0) for method in METHODS
    }
    evaluations = [evaluation("a", 1), evaluation("b", 2)]
    write_study(evaluations, {"bone metastasis 1": (data, doses)}, tmp_path / "out", "A study")
    return tmp_path / "out"


@pytest.mark.slow
def test_files(written):
    pictures = {path.name for path in written.glob("*.png")}
    assert pictures == {
        "mean_absolute_error.png",
        "bland_altman.png",
        "bland_altman_unet.png",
        "error_multi-vsv_bone_metastasis_1.png",
        "error_unet_bone_metastasis_1.png",
        "monte_carlo_noise_bone_metastasis_1.png",
        "profile_bone_metastasis_1.png",
    }
    for name in pictures:
        assert (written / name).read_bytes().startswith(PNG)
    tables = {"organs.csv", "tissues.csv", "correlation.csv", "tables.json", "tables.md"}
    assert {path.name for path in written.iterdir()} == pictures | tables


def test_the_tables_say_the_same_in_every_form(written):
    expected = organ_table([evaluation("a", 1), evaluation("b", 2)])
    tables = json.loads((written / "tables.json").read_text(encoding="utf-8"))
    assert tables["organs"] == expected
    for name, rows in tables.items():
        with (written / f"{name}.csv").open(encoding="utf-8") as file:
            found = list(csv.DictReader(file))
        assert [list(row) for row in found] == [list(row) for row in rows]
        for ours, theirs in zip(found, rows, strict=True):
            for key, value in theirs.items():
                if isinstance(value, float):
                    assert float(ours[key]) == pytest.approx(value, rel=1e-5)
                else:
                    assert ours[key] == str(value)
    text = (written / "tables.md").read_text(encoding="utf-8")
    assert text.startswith("# A study\n")
    lines = text.splitlines()
    for name, rows in tables.items():
        at = lines.index(f"## {name}") + 2
        assert lines[at] == f"| {' | '.join(rows[0])} |"
        assert lines[at + 1].count("---") == len(rows[0])
        first = [cell.strip() for cell in lines[at + 2].strip("|").split("|")]
        assert first[0] == str(next(iter(rows[0].values())))
        assert len(first) == len(rows[0])


def test_error_maps_show_means_over_neighbours(dataset, monkeypatch):
    """So that noise does not hide a difference of some per cent."""
    data, dose = dataset
    shown = {}

    def keep(scene, error, where, density, label, *, limit):
        shown[label.split(" ")[0]] = error[where]
        return PNG

    monkeypatch.setattr(study, "error_picture", keep)
    doses = {m: dose * np.float32(1.05 if m == "multi-vsv" else 1.0) for m in METHODS}
    study._pictures(data, doses, "bone metastasis 1")
    assert shown["multi-vsv"].mean() == pytest.approx(5.0, abs=0.5)
    assert shown["unet"].mean() == pytest.approx(0.0, abs=0.5)
    # 5 % of a voxel's noise
    assert shown["unet"].std() < 1.6


@pytest.mark.parametrize("organs", [("lungs",), ("urinary bladder", "lungs"), ORGANS])
def test_bars_of_whatever_organs_there_are(organs):
    rows = organ_table([evaluation("a", 1, organs)])
    assert error_bars(rows).startswith(PNG)


def test_a_perfect_method_can_be_drawn():
    exact = evaluation("a", 1)
    organs = [
        replace(o, by_method_Gy=dict.fromkeys(METHODS, o.monte_carlo_Gy)) for o in exact.organs
    ]
    assert error_bars(organ_table([replace(exact, organs=organs)])).startswith(PNG)


def test_without_volumes_of_interest_of_a_group(tmp_path):
    """As of a real CT with random uptake."""
    write_study([evaluation("a", 1, ("organ 4",))], {}, tmp_path, "None")
    assert "organ" in (tmp_path / "tables.md").read_text(encoding="utf-8")
    assert (tmp_path / "organs.csv").exists()
