"""Local deposition: all electron energy stays in its voxel, photons leave the patient."""

import numpy as np

from ..base.progress import Progress
from ..image.arrays import Array
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem


def local_dose(problem: DoseProblem, progress: Progress) -> Array:
    """Absorbed dose [Gy] by local deposition of electrons: 0.08532 Gy g/(MBq h) for 177Lu."""
    progress(0.0, "local deposition")
    dose = np.zeros(problem.grid.shape, np.float32)
    factor = np.float32(GY_G_PER_KEV_MBQ_H * problem.nuclide.electron_keV)
    reported = problem.reported
    dose[reported] = factor * problem.tia_MBq_h_mL[reported] / problem.density_g_cm3[reported]
    return dose
