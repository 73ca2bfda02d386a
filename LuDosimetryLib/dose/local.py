"""Local deposition: all electron energy stays in its voxel, photons leave the patient."""

import numpy as np

from ..base.log import Log
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem, MethodDose


def local_dose(problem: DoseProblem, log: Log) -> MethodDose:
    """
    Calculate the absorbed dose by local deposition of all electron energy.

    For 177Lu that is 0.08532 Gy g/(MBq h).
    """
    log.at(0.0, "local deposition")
    dose = np.zeros(problem.grid.shape, np.float32)
    factor = np.float32(GY_G_PER_KEV_MBQ_H * problem.nuclide.electron_keV)
    reported = problem.reported
    dose[reported] = factor * problem.tia_MBq_h_mL[reported] / problem.density_g_cm3[reported]
    return MethodDose(dose)
