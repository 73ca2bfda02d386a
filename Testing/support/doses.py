"""The dose of a problem by a method, by its name."""

import numpy as np

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.dose.registry import dose_method


def dose_by(name: str, problem: DoseProblem, log: Log | None = None) -> np.ndarray:
    """Absorbed dose [Gy], shape (k, j, i)."""
    return dose_method(name)(problem, log or Log()).dose
