"""A trained network made ready to ship: tested, its card completed from what was done, and written out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...base.errors import InvalidInput
from ...base.log import Log
from ...base.storage import write_atomically
from ...dose.residual.model import Model, ModelCard, read_card
from .crossvalidation import EVALUATIONS, read_evaluations
from .dataset import Dataset
from .evaluation import evaluate
from .model_folder import write_card
from .study import markdown_table, tables_of
from .training_record import credits_of, dataset_record, limits_of, refuse_seen

__all__ = ["Release", "readable_card"]

Tables = Mapping[str, Sequence[Mapping[str, object]]]

_STUDY = "leave-one-patient-out"
_EXTERNAL = "external"
_TITLES = {
    _STUDY: "Leave-one-patient-out study",
    _EXTERNAL: "External test (this model)",
}


@dataclass(frozen=True)
class Release:
    """
    A network and what it is tested by.

    Attributes
    ----------
    model : Model
    study : Path
        Folder of a leave-one-patient-out study, whose networks were trained by the same plan.
    external : sequence of Dataset
        Datasets of patients that the network never saw.
    licence : str
        Under which the weights are given.
    """

    model: Model
    study: Path
    external: Sequence[Dataset]
    licence: str

    def write(self, folder: Path, log: Log) -> ModelCard:
        """
        Test the network, and write weights, card and its readable form.

        Raises
        ------
        InvalidInput
            If the study is of another plan, or an external dataset of a patient that the network
            has seen, or worthless.
        """
        card = self.model.card
        refuse_seen(card, self.external)
        for dataset in self.external:
            dataset.check()
        study = self._study_tables()
        records = [dataset_record(dataset) for dataset in self.external]
        card = replace(
            card,
            validation={
                _STUDY: study,
                _EXTERNAL: _external_tables(self.model, self.external, log),
                "external datasets": records,
            },
            licence=self.licence,
            credits=credits_of(card.training, records),
        )
        card = replace(card, limits=limits_of(card))
        folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(folder / card.weights) as file:
            file.write(self.model.onnx)
        write_card(card, folder)
        with write_atomically(folder / "README.md") as file:
            file.write(readable_card(card).encode())
        return card

    def _study_tables(self) -> dict[str, Any]:
        """The tables of the study, after a look at how its networks were trained."""
        file = self.study / EVALUATIONS
        try:
            evaluations = read_evaluations(file)
            if not evaluations:
                raise ValueError("it is empty")
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise InvalidInput(
                f"{file} is no study of 'crossvalidate' ({reason}); give the folder that it wrote."
            ) from None
        for patient in dict.fromkeys(evaluation.patient for evaluation in evaluations):
            fold = read_card(self.study / f"without-{patient}")
            for name, ours, theirs in (
                ("plan", self.model.card.training.get("plan"), fold.training.get("plan")),
                ("voxel size", self.model.card.voxel_mm, fold.voxel_mm),
                ("nuclide", self.model.card.nuclide, fold.nuclide),
                ("kernels", self.model.card.kernels_sha256, fold.kernels_sha256),
            ):
                if ours != theirs:
                    raise InvalidInput(
                        f"the study in {self.study} says nothing of this network: the {name} of its training without "
                        f"{patient} was {theirs}, and here it is {ours}; give the study of networks trained alike."
                    )
        return tables_of(evaluations)


def _external_tables(
    model: Model, datasets: Sequence[Dataset], log: Log
) -> dict[str, list[dict[str, object]]]:
    """Tables of datasets that were in no training: every volume of interest, tissues and correlation."""
    evaluations = []
    for dataset in datasets:
        part = log.part(1.0 / len(datasets), f"external test: {dataset.name}")
        evaluations.append(evaluate(dataset, model, part)[0])
    organs: list[dict[str, object]] = [
        {
            "volume of interest": organ.organ,
            "Monte Carlo [Gy]": organ.monte_carlo_Gy,
            "Monte Carlo standard error [%]": 100.0
            * organ.standard_error_Gy
            / organ.monte_carlo_Gy,
        }
        | {
            f"{method} [%]": 100.0 * (dose / organ.monte_carlo_Gy - 1.0)
            for method, dose in organ.by_method_Gy.items()
        }
        for evaluation in evaluations
        for organ in evaluation.organs
    ]
    return {**tables_of(evaluations), "organs": organs}


def readable_card(card: ModelCard) -> str:
    """A card in Markdown: all of it follows from the card."""
    low, high = card.bounds
    training = card.training
    plan = ", ".join(f"{key} {value}" for key, value in training.get("plan", {}).items())
    datasets = training.get("datasets", [])
    validating = training.get("validated_with", [])
    linearity = "exactly linear in activity" if card.linear else "not linear in activity"
    lines = [
        f"# Model card: {card.name}",
        "",
        "Residual network after Kim et al. 2022 (PMC10043146): CT and electrons by voxel S values in, a",
        "correction of their dose out. The dose of photons is added, by transport through the patient.",
        "",
        f"- Weights: `{card.weights}` (ONNX), SHA-256 `{card.sha256}`; licence {card.licence}.",
        f"- Network: {card.architecture} ({', '.join(f'{k} {v}' for k, v in card.size.items())}); {linearity}.",
        f"- Nuclide: {card.nuclide}. Voxels: {card.voxel_mm:g} mm; other sizes by resampling the residual.",
        f"- Voxel S values: {card.media} media; point kernels with SHA-256 `{card.kernels_sha256}`.",
        f"- Bounds: the corrected dose of electrons stays above {low:g} times the lesser and below {high:g} times the greater",
        "  of their doses by the medium of the target and of the source.",
        f"- Training: {plan}.",
        f"- Datasets ({len(datasets)}): {_names(datasets)}.",
        f"- Stopped by ({len(validating)}): {_names(validating)}.",
    ]
    if training.get("start"):
        lines.append(f"- Start: {training['start']['name']}.")
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in card.limits)]
    lines += ["", "## Data", "", *(f"- {credit}" for credit in card.credits)]
    for part, title in _TITLES.items():
        for name, rows in card.validation.get(part, {}).items():
            lines += ["", f"## {title}: {name}", "", *markdown_table(rows)]
    return "\n".join(lines) + "\n"


def _names(records: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(record["name"]) for record in records) or "none"
