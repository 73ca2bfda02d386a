"""What every integration of activity over time is given, and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..case.integrations import INTEGRATIONS, IntegrationEntry
from ..case.options import Options
from ..image.arrays import Array, Mask
from ..tissue.nuclide import Nuclide
from .curve import TWO_PHASE

__all__ = ["BQ_TO_MBQ", "MODELS", "NUMBER_OF", "IntegrationProblem", "TimeIntegral", "Voxels"]

BQ_TO_MBQ = 1e-6

Voxels = NDArray[np.float64]
"""Activity of voxels at each scan, shape (scans, voxels)."""

MODELS: dict[int, str] = dict(
    sorted(
        {
            0: "no activity",
            4: TWO_PHASE,  # which only the curves of VOIs have
            **{e.model_number: e.name for e in INTEGRATIONS.values() if e.model_number is not None},
        }.items()
    )
)
"""What the numbers of `TimeIntegral.model` mean."""

NUMBER_OF = {name: number for number, name in MODELS.items()}


@dataclass(frozen=True)
class IntegrationProblem:
    """
    Activity at the time of every scan, to be integrated from administration to infinity.

    Attributes
    ----------
    hours : sequence of float
        Times after administration, ascending [h].
    activity_Bq_mL : sequence of ndarray, shape (k, j, i)
        At the time of each scan, on one grid.
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    options : Options
        Options of a `Case`, which has the scans that the integration needs.
    nuclide : Nuclide
    voxel_mL : float
    """

    hours: Sequence[float]
    activity_Bq_mL: Sequence[Array]
    vois: Mapping[str, Mask]
    options: Options
    nuclide: Nuclide
    voxel_mL: float

    @property
    def decay_per_h(self) -> float:
        """Physical decay constant [1/h]."""
        return self.nuclide.decay_constant_per_h

    @property
    def entry(self) -> IntegrationEntry:
        """What is known of the integration that the options ask for."""
        return self.options.integration_entry


@dataclass(frozen=True)
class TimeIntegral:
    """
    Time-integrated activity and where it comes from.

    Attributes
    ----------
    tia : ndarray of float32, shape (k, j, i)
        [MBq h/mL].
    model : ndarray of uint8, shape (k, j, i), or None
        Number of each voxel's model in `MODELS`; None where all voxels have that of the
        integration, and no map is needed.
    scan_h : float or None
        Time of the only scan that counted [h], with a method of a single time point.
    """

    tia: Array
    model: NDArray[np.uint8] | None = None
    scan_h: float | None = None
