"""Leave-one-patient-out: each patient's datasets by a network that never saw the patient."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ...base.errors import InvalidInput
from ...base.log import Log
from ...base.storage import write_atomically
from ...dose.residual.model import Model, ModelCard, read_card, read_model
from ...dose.residual.torch_network import module_of
from .dataset import Dataset
from .evaluation import Evaluation, Moments, OrganRecord, TissueError, evaluate
from .model_folder import write_model
from .named_log import named_log
from .patches import Sample, samples_of
from .plan import TrainingPlan
from .training import Training
from .training_record import card_of, refuse_seen, training_record

EVALUATIONS = "evaluations.json"


@dataclass(frozen=True)
class CrossValidation:
    """
    A study over patients.

    Attributes
    ----------
    plan : TrainingPlan
        Plan by which each patient's network is trained.
    folder : Path
        Receives a folder for each patient left out; what is finished there is not done again.
    device : str
    start : Model or None
        Network to begin with, from patients outside the study.
    """

    plan: TrainingPlan
    folder: Path
    device: str = "cpu"
    start: Model | None = None

    def run(
        self, study: Sequence[Dataset], others: Sequence[Dataset], log: Log
    ) -> list[Evaluation]:
        """
        Train and evaluate for each patient of the study.

        Parameters
        ----------
        study : sequence of Dataset
        others : sequence of Dataset
            Datasets of patients outside the study, trained with in every fold.
        log : Log

        Raises
        ------
        InvalidInput
            For too few patients, for datasets that nothing can be learned from, and for a folder
            with folds of another plan.
        """
        patients = sorted({dataset.patient for dataset in study})
        if len(patients) < 2 or (len(patients) < 3 and not others):
            raise InvalidInput(
                f"the study has {len(patients)} patients; each needs another that says when to stop, and at least one "
                "to train with."
            )
        everyone = [*study, *others]
        for dataset in everyone:
            dataset.check()
        card = card_of(self.plan, everyone)
        if self.start is not None:
            refuse_seen(self.start.card, study)
        samples = samples_of(everyone, log.part(0.1))
        evaluations: list[Evaluation] = []
        for n, patient in enumerate(patients):
            # the next patient says when to stop; the one left out has no say in it
            validating = patients[(n + 1) % len(patients)]
            apart = {patient, validating}
            fold = _Fold(
                patient,
                [d for d in everyone if d.patient not in apart],
                [d for d in study if d.patient == validating],
                [d for d in study if d.patient == patient],
            )
            part = named_log(f"without {patient}", log.part(0.9 / len(patients)))
            evaluations += self._of_fold(fold, card, samples, part)
        write_evaluations(evaluations, self.folder / EVALUATIONS)
        return evaluations

    def _of_fold(
        self, fold: "_Fold", card: ModelCard, samples: Mapping[str, Sample], log: Log
    ) -> list[Evaluation]:
        folder = self.folder / f"without-{fold.patient}"
        finished = folder / EVALUATIONS
        card = replace(
            card,
            name=f"{card.name}-without-{fold.patient}",
            training=training_record(
                self.plan,
                fold.learning,
                fold.validating,
                None if self.start is None else self.start.card,
            ),
        )
        if finished.exists():
            if read_card(folder).training.get("plan") != card.training["plan"]:
                raise InvalidInput(
                    f"{folder} is of a study with another plan; choose another folder or remove it."
                )
            return read_evaluations(finished)
        weights = None if self.start is None else module_of(self.start).state_dict()
        network = Training(self.plan, folder, self.device, weights).run(
            [samples[d.name] for d in fold.learning],
            [samples[d.name] for d in fold.validating],
            log.part(0.9),
        )
        write_model(network, card, folder)
        model = read_model(folder)
        evaluations = []
        for dataset in fold.left_out:
            part = log.part(0.1 / len(fold.left_out), f"evaluating {dataset.name}")
            evaluations.append(evaluate(dataset, model, part, self.device)[0])
        write_evaluations(evaluations, finished)
        return evaluations


@dataclass(frozen=True)
class _Fold:
    """Datasets by what they are for, where one patient is left out."""

    patient: str
    learning: Sequence[Dataset]
    validating: Sequence[Dataset]
    left_out: Sequence[Dataset]


def write_evaluations(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write as JSON; complete or not at all."""
    with write_atomically(path) as file:
        file.write(json.dumps([asdict(e) for e in evaluations], indent=1).encode() + b"\n")


def read_evaluations(path: Path) -> list[Evaluation]:
    """Read a file of `write_evaluations`."""
    return [
        Evaluation(
            entry["patient"],
            entry["cycle"],
            [OrganRecord(**organ) for organ in entry["organs"]],
            {m: Moments(**sums) for m, sums in entry["all_doses"].items()},
            {m: Moments(**sums) for m, sums in entry["low_doses"].items()},
            {name: TissueError(**error) for name, error in entry["tissues"].items()},
            entry["bounded_percent"],
        )
        for entry in json.loads(path.read_text(encoding="utf-8"))
    ]
