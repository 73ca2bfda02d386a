"""Multiple voxel S values, corrected by a network trained on the residual to Monte Carlo."""

from dataclasses import replace
from importlib.util import find_spec

from ..base.progress import Progress
from ..image.arrays import Array
from ..organs.organ_dose import OrganDose, mean_dose
from .problem import DoseProblem

METHOD = "unet"


def lack_of_network() -> str | None:
    """Why the network cannot be used, with the remedy; None if it can."""
    remedy = "(pip install torch; in 3D Slicer: the PyTorch extension)"
    if find_spec("torch") is None:
        return f"torch, which it needs, is not installed {remedy}"
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:  # its libraries are not those of this machine
        reason = " ".join(str(error).split())
        return f"torch, which it needs, is installed but cannot be loaded ({reason}); install it again {remedy}"
    return None


def unet_dose(problem: DoseProblem, progress: Progress) -> Array:
    """
    Absorbed dose [Gy] by multiple VSV plus the network's residual (Kim et al. 2022).

    The problem's `how` takes up the model, the device, and the correction of every volume of
    interest in per cent.

    Raises
    ------
    InvalidInput
        If the weights are missing, damaged or foreign.
    """
    from .residual.correction import corrected_dose
    from .residual.model import read_model

    model = read_model()
    done = corrected_dose(problem, model, progress)
    problem.how[METHOD] = {
        "model": model.card.said,
        "calculated_on": done.how,
        "bounded_voxels_percent": round(100.0 * done.bounded, 4),
        "correction_percent": _corrections(problem, done.dose, done.multi_vsv),
    }
    return done.dose


def with_correction(organs: list[OrganDose], problem: DoseProblem) -> list[OrganDose]:
    """Organ doses with what the network changed, if it was used."""
    said = problem.how.get(METHOD)
    if said is None:
        return organs
    changes = said["correction_percent"]
    return [replace(o, network_correction_percent=changes.get(o.name)) for o in organs]


def _corrections(problem: DoseProblem, dose: Array, multi_vsv: Array) -> dict[str, float]:
    """Of the mean dose of every volume of interest, relative to multiple VSV [%]."""
    found = {}
    for name, voi in problem.vois.items():
        counted = voi & problem.reported
        if counted.any():
            before = mean_dose(multi_vsv, problem.density_g_cm3, counted)
            after = mean_dose(dose, problem.density_g_cm3, counted)
            found[name] = round(100.0 * (after / before - 1.0), 3) if before > 0.0 else 0.0
    return found
