"""What every dose method is given, and the method's form."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..image import Array, Grid
from ..kernels.voxel import KEV_TO_J
from ..nuclide import Nuclide
from ..segmentation import Mask

Progress = Callable[[float, str], object]
"""Called with the finished fraction and a message; raises `Cancelled` to stop."""

GY_G_PER_KEV_MBQ_H = KEV_TO_J * 1e3 * 3.6e9
"""Dose [Gy g] of one keV absorbed in each decay of one MBq h."""


@dataclass(frozen=True)
class DoseProblem:
    """
    A time-integrated activity in a patient.

    Attributes
    ----------
    grid : Grid
    tia_MBq_h_mL : ndarray of float32, shape (k, j, i)
        Time-integrated activity concentration.
    density_g_cm3 : ndarray of float32, shape (k, j, i)
    reported : ndarray of bool, shape (k, j, i)
        Voxels to be given a dose: of the patient, and not air.
    nuclide : Nuclide
    media : int
        Number of media of the multiple voxel S values.
    device : {"cpu", "cuda"}
    """

    grid: Grid
    tia_MBq_h_mL: Array
    density_g_cm3: Array
    reported: Mask
    nuclide: Nuclide
    media: int = 20
    device: str = "cpu"
    warnings: list[str] = field(default_factory=list)


DoseMethod = Callable[[DoseProblem, Progress], Array]
"""Absorbed dose [Gy], float32, shape (k, j, i), 0 where none is reported."""
