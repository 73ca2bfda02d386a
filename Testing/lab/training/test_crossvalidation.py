"""Leave-one-patient-out: who is trained with, and what is not done again."""

import json
from dataclasses import asdict

import pytest

pytest.importorskip("torch")


from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.residual.model import read_model
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
        def run(self, training, validation, log):
            names = [sample.name for sample in training], [sample.name for sample in validation]
            seen[self.folder.name] = names
            return super().run(training, validation, log)

    monkeypatch.setattr(crossvalidation, "Training", Recorded)
    return seen


@pytest.mark.slow
def test_nobody_is_trained_with_whom_the_network_is_judged_by(study, other, trained, tmp_path):
    fractions = []
    found = CrossValidation(PLAN, tmp_path).run(
        study, other, Log(lambda fraction, text: fractions.append(fraction))
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
        model = read_model(tmp_path / f"without-{patient}")
        assert model.card.name == f"residual-without-{patient}"
        assert model.card.training["plan"] == asdict(PLAN)
        learned, decided = trained[f"without-{patient}"]
        assert [d["name"] for d in model.card.training["datasets"]] == learned
        assert [d["name"] for d in model.card.training["validated_with"]] == decided


@pytest.mark.slow
def test_finished_folds_are_not_done_again(study, trained, tmp_path):
    def stop(fraction, text):
        if "without p2" in text:
            raise Cancelled

    validation = CrossValidation(PLAN, tmp_path)
    with pytest.raises(Cancelled):
        validation.run(study, [], Log(stop))
    assert list(trained) == ["without-p1", "without-p2"]
    assert not (tmp_path / EVALUATIONS).exists()
    trained.clear()
    found = validation.run(study, [], Log())
    assert list(trained) == ["without-p2", "without-p3"]
    trained.clear()
    assert validation.run(study, [], Log()) == found
    assert trained == {}


@pytest.mark.slow
def test_folds_of_another_plan_are_not_taken_for_these(study, tmp_path):
    CrossValidation(PLAN, tmp_path).run(study[1:], [], Log())
    plan = TrainingPlan(size=SIZE, epochs=1, patches=2)
    with pytest.raises(InvalidInput, match=r"without-p1 is of a study with another plan; choose"):
        CrossValidation(plan, tmp_path).run(study[1:], [], Log())


def test_too_few_patients(study, other, tmp_path):
    for few, others, number in ((study[:2], other, 1), (study[:3], [], 2)):
        with pytest.raises(InvalidInput, match=rf"^the study has {number} patients; each needs"):
            CrossValidation(PLAN, tmp_path).run(few, others, Log())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_start_that_has_seen_a_patient_of_the_study(study, other, tmp_path):
    CrossValidation(PLAN, tmp_path / "first").run(study, other, Log())
    start = read_model(tmp_path / "first" / "without-p1")
    with pytest.raises(
        InvalidInput, match=r"^the dataset p1-1 is of a patient that the network was trained with"
    ):
        # known by its density, though under another name
        CrossValidation(PLAN, tmp_path / "second", start=start).run(study, other, Log())
