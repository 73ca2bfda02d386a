"""Record of the data that a network was trained and tested with, part of its card."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ...base.errors import InvalidInput
from ...dose.residual.correction import METAL_G_CM3, metal_mL
from ...dose.residual.model import ModelCard, kernels_sha256
from .dataset import Dataset
from .plan import TrainingPlan

__all__ = [
    "card_of",
    "credits_of",
    "dataset_record",
    "limits_of",
    "refuse_seen",
    "training_record",
]

BOUNDS = (0.75, 1.3)
"""Bounds of the corrected dose; see `ModelCard.bounds`."""
NO_ORIGIN = "origin not stated"

_SAME_VOXEL = 0.03

Record = Mapping[str, Any]
"""A dataset in a card: name, patient, source, nuclide, voxel size, volume as dense as metal, Monte
Carlo, and hash of the patient's density, by which it is known under another name as well."""


def dataset_record(dataset: Dataset) -> dict[str, Any]:
    """Entry of a dataset in a card."""
    return {
        "name": dataset.name,
        "patient": dataset.patient,
        "source": dataset.source or NO_ORIGIN,
        "nuclide": dataset.nuclide,
        "voxel_mm": round(float(np.mean(dataset.grid.spacing_mm)), 4),
        "metal_mL": round(metal_mL(dataset.density, dataset.reported, dataset.grid), 2),
        "monte_carlo": str(dataset.how.get("engine", "not stated")),
        "decays": int(dataset.how.get("decays", 0)),
        "density_sha256": hashlib.sha256(dataset.density.tobytes()).hexdigest(),
    }


def training_record(
    plan: TrainingPlan,
    training: Sequence[Dataset],
    validation: Sequence[Dataset],
    start: ModelCard | None,
) -> dict[str, Any]:
    """
    Entry of a training in a card.

    Parameters
    ----------
    plan : TrainingPlan
    training, validation : sequence of Dataset
        Datasets that it learned from, and those that decided when to stop.
    start : ModelCard, optional
        Network whose weights it began with; what that has seen, this has seen, too.
    """
    return {
        "plan": asdict(plan),
        "datasets": [dataset_record(d) for d in training],
        "validated_with": [dataset_record(d) for d in validation],
        "start": None
        if start is None
        else {"name": start.name, "sha256": start.sha256, "training": start.training},
    }


def card_of(plan: TrainingPlan, datasets: Sequence[Dataset], name: str = "residual") -> ModelCard:
    """
    The card of a network that is yet to be trained with datasets.

    Raises
    ------
    InvalidInput
        If the datasets are of several nuclides or voxel sizes, or their voxels are no cubes.
    """
    nuclides = {d.nuclide: d.name for d in datasets}
    if len(nuclides) > 1:
        raise InvalidInput(
            f"the datasets are of several nuclides ({', '.join(f'{n} in {d}' for n, d in nuclides.items())}); a network "
            "is of one: give those of one alone."
        )
    first = datasets[0]
    voxel_mm = float(np.mean(first.grid.spacing_mm))
    for dataset in datasets:
        for side in dataset.grid.spacing_mm:
            if abs(side / voxel_mm - 1.0) > _SAME_VOXEL:
                raise InvalidInput(
                    f"the dataset {dataset.name} has a voxel side of {side:.4g} mm, and {first.name} one of {voxel_mm:.4g} "
                    "mm; a network is trained with cubic voxels of one size: give datasets of one size alone."
                )
    return ModelCard(
        name=name,
        weights="",
        sha256="",
        architecture=plan.architecture,
        size=plan.size,
        voxel_mm=round(voxel_mm, 4),
        bounds=BOUNDS,
        nuclide=first.nuclide,
        media=first.problem().media,
        kernels_sha256=kernels_sha256(first.nuclide),
    )


def refuse_seen(card: ModelCard, datasets: Sequence[Dataset]) -> None:
    """
    Refuse to test a network with what it has seen.

    Raises
    ------
    InvalidInput
        If a dataset's patient was trained or validated with, under whatever name.
    """
    seen = list(_seen(card.training))
    patients = {str(record.get("patient")): record for record in seen}
    densities = {record["density_sha256"]: record for record in seen if "density_sha256" in record}
    for dataset in datasets:
        record = dataset_record(dataset)
        found = patients.get(dataset.patient) or densities.get(record["density_sha256"])
        if found is not None:
            raise InvalidInput(
                f"the dataset {dataset.name} is of a patient that the network was trained with (as {found['name']}), "
                "and no external test; give datasets of patients that it never saw."
            )


def credits_of(training: Record, external: Iterable[Record]) -> list[str]:
    """Origins of the data that a network was trained and tested with, without repetition."""
    trained = dict.fromkeys(str(record["source"]) for record in _seen(training))
    tested = dict.fromkeys(str(record["source"]) for record in external)
    return [f"Training: {source}." for source in trained] + [
        f"External test, not trained with: {source}." for source in tested
    ]


def limits_of(card: ModelCard) -> list[str]:
    """Limits of the network that a user must know, as they follow from its training and tests."""
    # a dataset of the start may be one of the training, too
    seen = {str(record["name"]): record for record in _seen(card.training)}
    engines = sorted({str(record.get("monte_carlo", "not stated")) for record in seen.values()})
    dense = [float(record.get("metal_mL", 0.0)) for record in seen.values()]
    limits = [
        f"{card.nuclide} only; other nuclides have other electrons and photons.",
        f"Trained at voxels of {card.voxel_mm:g} mm; other sizes are resampled to it and back.",
        f"It learned from Monte Carlo ({', '.join(engines)}), whose media follow the CT.",
        "Metal and dense contrast medium are taken for bone, as by all methods here, outside volumes that are soft tissue by name; "
        f"{sum(dense):.2g} mL in {sum(volume > 0.0 for volume in dense)} of {len(dense)} datasets of the training were denser "
        f"than {METAL_G_CM3:g} g/cm3.",
    ]
    if not card.linear:
        limits.append(
            "Not linear in activity: the dose of two activities is not exactly the sum of their doses."
        )
    organs = card.validation.get("leave-one-patient-out", {}).get("organs", [])
    if organs:
        worst = max(organs, key=lambda row: row["unet MAE [%]"])
        limits.append(
            f"Worst in the leave-one-patient-out study: {worst['volumes of interest']}, {worst['unet MAE [%]']:.2g} % on "
            f"average and {worst['unet greatest [%]']:.2g} % at most."
        )
    return [*limits, "Research use only."]


def _seen(training: Record) -> Iterable[Record]:
    """Records of all that a network was trained and validated with, its start included."""
    yield from training.get("datasets", [])
    yield from training.get("validated_with", [])
    if training.get("start"):
        yield from _seen(training["start"]["training"])
