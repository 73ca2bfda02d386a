"""What a result folder knows about the reference dose that lies in it."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Beside:
    """
    Files and numbers that belong to a dose file, as far as its folder has them.

    Attributes
    ----------
    density : Path or None
        [g/cm3].
    standard_error : Path or None
        Of the dose's voxels [Gy].
    organ_standard_error_percent : dict of str to float
        Relative standard error of organ means by name, from the batches of a Monte Carlo; that of
        the voxels would overstate it, since what one voxel loses its neighbour gains.
    """

    density: Path | None = None
    standard_error: Path | None = None
    organ_standard_error_percent: dict[str, float] = field(default_factory=dict)


def beside(dose: Path) -> Beside:
    """What lies beside a dose file; nothing if its folder is no result folder."""
    try:
        summary = json.loads((dose.parent / "result.json").read_text(encoding="utf-8"))
        volumes, organs = dict(summary["volumes"]), list(summary["organs"])
    except (OSError, ValueError, KeyError, TypeError):
        return Beside()
    key = next((key for key, name in volumes.items() if name == dose.name), None)
    if key is None:
        return Beside()
    method = summary.get("dose_method") if key == "dose" else key.removeprefix("dose_")
    errors = {}
    for organ in organs:
        mean = organ["dose_by_method_Gy"].get(method)
        error = organ.get("standard_error_by_method_Gy", {}).get(method)
        if mean and error is not None:
            errors[organ["name"]] = 100.0 * error / mean
    return Beside(
        density=_file(dose, volumes.get("density")),
        standard_error=_file(dose, volumes.get(f"{key}_standard_error")),
        organ_standard_error_percent=errors,
    )


def _file(dose: Path, name: str | None) -> Path | None:
    path = None if name is None else dose.parent / name
    return path if path is not None and path.exists() else None
