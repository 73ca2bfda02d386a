"""What is released: tested by others' data, and its card made of what was done."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.dose.residual.model import CARD, read_card, read_model
from LuDosimetryLib.lab.training.crossvalidation import CrossValidation
from LuDosimetryLib.lab.training.model_folder import write_model
from LuDosimetryLib.lab.training.patches import samples_of
from LuDosimetryLib.lab.training.plan import TrainingPlan
from LuDosimetryLib.lab.training.release import Release, readable_card
from LuDosimetryLib.lab.training.training import Training
from LuDosimetryLib.lab.training.training_record import card_of, training_record

PLAN = TrainingPlan(size={"maps": 2, "activity_maps": 2, "levels": 2}, epochs=1, patches=1)
SHAPE = (20, 18, 20)


@pytest.fixture
def datasets(dataset_of, small_patches):
    return [
        replace(dataset_of(f"p{n}", seed=n, shape=SHAPE), source=f"CT {n} of A") for n in (1, 2, 3)
    ]


@pytest.fixture
def external(dataset_of):
    return [replace(dataset_of("p9", seed=9, shape=SHAPE), source="CT 9 of B")]


@pytest.fixture
def study(datasets, tmp_path):
    folder = tmp_path / "study"
    CrossValidation(PLAN, folder).run(datasets, [], Log())
    return folder


@pytest.fixture
def model(datasets, tmp_path):
    folder = tmp_path / "model"
    samples = list(samples_of(datasets, Log()).values())
    network = Training(PLAN, folder).run(samples[:2], samples[2:], Log())
    record = training_record(PLAN, datasets[:2], datasets[2:], None)
    write_model(network, replace(card_of(PLAN, datasets), training=record), folder)
    return read_model(folder)


@pytest.mark.slow
def test_the_card_follows_from_what_was_done(model, study, external, tmp_path):
    made = Release(model, study, external, "CC BY 4.0").write(tmp_path / "out", Log())
    released = read_model(tmp_path / "out")
    assert released.card == made
    assert released.onnx == model.onnx
    assert made.licence == "CC BY 4.0"
    assert made.credits == [
        *(f"Training: CT {n} of A." for n in (1, 2, 3)),
        "External test, not trained with: CT 9 of B.",
    ]
    assert made.limits[0].startswith("Lu-177 only")
    assert made.limits[-1] == "Research use only."
    assert not any("thorax" in text or "TotalSegmentator" in text for text in made.credits)
    tables = made.validation
    (kidney, *_) = tables["external"]["organs"]
    assert kidney["volume of interest"] == "left kidney"
    assert abs(kidney["photon-transport [%]"]) < 3.0  # the true dose of these patients
    assert [d["name"] for d in tables["external datasets"]] == ["p9-1"]
    rows = {row["volumes of interest"]: row for row in tables["leave-one-patient-out"]["organs"]}
    assert rows["kidneys"]["number"] == 3
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert text == readable_card(made)
    assert "exactly linear in activity" in text
    assert "p1-1, p2-1." in text
    assert "## External test (this model): organs" in text


def test_a_network_that_is_not_linear_is_not_called_so():
    card = replace(read_card(), architecture="paper")
    assert not card.linear
    assert "; not linear in activity." in readable_card(card)
    assert "exactly linear" not in readable_card(card)


@pytest.mark.slow
def test_its_own_training_data_are_no_external_test(model, study, datasets, tmp_path):
    for seen in datasets:
        renamed = replace(seen, patient="unseen")
        with pytest.raises(InvalidInput, match=r"the dataset unseen-1 is of a patient that the"):
            Release(model, study, [renamed], "").write(tmp_path / "out", Log())
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_worthless_external_data(model, study, external, tmp_path):
    external[0].dose[...] = np.nan
    with pytest.raises(InvalidInput, match="p9-1 cannot be used for training or testing: its dose"):
        Release(model, study, external, "").write(tmp_path / "out", Log())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"training": {"plan": {"epochs": 99}}}, "the plan of its training without p1 was"),
        ({"voxel_mm": 4.8}, "the voxel size of its training without p1 was 3.87, and here it is"),
        ({"nuclide": "Y-90"}, "the nuclide of its training without p1 was Lu-177, and here"),
        ({"kernels_sha256": "0"}, "the kernels of its training without p1 was"),
    ],
)
def test_a_study_of_other_networks(model, study, external, tmp_path, change, reason):
    other = replace(model, card=replace(model.card, **change))
    with pytest.raises(InvalidInput) as caught:
        Release(other, study, external, "").write(tmp_path / "out", Log())
    assert reason in str(caught.value)
    assert str(caught.value).endswith("give the study of networks trained alike.")


@pytest.mark.slow
@pytest.mark.parametrize("content", [None, "", "[1]", "{}"])
def test_no_study(model, external, tmp_path, content):
    folder = tmp_path / "nothing"
    folder.mkdir()
    if content is not None:
        (folder / "evaluations.json").write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput, match="is no study of 'crossvalidate'"):
        Release(model, folder, external, "").write(tmp_path / "out", Log())


def test_the_shipped_card_in_words_is_that_of_the_shipped_card():
    text = resource(CARD[0], "README.md").read_text(encoding="utf-8")
    assert text == readable_card(read_card())
    assert json.loads(resource(*CARD).read_text(encoding="utf-8"))["credits"]
