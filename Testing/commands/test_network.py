"""The shell's verbs about the network, from its parser to its files."""

import json

import numpy as np
import pytest

from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.dose.residual.model import CARD, read_card, read_model
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


@pytest.mark.slow
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
        pytest.importorskip("onnx")

    @pytest.fixture
    def data(self, dataset_of, tmp_path):
        for patient in ("p1", "p2", "p3"):
            dataset_of(patient, shape=(20, 18, 20)).write(tmp_path)
        return tmp_path

    @pytest.mark.slow
    def test_train(self, data, capfd, tmp_path):
        from LuDosimetryLib.dose.residual.torch_network import module_of

        output = tmp_path / "run"
        arguments = ["train", str(data), "--validate", "p2", "-o", str(output), *BRIEF]
        assert main(arguments) == DONE
        assert capfd.readouterr().out == f"{output / 'residual.json'}\n"
        names = {"checkpoint.pt", "curves.csv", "residual.json", "residual.onnx"}
        assert {path.name for path in output.iterdir()} == names
        card = read_card(output)
        assert [d["name"] for d in card.training["datasets"]] == ["p1-1", "p3-1"]
        assert [d["name"] for d in card.training["validated_with"]] == ["p2-1"]
        assert card.training["start"] is None
        assert card.training["plan"]["epochs"] == 1
        assert card.size == {"maps": 2}
        assert (card.voxel_mm, card.nuclide, card.media) == (3.87, "Lu-177", 20)
        assert (card.licence, card.limits, card.credits) == ("not stated", [], [])
        # a second training from these weights
        second = ["train", str(data), "-o", str(tmp_path / "second"), "--start", str(output)]
        assert main([*second, *BRIEF, "--learning-rate", "1e-9"]) == DONE
        one, other = (
            module_of(read_model(tmp_path / name)).direct.weight for name in ("run", "second")
        )
        np.testing.assert_allclose(one.detach(), other.detach(), atol=1e-4)
        training = read_card(tmp_path / "second").training
        assert [d["patient"] for d in training["validated_with"]] == ["p3"]
        assert training["start"]["sha256"] == card.sha256
        assert training["start"]["training"] == card.training

    @pytest.mark.slow
    def test_crossvalidate(self, data, capfd, tmp_path):
        pytest.importorskip("matplotlib")
        output, report = tmp_path / "study", tmp_path / "report"
        arguments = ["crossvalidate", str(data), "-o", str(output), "--report", str(report)]
        assert main([*arguments, *BRIEF]) == DONE
        assert set(capfd.readouterr().out.split()) == {
            str(output / "report" / "tables.md"),
            str(report / "tables.md"),
        }
        evaluations = json.loads((output / "evaluations.json").read_text(encoding="utf-8"))
        assert [e["patient"] for e in evaluations] == ["p1", "p2", "p3"]
        for folder in (report, output / "report"):
            names = {path.name for path in folder.iterdir()}
            assert {"tables.json", "organs.csv", "mean_absolute_error.png"} <= names

    @pytest.mark.slow
    def test_release(self, data, dataset_of, capfd, refused, tmp_path):
        pytest.importorskip("matplotlib")
        trained, study, unseen = (tmp_path / name for name in ("run", "study", "unseen"))
        assert main(["train", str(data), "-o", str(trained), *BRIEF]) == DONE
        assert main(["crossvalidate", str(data), "-o", str(study), *BRIEF]) == DONE
        capfd.readouterr()
        release = ["release", trained, "--study", study, "-o", tmp_path / "out", "--external"]
        assert "the dataset p1-1 is of a patient that the network was trained with" in refused(
            *release, data
        )
        unseen.mkdir()
        dataset_of("p9", seed=9, shape=(20, 18, 20)).write(unseen)
        assert main([str(part) for part in (*release, unseen)]) == DONE
        assert capfd.readouterr().out == f"{tmp_path / 'out' / 'residual.json'}\n"
        names = {path.name for path in (tmp_path / "out").iterdir()}
        assert names == {"README.md", "residual.json", "residual.onnx"}

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (("train", "{data}", "--validate", "p9"), "--validate names p9; there are p1, p2, p3."),
            (("train", "{data}", "--loss", "L3"), "loss is 'L3'; allowed: squared, L1."),
            (("train", "{data}", "--learning-rate", "inf"), "learning rate is inf; it must be"),
            (("train", "{data}", "--learning-rate", "nan"), "learning rate is nan; it must be"),
            (("train", "{data}", "--learning-rate", "-1"), "learning rate is -1.0; it must be"),
            (("train", "{data}/none"), "there are no datasets in"),
            (("crossvalidate", "{data}/none"), "there are no datasets in"),
            (("train", "{data}", "--validate", "p1", "p2", "p3"), "no patient is left to train"),
            (("train", "{data}", "--start", "{data}/none.json"), "there is no network at"),
            (
                ("train", "{data}", "--start", str(resource(*CARD).parent), "--maps", "3"),
                "--start is a network 'linear' of size {'maps': 8}, and one 'linear' of size {'maps': 3}",
            ),
        ],
    )
    def test_refused(self, data, refused, tmp_path, arguments, reason):
        filled = [text.format(data=data) for text in arguments]
        plan = () if "--maps" in arguments else BRIEF[:2]
        assert reason in refused(*filled, "-o", tmp_path / "out", *plan, "--device", "cpu")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("verb", ["train", "crossvalidate"])
    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("dose", np.nan, "its dose is not a number in 8000 voxels"),
            ("tia", np.inf, "its time-integrated activity is not a number in 7200 voxels"),
            ("dose", 0.0, "its dose is 0 everywhere"),
            ("tia", 0.0, "it has no activity"),
            ("density", -1.0, "its density is -1 g/cm3 somewhere"),
            ("standard_error", 0.0, "its dose has no standard errors"),
            ("reported", 0.0, "no voxel of it has a dose"),
        ],
    )
    def test_worthless_data(self, data, dataset_of, refused, tmp_path, verb, name, value, reason):
        dataset = dataset_of("p4", shape=(20, 18, 20))
        getattr(dataset, name)[...] = value
        dataset.write(data)
        said = refused(verb, data, "-o", tmp_path / "out", *BRIEF)
        assert "the dataset p4-1 cannot be used for training or testing: " in said
        assert reason.partition(" in ")[0] in said
        assert said.endswith("make it again with 'training-data'.\n")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
    @pytest.mark.parametrize("key", ["--epochs", "--patches", "--patience", "--maps"])
    def test_no_number_to_train_with(self, data, tmp_path, key, number):
        with pytest.raises(SystemExit, match="2"):
            main(["train", str(data), "-o", str(tmp_path / "out"), key, number])
