"""The tables of the study: organ doses, tissues and correlation of every method against Monte Carlo."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add

import numpy as np

from ...agreement.agreement import bland_altman, mean_absolute_error_percent
from .evaluation import METHODS, Evaluation, OrganRecord, TissueError

_FREE = " without tumours"

GROUPS: dict[str, Callable[[str], bool]] = {
    "kidneys": lambda organ: organ.endswith("kidney"),
    "lumbar marrow": lambda organ: organ == "lumbar marrow",
    "liver": lambda organ: organ in ("liver", "liver without tumours"),
    "spleen": lambda organ: organ == "spleen",
    "tumours": lambda organ: ("tumour" in organ and "without" not in organ) or "metast" in organ,
    "lungs": lambda organ: organ == "lungs",
    "urinary bladder": lambda organ: organ == "urinary bladder",
}
"""Rows of the paper's Table 1 and two more, by the names of volumes of interest."""

PAPER_MAE_PERCENT = {
    "single-vsv": (5.45, 11.84, 6.82, 9.30, 13.62),
    "multi-vsv": (1.56, 1.21, 2.79, 2.28, 4.66),
    "unet": (1.04, 0.81, 0.54, 1.34, 3.18),
}
"""Kim et al. 2022: kidneys, bone marrow, liver, spleen, tumours."""


def group_of(evaluations: Sequence[Evaluation], group: str) -> list[OrganRecord]:
    """All volumes of interest of a group; not an organ as a whole beside its tumour-free part."""
    chosen = GROUPS[group]
    found: list[OrganRecord] = []
    for e in evaluations:
        parts = {o.organ.removesuffix(_FREE) for o in e.organs if o.organ.endswith(_FREE)}
        found += [o for o in e.organs if chosen(o.organ) and o.organ not in parts]
    return found


def tables_of(evaluations: Sequence[Evaluation]) -> dict[str, list[dict[str, object]]]:
    """The tables of the study, or of any other evaluations."""
    return {
        "organs": organ_table(evaluations),
        "tissues": tissue_table(evaluations),
        "correlation": correlation_table(evaluations),
    }


def organ_table(evaluations: Sequence[Evaluation]) -> list[dict[str, object]]:
    """
    Table 1: mean and standard deviation of the dose, and MAE by method, for each group.

    The standard error of Monte Carlo stands beside: no method can show a lower MAE than about 0.8
    times that.
    """
    rows: list[dict[str, object]] = []
    for group in GROUPS:
        organs = group_of(evaluations, group)
        if not organs:
            continue
        reference = np.array([organ.monte_carlo_Gy for organ in organs])
        error = np.array([organ.standard_error_Gy for organ in organs])
        row: dict[str, object] = {
            "volumes of interest": group,
            "number": len(organs),
            "Monte Carlo mean [Gy]": float(reference.mean()),
            "Monte Carlo SD [Gy]": float(reference.std(ddof=1)) if len(organs) > 1 else 0.0,
            "Monte Carlo standard error [%]": 100.0 * float((error / reference).mean()),
        }
        for method in METHODS:
            doses = [organ.by_method_Gy[method] for organ in organs]
            row[f"{method} MAE [%]"] = mean_absolute_error_percent(doses, reference)
            difference = 100.0 * (np.array(doses) - reference) / reference
            row[f"{method} bias [%]"] = bland_altman(difference).bias_percent
            row[f"{method} greatest [%]"] = float(np.abs(difference).max())
        rows.append(row)
    return rows


def correlation_table(evaluations: Sequence[Evaluation]) -> list[dict[str, object]]:
    """Voxelwise Pearson correlation over all datasets, and that of a perfect method."""
    rows: list[dict[str, object]] = []
    for method in METHODS:
        whole = reduce(add, (e.all_doses[method] for e in evaluations))
        low = reduce(add, (e.low_doses[method] for e in evaluations))
        rows.append({"method": method, "r": whole.r, "r below 5 Gy": low.r})
    rows.append({"method": "perfect method", "r": whole.perfect_r, "r below 5 Gy": low.perfect_r})
    return rows


def tissue_table(evaluations: Sequence[Evaluation]) -> list[dict[str, object]]:
    """Error of voxels above the noise of Monte Carlo by tissue, root mean square over datasets."""
    rows: list[dict[str, object]] = []
    for tissue in dict.fromkeys(name for e in evaluations for name in e.tissues):
        errors = [e.tissues[tissue] for e in evaluations if tissue in e.tissues]
        row: dict[str, object] = {
            "tissue": tissue,
            "voxels": sum(error.voxels for error in errors),
            "Monte Carlo noise [%]": _over(errors, lambda error: error.noise_percent),
        }
        for method in METHODS:
            row[f"{method} [%]"] = _over(errors, lambda error, m=method: error.excess_percent[m])  # type: ignore[misc]
            row[f"{method} mean [%]"] = float(np.mean([e.mean_percent[method] for e in errors]))
        rows.append(row)
    return rows


def _over(errors: Sequence[TissueError], value: Callable[[TissueError], float]) -> float:
    return float(np.sqrt(np.mean([value(error) ** 2 for error in errors])))


def markdown_table(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Lines of a table in Markdown."""
    heads = list(rows[0]) if rows else ["none"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = (f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values())
        lines.append(f"| {' | '.join(cells)} |")
    return lines
