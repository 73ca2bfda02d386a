"""The doses of a case: by the chosen method and by those that it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.case import Case
from ..case.dose_methods import DOSE_METHODS
from ..image.arrays import Array
from ..kernels.point import has_point_kernels
from ..tissue.nuclide import Nuclide
from .problem import DoseProblem, MethodDose
from .registry import check_nuclide, dose_method, lack_of

__all__ = ["FALLBACK", "Doses", "calculate_doses", "dose_without_recovery", "methods_of"]

FALLBACK = "photon-transport"
"""Method that stands in for one that is not available."""
_STATISTICAL_WEIGHT = 50.0
"""Share of the progress bar that a statistical method takes, relative to another method."""


@dataclass(frozen=True)
class Doses:
    """
    The dose of a case by every method that was asked for.

    Attributes
    ----------
    by_method : dict of str to MethodDose
        The chosen method first.
    """

    by_method: dict[str, MethodDose]

    @property
    def method(self) -> str:
        """The chosen method."""
        return next(iter(self.by_method))

    @property
    def Gy(self) -> dict[str, Array]:
        """Absorbed dose by method [Gy], shape (k, j, i) each."""
        return {name: found.dose for name, found in self.by_method.items()}

    @property
    def standard_errors_Gy(self) -> dict[str, Array]:
        """Standard error of the dose by statistical method [Gy], shape (k, j, i) each."""
        return {
            name: found.standard_error
            for name, found in self.by_method.items()
            if found.standard_error is not None
        }

    @property
    def organ_standard_errors_Gy(self) -> dict[str, Mapping[str, float]]:
        """Standard error of mean doses by statistical method and VOI [Gy]."""
        return {
            name: found.organ_standard_error_Gy
            for name, found in self.by_method.items()
            if found.standard_error is not None
        }

    @property
    def correction_percent(self) -> Mapping[str, float]:
        """What a network changed of the mean dose of each VOI [%]; empty without a network."""
        found = (of.correction_percent for of in self.by_method.values() if of.correction_percent)
        return next(found, {})

    @property
    def provenance(self) -> dict[str, Any]:
        """How the doses were made, by method, and the network under ``"model"`` if one was used."""
        made: dict[str, Any] = {}
        for name, found in self.by_method.items():
            if found.how:
                made[name] = dict(found.how)
            if "model" in found.how:
                made["model"] = found.how["model"]
        return made


def methods_of(case: Case, nuclide: Nuclide, log: Log) -> list[str]:
    """
    Choose the methods to calculate, the chosen one first.

    What was asked for by name is calculated or refused; only the default method is replaced by
    `FALLBACK` where it is not available, with a remark.

    Raises
    ------
    InvalidInput
        If a method that was asked for is not available, or does not know the nuclide.
    """
    chosen = case.options.dose_method
    methods: list[str] = []
    for wanted in (chosen, *case.options.compare_with):
        method = wanted
        try:
            _check_available(wanted, case, nuclide)
        except InvalidInput as error:
            if wanted != chosen or "dose_method" in case.asked:
                raise
            method = FALLBACK
            _check_available(method, case, nuclide)
            log.remark(f"{error} The dose is that of {FALLBACK!r} instead, without the network.")
        if method not in methods:
            methods.append(method)
    return methods


def _check_available(name: str, case: Case, nuclide: Nuclide) -> None:
    """Refuse a method that this machine, the case or the nuclide does not allow."""
    lack = lack_of(name)
    if lack is None and case.ct is None and DOSE_METHODS[name].needs_ct:
        possible = [entry.name for entry in DOSE_METHODS.values() if not entry.needs_ct]
        lack = f"it needs a CT, and the case has none; choose {', '.join(possible[:-1])} or {possible[-1]}"
    if lack is not None:
        raise InvalidInput(f"the dose method {name!r} is not available: {lack}.")
    check_nuclide(name, nuclide, case.options.model)


def calculate_doses(problem: DoseProblem, methods: Sequence[str], log: Log) -> Doses:
    """
    Calculate the dose by every method.

    Parameters
    ----------
    problem : DoseProblem
    methods : sequence of str
        By `methods_of`, the chosen one first.
    log : Log
    """
    weights = [_STATISTICAL_WEIGHT if DOSE_METHODS[name].statistical else 1.0 for name in methods]
    return Doses(
        {
            name: dose_method(name)(problem, log.part(weight / sum(weights), f"dose: {name}"))
            for name, weight in zip(methods, weights, strict=True)
        }
    )


def dose_without_recovery(doses: Doses, problem: DoseProblem, shown: Array, log: Log) -> Array:
    """
    Calculate the dose of the activity as the scans show it, by the chosen method.

    A statistical method would take too long: its dose follows from how that of another method
    changes.

    Parameters
    ----------
    doses : Doses
        Doses of `problem`, whose activity is corrected for recovery.
    problem : DoseProblem
    shown : ndarray of float32, shape (k, j, i)
        Time-integrated activity without the correction [MBq h/mL].
    log : Log

    Returns
    -------
    ndarray of float32, shape (k, j, i)
        [Gy].
    """
    log = log.without_remarks()
    uncorrected = replace(problem, tia_MBq_h_mL=shown)
    chosen = doses.by_method[doses.method].dose
    if not DOSE_METHODS[doses.method].statistical:
        return dose_method(doses.method)(uncorrected, log).dose
    name = FALLBACK if has_point_kernels(problem.nuclide.name) else "local"
    before = dose_method(name)(uncorrected, log.part(0.5)).dose
    after = doses.by_method.get(name) or dose_method(name)(problem, log.part(0.5))
    ratio = np.divide(before, after.dose, out=np.ones_like(before), where=after.dose > 0.0)
    return np.asarray(chosen * ratio, np.float32)
