"""Electrons by voxel S values and a network trained on Monte Carlo, photons by transport."""

from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.arrays import Array
from ..organs.organ_dose import mean_dose
from ..tissue.nuclide import Nuclide
from .problem import DoseProblem, MethodDose
from .residual.correction import corrected_dose
from .residual.model import read_card, read_model
from .residual.onnx_network import lack_of_onnxruntime

__all__ = ["check_nuclide", "lack_of_network", "unet_dose"]


def lack_of_network() -> str | None:
    """Why the network cannot be used, with the remedy; None if it can."""
    return lack_of_onnxruntime()


def check_nuclide(nuclide: Nuclide, model: Path | None) -> None:
    """
    Refuse a nuclide that the network was not trained with.

    Parameters
    ----------
    nuclide : Nuclide
    model : Path or None
        Files of the network; None for the shipped one. See `model.card_file`.

    Raises
    ------
    InvalidInput
        One sentence with the remedy; also if there is no card of the network.
    """
    trained = read_card(model).nuclide
    if nuclide.name != trained:
        raise InvalidInput(
            f"the residual network was trained for {trained}, not for {nuclide.name}; choose photon-transport, or another method that "
            "needs no network."
        )


def unet_dose(problem: DoseProblem, log: Log) -> MethodDose:
    """
    Calculate the absorbed dose by multiple VSV plus a residual (Kim et al. 2022).

    The residual has two parts. That of photons follows from the transport equation, which holds on
    any body; that of electrons, at the borders of tissues, is the network's.

    Raises
    ------
    InvalidInput
        If the weights are missing, damaged or foreign, or for another nuclide.
    """
    check_nuclide(problem.nuclide, problem.model)
    model = read_model(problem.model)
    done = corrected_dose(problem, model, log)
    changes = _corrections(problem, done.dose, done.uncorrected)
    return MethodDose(
        done.dose,
        correction_percent=changes,
        how={
            "model": model.card.identity,
            "calculated_on": done.how,
            "bounded_voxels_percent": round(100.0 * done.bounded, 4),
            "correction_percent": changes,
        },
    )


def _corrections(problem: DoseProblem, dose: Array, uncorrected: Array) -> dict[str, float]:
    """What the network changes of the mean dose of every volume of interest [%]."""
    found = {}
    for name, voi in problem.vois.items():
        counted = voi & problem.reported
        if counted.any():
            before = mean_dose(uncorrected, problem.density_g_cm3, counted)
            after = mean_dose(dose, problem.density_g_cm3, counted)
            found[name] = round(100.0 * (after / before - 1.0), 3) if before > 0.0 else 0.0
    return found
