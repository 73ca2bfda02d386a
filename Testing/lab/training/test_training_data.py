"""Datasets by the real Monte Carlo: whose they are, and what is done once only."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.lab.phantom.virtual_case import spect_grid
from LuDosimetryLib.lab.training import training_data
from LuDosimetryLib.lab.training.dataset import read_dataset, read_datasets
from LuDosimetryLib.lab.training.training_data import (
    ct_recipes,
    make_datasets,
    phantom_recipes,
    study_recipes,
)

ROOT = Path(__file__).parents[3]
SPECT = (20, 6.0)
"""Voxels a side and their size [mm], small for a scan."""


def test_the_study_is_that_of_the_paper():
    """Kim et al. 2022: 22 datasets of 7 patients, up to four cycles each."""
    recipes = study_recipes()
    assert len(recipes) == 22
    assert len({recipe.name for recipe in recipes}) == 22
    cycles = {}
    for recipe in recipes:
        assert recipe.ct is None
        assert recipe.patient == f"patient{recipe.seed}"
        cycles.setdefault(recipe.patient, []).append(recipe.cycle)
    assert len(cycles) == 7
    assert all(found == list(range(1, len(found) + 1)) for found in cycles.values())
    assert max(map(len, cycles.values())) == 4
    # so that whoever stops early has all patients
    assert len({recipe.patient for recipe in recipes[:7]}) == 7
    assert recipes == study_recipes()


def test_recipes_of_cts(tmp_path, monkeypatch):
    cts = [Path("a/ct.nii.gz"), Path("b/thorax.nrrd")]
    recipes = ct_recipes(cts, 2)
    assert [r.name for r in recipes] == ["a-ct-1", "b-thorax-1", "a-ct-2", "b-thorax-2"]
    assert len({1000 * r.cycle + r.seed for r in recipes}) == 4
    monkeypatch.chdir(tmp_path)
    assert ct_recipes([Path("ct.nrrd")], 1)[0].name == f"{tmp_path.name}-ct-1"


def test_patients_of_the_study_are_no_others():
    assert [r.name for r in phantom_recipes([201, 7])] == ["phantom201-1", "phantom7-1"]
    with pytest.raises(InvalidInput, match=r"^the virtual patients 101, 103 are those of the"):
        phantom_recipes([103, 5, 101])


@pytest.fixture
def ct(tmp_path):
    """File of a small CT: soft tissue, a lung and bone."""
    shape = (30, 30, 30)
    k, j, i = np.ogrid[tuple(slice(-1.0, 1.0, n * 1j) for n in shape)]
    hu = np.where((j**2 + i**2 < 0.8) & (np.abs(k) < 2), 40.0, -1000.0)
    hu[(k - 0.4) ** 2 + j**2 + (i + 0.3) ** 2 < 0.12] = -740.0
    hu[((j - 0.6) ** 2 + i**2 < 0.06) & (np.abs(k) < 2)] = 350.0
    folder = tmp_path / "scans"
    folder.mkdir()
    write_volume(
        folder / "ct.nrrd", Volume(hu.astype(np.float32), Grid.axial(shape, (4.0,) * 3)), ""
    )
    return folder / "ct.nrrd"


@pytest.fixture
def small_spect(monkeypatch):
    monkeypatch.setattr(training_data, "spect_grid", lambda grid: spect_grid(grid, *SPECT))


class TestByMonteCarlo:
    @pytest.fixture(autouse=True)
    def _engine(self):
        pytest.importorskip("ompmc")

    @pytest.mark.slow
    def test_a_dataset_and_what_is_there_stays(self, ct, tmp_path, small_spect):
        recipes = ct_recipes([ct], 2)
        fractions = []
        folder = tmp_path / "data"

        def note(fraction, text):
            fractions.append(fraction)

        made = make_datasets(recipes, folder, 30_000, None, Log(note))
        assert [path.name for path in made] == ["scans-ct-1.npz", "scans-ct-2.npz"]
        assert sorted(folder.iterdir()) == made  # nothing unfinished is left
        assert fractions == sorted(fractions)
        first, second = read_datasets(folder)
        for dataset in (first, second):
            assert dataset.patient == "scans-ct"
            assert dataset.how["decays"] == 30_000
            assert dataset.grid.shape == (SPECT[0],) * 3
            assert dataset.nuclide == "Lu-177"
            assert not dataset.dose[~dataset.reported].any()
            assert set(dataset.organ_standard_error_Gy) == set(dataset.vois)
            assert all(e > 0.0 for e in dataset.organ_standard_error_Gy.values())
            from LuDosimetryLib.dose.registry import dose_method
            from LuDosimetryLib.organs.organ_dose import mean_dose

            split = dose_method("split-vsv")(dataset.problem(), Log()).dose
            means = (mean_dose(d, dataset.density, dataset.reported) for d in (dataset.dose, split))
            assert next(means) == pytest.approx(next(means), rel=0.04)
        # other uptake, other decays; the same patient
        np.testing.assert_array_equal(first.density, second.density)
        assert np.corrcoef(first.tia.ravel(), second.tia.ravel())[0, 1] < 0.9
        assert first.how["seed"] != second.how["seed"]

        before = [path.stat().st_mtime_ns for path in made]
        assert make_datasets(recipes, folder, 30_000, None, Log()) == made
        assert [path.stat().st_mtime_ns for path in made] == before

        made[0].unlink()
        make_datasets(recipes, folder, 30_000, None, Log())
        again = read_dataset(made[0])
        for name in ("tia", "density", "reported"):
            np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
        for name in ("dose", "standard_error"):
            np.testing.assert_allclose(
                getattr(again, name), getattr(first, name), rtol=1e-4, atol=1e-5 * first.dose.max()
            )

    def test_cancelled_nothing_is_there_that_is_not_complete(self, ct, tmp_path, small_spect):
        def stop(fraction, text):
            if fraction > 0.3:
                raise Cancelled

        folder = tmp_path / "data"
        with pytest.raises(Cancelled):
            make_datasets(ct_recipes([ct], 1), folder, 30_000, None, Log(stop))
        assert list(folder.glob("*.npz")) == []

    def test_what_another_process_has_just_finished_is_not_made_again(
        self, ct, tmp_path, small_spect, monkeypatch
    ):
        """It was not there when looked for, and is when the folder becomes free."""
        folder = tmp_path / "data"
        lock = training_data.lock

        def finished_meanwhile(unfinished):
            (folder / "scans-ct-1.npz").write_bytes(b"of the other")
            return lock(unfinished)

        monkeypatch.setattr(training_data, "lock", finished_meanwhile)
        (made,) = make_datasets(ct_recipes([ct], 1), folder, 30_000, None, Log())
        assert made.read_bytes() == b"of the other"
        assert list(folder.iterdir()) == [made]


def started(ct, folder, histories):
    """A process that makes two datasets of a CT, with small scans; it says what it is at."""
    code = f"""
import sys
from pathlib import Path
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.lab.training import training_data
from LuDosimetryLib.lab.phantom.virtual_case import spect_grid

training_data.spect_grid = lambda grid: spect_grid(grid, *{SPECT})
recipes = training_data.ct_recipes([Path({str(ct)!r})], 2)
training_data.make_datasets(
    recipes, Path({str(folder)!r}), {histories}, None, Log(lambda f, text: print(text, flush=True))
)
"""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.slow
def test_two_processes_share_the_work(ct, tmp_path):
    pytest.importorskip("ompmc")
    folder = tmp_path / "data"
    processes = [started(ct, folder, 300_000) for _ in range(2)]
    worked = []
    for process in processes:
        output, failed = process.communicate(timeout=500)
        assert process.returncode == 0, failed
        worked.append({line.partition(":")[0] for line in output.splitlines() if "batch" in line})
    assert not worked[0] & worked[1]
    assert worked[0] | worked[1] == {"scans-ct-1", "scans-ct-2"}
    assert sorted(p.name for p in folder.iterdir()) == ["scans-ct-1.npz", "scans-ct-2.npz"]


@pytest.mark.slow
def test_killed_and_started_again_gives_the_same_numbers(ct, tmp_path):
    pytest.importorskip("ompmc")
    folder, whole = tmp_path / "data", tmp_path / "whole"
    with started(ct, folder, 300_000) as process:
        for line in process.stdout:
            if "batch 3 of" in line:
                break
        process.send_signal(signal.SIGKILL)
    assert list(folder.glob("*.npz")) == []
    for place in (folder, whole):
        with started(ct, place, 300_000) as process:
            _, failed = process.communicate(timeout=500)
            assert process.returncode == 0, failed
    assert sorted(p.name for p in folder.iterdir()) == ["scans-ct-1.npz", "scans-ct-2.npz"]
    found, expected = (read_datasets(place)[0] for place in (folder, whole))
    assert found.how["batches_of_an_earlier_run"] >= 2
    assert expected.how["batches_of_an_earlier_run"] == 0
    np.testing.assert_array_equal(found.tia, expected.tia)
    for name in ("dose", "standard_error"):
        values = getattr(expected, name)
        np.testing.assert_allclose(
            getattr(found, name), values, rtol=1e-4, atol=1e-5 * values.max()
        )
