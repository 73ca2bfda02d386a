"""The shell's verbs about the network, from its parser to its files."""

import json

import numpy as np
import pytest

from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.dose.residual.model import read_card, read_model
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.lab.phantom.virtual_case import spect_grid
from LuDosimetryLib.lab.training import training_data
from LuDosimetryLib.lab.training.dataset import read_datasets

BRIEF = ("--maps", "2", "--epochs", "1", "--patches", "2", "--device", "cpu")


@pytest.fixture
def refused(capfd):
    """Function that runs the shell, which must refuse in one sentence; the sentence."""

    def run(*arguments):
        assert main([str(argument) for argument in arguments]) == INVALID
        said = capfd.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert said.err.startswith("ludosimetry: ")
        return said.err

    return run


def test_nothing_to_make(refused, tmp_path):
    assert "nothing to make: give --study, --phantoms or --ct." in refused(
        "training-data", "-o", tmp_path
    )


def test_patients_of_the_study_under_another_name(refused, tmp_path):
    said = refused("training-data", "--phantoms", 205, 101, "-o", tmp_path / "data")
    assert "the virtual patients 101 are those of the study" in said
    assert not (tmp_path / "data").exists()


def test_training_data_of_a_ct(tmp_path, capfd, monkeypatch):
    pytest.importorskip("ompmc")
    monkeypatch.setattr(training_data, "spect_grid", lambda grid: spect_grid(grid, 16, 6.0))
    hu = np.full((16, 16, 16), -1000.0, np.float32)
    hu[1:15, 1:15, 1:15] = 40.0
    ct = tmp_path / "ct.nrrd"
    write_volume(ct, Volume(hu, Grid.axial(hu.shape, (6.0,) * 3)), "")
    output = tmp_path / "data"
    arguments = ["training-data", "--ct", str(ct), "--histories", "1e4", "-o", str(output)]
    assert main(arguments) == DONE
    (path,) = output.iterdir()
    assert capfd.readouterr().out == f"{path}\n"
    (dataset,) = read_datasets(output)
    assert dataset.how["decays"] == 10_000


class TestTraining:
    @pytest.fixture(autouse=True)
    def _torch(self, small_patches):
        pytest.importorskip("torch")

    @pytest.fixture
    def data(self, dataset_of, tmp_path):
        for patient in ("p1", "p2", "p3"):
            dataset_of(patient, shape=(20, 18, 20)).write(tmp_path)
        return tmp_path

    @pytest.mark.slow
    def test_train(self, data, capfd, tmp_path):
        output = tmp_path / "run"
        arguments = ["train", str(data), "--validate", "p2", "-o", str(output), *BRIEF]
        assert main(arguments) == DONE
        assert capfd.readouterr().out == f"{output / 'residual.json'}\n"
        names = {"checkpoint.pt", "curves.csv", "residual.json", "residual.pt"}
        assert {path.name for path in output.iterdir()} == names
        card = read_card(output / "residual.json")
        assert card.training["datasets"] == ["p1-1", "p3-1"]
        assert card.training["validated_with"] == ["p2"]
        assert card.training["plan"]["epochs"] == 1
        assert card.size == {"maps": 2}
        # a second training from these weights
        start = ["--start", str(output / "residual.json")]
        second = ["train", str(data), "-o", str(tmp_path / "second"), *start, *BRIEF]
        assert main([*second, "--learning-rate", "0"]) == DONE
        one, other = (
            read_model(tmp_path / name / "residual.json").network.direct.weight
            for name in ("run", "second")
        )
        np.testing.assert_allclose(one.detach(), other.detach(), atol=1e-4)
        assert read_card(tmp_path / "second" / "residual.json").training["validated_with"] == ["p3"]

    def test_crossvalidate(self, data, capfd, tmp_path):
        pytest.importorskip("matplotlib")
        output, report = tmp_path / "study", tmp_path / "report"
        arguments = ["crossvalidate", str(data), "-o", str(output), "--report", str(report)]
        assert main([*arguments, *BRIEF]) == DONE
        assert set(capfd.readouterr().out.split()) == {
            str(output / "report" / "tables.md"),
            str(report / "tables.md"),
        }
        held = json.loads((output / "evaluations.json").read_text(encoding="utf-8"))
        assert [e["patient"] for e in held] == ["p1", "p2", "p3"]
        for folder in (report, output / "report"):
            names = {path.name for path in folder.iterdir()}
            assert {"tables.json", "organs.csv", "mean_absolute_error.png"} <= names

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("train", "{data}", "--validate", "p9"), "--validate names p9; there are p1, p2, p3."),
            (("train", "{data}", "--loss", "L3"), "loss is 'L3'; allowed: squared, L1."),
            (("train", "{data}/none"), "there are no datasets in"),
            (("crossvalidate", "{data}/none"), "there are no datasets in"),
            (("train", "{data}", "--validate", "p1", "p2", "p3"), "no patient is left to train"),
            (("train", "{data}", "--start", "{data}/none.json"), "is no model card ("),
        ],
    )
    def test_refused(self, data, refused, tmp_path, arguments, told):
        filled = [text.format(data=data) for text in arguments]
        assert told in refused(*filled, "-o", tmp_path / "out", *BRIEF[:2], "--device", "cpu")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
    @pytest.mark.parametrize("key", ["--epochs", "--patches", "--patience", "--maps"])
    def test_no_number_to_train_with(self, data, tmp_path, key, number):
        with pytest.raises(SystemExit, match="2"):
            main(["train", str(data), "-o", str(tmp_path / "out"), key, number])
