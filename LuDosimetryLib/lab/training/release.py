"""A trained network made ready to ship: validated once more, its card completed and written out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ...base.storage import write_atomically
from ...dose.residual.model import Model, ModelCard, write_model
from .dataset import Dataset
from .evaluation import evaluate
from .study import markdown_table, tables_of

Tables = Mapping[str, Sequence[Mapping[str, object]]]

LIMITS = [
    "177Lu only; other nuclides have other electrons and photons.",
    "Trained at voxels of 3.87 mm; other sizes are resampled to it and back.",
    "Contrast medium and metal are taken for bone by their density, as by all methods here but none in training.",
    "It learned from this project's own Monte Carlo (ompMC), whose media follow CT density.",
    "Blocks of lung with much activity of their own that end at the image's border came out 6 % high; lungs of patients 1.3 %.",
    "Research use only.",
]
CREDITS = [
    "CT of training: CRLM-CT-1004 and CRLM-CT-1006 (Colorectal-Liver-Metastases, CC BY 4.0), TCGA-09-2043 (TCGA-OV, CC BY 3.0) and LIDC-IDRI-0314 (LIDC-IDRI, CC BY 3.0), all from The Cancer Imaging Archive, resampled to 3 mm.",
    "CT of training: thorax of the source distribution of TotalSegmentator 2.18.0 (Apache-2.0).",
    "CT of the external test, not trained with: abdomen of the same distribution (Apache-2.0).",
]


def external_tables(
    model: Model, datasets: Sequence[Dataset]
) -> dict[str, list[dict[str, object]]]:
    """Of datasets that were in no training: every volume of interest, tissues and correlation."""
    evaluations = [evaluate(dataset, model)[0] for dataset in datasets]
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


def write_release(
    model: Model, study: Tables, external: Tables, datasets: Sequence[str], folder: Path
) -> ModelCard:
    """
    Write weights, card and its readable form.

    Parameters
    ----------
    model : Model
    study : mapping
        Tables of the leave-one-patient-out study, whose networks were trained in the same way.
    external : mapping
        Tables of the test on other patients, by this very model.
    datasets : sequence of str
        Names of what was trained with.
    folder : Path
    """
    card = replace(
        model.card,
        training={**model.card.training, "datasets": list(datasets)},
        validation={"leave-one-patient-out": dict(study), "external": dict(external)},
        limits=LIMITS,
        credits=CREDITS,
    )
    card = write_model(model.network, card, folder)
    with write_atomically(folder / "README.md") as file:
        file.write(_readable(card, study, external).encode())
    return card


def _readable(card: ModelCard, study: Tables, external: Tables) -> str:
    low, high = card.bounds
    plan = card.training.get("plan", {})
    lines = [
        f"# Model card: {card.name}",
        "",
        "Residual network after Kim et al. 2022 (PMC10043146): CT and time-integrated activity in, a",
        "correction out that is added to the dose by multiple voxel S values.",
        "",
        f"- Weights: `{card.weights}`, SHA-256 `{card.sha256}`; licence {card.licence}.",
        f"- Network: {card.architecture} ({', '.join(f'{k} {v}' for k, v in card.size.items())}); exactly linear in activity.",
        f"- Voxels: {card.voxel_mm:g} mm; other sizes by resampling the residual.",
        f"- Bounds: the corrected dose of a voxel stays above {low:g} times the lesser and below {high:g} times the greater",
        "  of the multiple-VSV and split-VSV doses.",
        f"- Training: {', '.join(f'{k} {v}' for k, v in plan.items())}.",
        f"- Datasets ({len(card.training.get('datasets', []))}): {', '.join(card.training.get('datasets', []))}.",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in card.limits),
        "",
        "## Data",
        "",
        *(f"- {credit}" for credit in card.credits),
        "- Virtual patients of this project (`ludosimetry phantom`).",
    ]
    for title, tables in (
        ("Leave-one-patient-out study", study),
        ("External test (this model)", external),
    ):
        for name, rows in tables.items():
            lines += ["", f"## {title}: {name}", "", *markdown_table(rows)]
    return "\n".join(lines) + "\n"
