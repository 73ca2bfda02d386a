"""Leave-one-patient-out: who is trained with, and what is not done again."""

import json
from dataclasses import asdict

import pytest

pytest.importorskip("torch")


from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.dose.residual.model import ModelCard, read_model
from LuDosimetryLib.lab.training import crossvalidation
from LuDosimetryLib.lab.training.crossvalidation import (
    EVALUATIONS,
    CrossValidation,
    read_evaluations,
)
from LuDosimetryLib.lab.training.plan import TrainingPlan
from LuDosimetryLib.lab.training.training import Training

SIZE = {"maps": 2, "activity_maps": 2, "levels": 2}
PLAN = TrainingPlan(size=SIZE, epochs=1, patches=1)
CARD = ModelCard("residual", "residual.pt", "", "linear", SIZE, 3.87, (0.75, 1.3))


def quiet(fraction, message):
    pass


@pytest.fixture
def study(dataset_of, small_patches):
    """Three patients, one of them with two cycles."""
    cycles = [("p1", 1), ("p1", 2), ("p2", 1), ("p3", 1)]
    return [dataset_of(patient, cycle, seed=1, shape=(20, 18, 20)) for patient, cycle in cycles]


@pytest.fixture
def other(dataset_of):
    return [dataset_of("other", 1, seed=1, shape=(20, 18, 20))]


@pytest.fixture
def trained(monkeypatch):
    """Names of what was trained and validated with, by folder."""
    seen = {}

    class Recorded(Training):
        def run(self, training, validation, progress):
            names = [sample.name for sample in training], [sample.name for sample in validation]
            seen[self.folder.name] = names
            return super().run(training, validation, progress)

    monkeypatch.setattr(crossvalidation, "Training", Recorded)
    return seen


def test_nobody_is_trained_with_whom_the_network_is_judged_by(study, other, trained, tmp_path):
    fractions = []
    found = CrossValidation(PLAN, CARD, tmp_path).run(
        study, other, lambda fraction, text: fractions.append(fraction)
    )
    assert fractions == sorted(fractions)
    assert trained == {
        "without-p1": (["p3-1", "other-1"], ["p2-1"]),
        "without-p2": (["p1-1", "p1-2", "other-1"], ["p3-1"]),
        "without-p3": (["p2-1", "other-1"], ["p1-1", "p1-2"]),
    }
    assert [(e.patient, e.cycle) for e in found] == [("p1", 1), ("p1", 2), ("p2", 1), ("p3", 1)]
    written = tmp_path / EVALUATIONS
    assert read_evaluations(written) == found
    assert json.loads(written.read_text(encoding="utf-8"))[0]["organs"][0]["organ"] == "left kidney"
    for patient in ("p1", "p2", "p3"):
        model = read_model(tmp_path / f"without-{patient}" / "residual.json")
        assert model.card.name == f"residual-without-{patient}"
        assert model.card.training["plan"] == asdict(PLAN)


def test_finished_folds_are_not_done_again(study, trained, tmp_path):
    def stop(fraction, text):
        if "without p2" in text:
            raise Cancelled

    validation = CrossValidation(PLAN, CARD, tmp_path)
    with pytest.raises(Cancelled):
        validation.run(study, [], stop)
    assert list(trained) == ["without-p1", "without-p2"]
    assert not (tmp_path / EVALUATIONS).exists()
    trained.clear()
    found = validation.run(study, [], quiet)
    assert list(trained) == ["without-p2", "without-p3"]
    trained.clear()
    assert validation.run(study, [], quiet) == found
    assert trained == {}


def test_folds_of_another_plan_are_not_taken_for_these(study, tmp_path):
    CrossValidation(PLAN, CARD, tmp_path).run(study[1:], [], quiet)
    plan = TrainingPlan(size=SIZE, epochs=1, patches=2)
    with pytest.raises(InvalidInput, match=r"without-p1 is of a study with another plan; choose"):
        CrossValidation(plan, CARD, tmp_path).run(study[1:], [], quiet)


def test_too_few_patients(study, other, tmp_path):
    for few, others, number in ((study[:2], other, 1), (study[:3], [], 2)):
        with pytest.raises(InvalidInput, match=rf"^the study has {number} patients; each needs"):
            CrossValidation(PLAN, CARD, tmp_path).run(few, others, quiet)
    assert list(tmp_path.iterdir()) == []
