"""Leave-one-patient-out: each patient's datasets by a network that never saw the patient."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...base.errors import InvalidInput
from ...base.progress import Progress
from ...base.storage import write_atomically
from ...dose.residual.model import CARD, ModelCard, read_card, read_model, write_model
from .dataset import Dataset
from .evaluation import Evaluation, Moments, OrganRecord, TissueError, evaluate
from .patches import Sample, samples_of
from .plan import TrainingPlan
from .training import Training

EVALUATIONS = "evaluations.json"


@dataclass(frozen=True)
class CrossValidation:
    """
    A study over patients.

    Attributes
    ----------
    plan : TrainingPlan
        Of each patient's network.
    card : ModelCard
        Form of the models; each takes up who was left out, and the plan.
    folder : Path
        Receives a folder for each patient left out; what is finished there is not done again.
    device : str
    start : dict or None
        Weights to begin with, from patients outside the study.
    """

    plan: TrainingPlan
    card: ModelCard
    folder: Path
    device: str = "cpu"
    start: dict[str, Any] | None = None

    def run(
        self, study: Sequence[Dataset], others: Sequence[Dataset], progress: Progress
    ) -> list[Evaluation]:
        """
        Train and evaluate for each patient of the study.

        Parameters
        ----------
        study : sequence of Dataset
        others : sequence of Dataset
            Of patients outside the study, trained with in every fold.
        progress : callable

        Raises
        ------
        InvalidInput
            For too few patients, and for a folder with folds of another plan.
        """
        patients = sorted({dataset.patient for dataset in study})
        if len(patients) < 2 or (len(patients) < 3 and not others):
            raise InvalidInput(
                f"the study has {len(patients)} patients; each needs another that says when to stop, and at least one "
                "to train with."
            )
        samples = samples_of([*study, *others], lambda f, text: progress(0.1 * f, text))
        evaluations: list[Evaluation] = []
        for n, patient in enumerate(patients):

            def of_all(fraction: float, text: str, n: int = n, left_out: str = patient) -> None:
                progress(0.1 + 0.9 * (n + fraction) / len(patients), f"without {left_out}: {text}")

            # the next patient says when to stop; the one left out has no say in it
            validating = patients[(n + 1) % len(patients)]
            held_out = {patient, validating}
            learning = [d for d in (*study, *others) if d.patient not in held_out]
            evaluations += self._fold(
                patient,
                [samples[d.name] for d in learning],
                [samples[d.name] for d in study if d.patient == validating],
                [d for d in study if d.patient == patient],
                of_all,
            )
        write_evaluations(evaluations, self.folder / EVALUATIONS)
        return evaluations

    def _fold(
        self,
        patient: str,
        training: list[Sample],
        validation: list[Sample],
        left_out: list[Dataset],
        progress: Progress,
    ) -> list[Evaluation]:
        folder = self.folder / f"without-{patient}"
        finished = folder / EVALUATIONS
        card = replace(
            self.card,
            name=f"{self.card.name}-without-{patient}",
            training={**self.card.training, "plan": asdict(self.plan)},
        )
        if finished.exists():
            if read_card(folder / CARD[-1]).training.get("plan") != card.training["plan"]:
                raise InvalidInput(
                    f"{folder} is of a study with another plan; choose another folder or remove it."
                )
            return read_evaluations(finished)
        run = Training(self.plan, folder, self.device, self.start)
        network = run.run(training, validation, lambda f, text: progress(0.9 * f, text))
        write_model(network, card, folder)
        model = read_model(folder / CARD[-1])
        evaluations = []
        for dataset in left_out:
            progress(0.95, f"evaluating {dataset.name}")
            evaluations.append(evaluate(dataset, model, self.device)[0])
        write_evaluations(evaluations, finished)
        return evaluations


def write_evaluations(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write as JSON; complete or not at all."""
    with write_atomically(path) as file:
        file.write(json.dumps([asdict(e) for e in evaluations], indent=1).encode() + b"\n")


def read_evaluations(path: Path) -> list[Evaluation]:
    """Read a file of `write_evaluations`."""
    return [
        Evaluation(
            held["patient"],
            held["cycle"],
            [OrganRecord(**organ) for organ in held["organs"]],
            {m: Moments(**sums) for m, sums in held["all_doses"].items()},
            {m: Moments(**sums) for m, sums in held["low_doses"].items()},
            {name: TissueError(**error) for name, error in held["tissues"].items()},
            held["bounded_percent"],
        )
        for held in json.loads(path.read_text(encoding="utf-8"))
    ]
