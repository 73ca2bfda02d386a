"""Point kernels: how far from a decay its energy is absorbed, per composition."""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ..base.resources import resource

FILE = ("Kernels", "point_kernels.npz")


@dataclass(frozen=True)
class RadialDeposit:
    """
    Energy absorbed within a distance of a point of emission, in an infinite medium.

    Attributes
    ----------
    radius : ndarray, shape (n,)
        Distances, ascending from 0: [g/cm2] for a composition, [cm] for a medium of a density.
    within : ndarray, shape (n,)
        What is absorbed within each distance, not decreasing: [keV per decay], or any linear
        combination of such; the first value stays at the point of emission itself.
    """

    radius: NDArray[np.float64]
    within: NDArray[np.float64]

    @cached_property
    def _interpolated(self) -> PchipInterpolator:
        return PchipInterpolator(self.radius, self.within)

    def __call__(self, radius: NDArray[np.float64]) -> NDArray[np.float64]:
        """Value within ``radius``, monotone between the nodes and constant beyond the last."""
        inside = np.minimum(radius, self.radius[-1])
        return np.asarray(self._interpolated(inside))


@dataclass(frozen=True)
class PointKernel:
    """
    Point kernel of one composition, electrons and photons apart.

    Attributes
    ----------
    composition : str
    electrons, photons : RadialDeposit
        By the radiation emitted, [keV per decay] over [g/cm2]. Bremsstrahlung belongs to the
        electrons.
    photons_in_soft_tissue : RadialDeposit
        What tissue of this composition absorbs of photons that have travelled through soft
        tissue: the photons of soft tissue times the ratio of absorption at each distance.
    """

    composition: str
    electrons: RadialDeposit
    photons: RadialDeposit
    photons_in_soft_tissue: RadialDeposit


@cache
def read_point_kernels() -> dict[str, PointKernel]:
    """The shipped point kernels by composition, as made by ``kernels-build``."""
    with np.load(resource(*FILE), allow_pickle=False) as data:
        near, far = data["electron_radius_g_cm2"], data["photon_radius_g_cm2"]
        soft = data["photon_keV/soft"]
        kernels = {}
        for name in data["compositions"].tolist():
            ratio = data[f"photon_ratio/{name}"] if name != "soft" else np.ones_like(far)
            shells = np.diff(soft) * 0.5 * (ratio[1:] + ratio[:-1])
            in_soft = np.concatenate([soft[:1], soft[0] + np.cumsum(shells)])
            kernels[name] = PointKernel(
                name,
                RadialDeposit(near, data[f"electron_keV/{name}"]),
                RadialDeposit(far, data[f"photon_keV/{name}"]),
                RadialDeposit(far, in_soft),
            )
    return kernels


def point_kernel_provenance() -> dict[str, Any]:
    """How the shipped kernels were made: engine, nuclide data, histories, seed, date."""
    with np.load(resource(*FILE), allow_pickle=False) as data:
        provenance: dict[str, Any] = json.loads(str(data["provenance"]))
    return provenance
