"""Point kernels of a nuclide: how far from a decay its energy is absorbed, per composition."""

import json
import zipfile
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ..base.errors import InvalidInput
from ..base.resources import resource
from ..base.storage import file_sha256
from ..case.dose_methods import DOSE_METHODS

__all__ = [
    "SCHEMA",
    "PointKernel",
    "PointKernels",
    "RadialDeposit",
    "has_point_kernels",
    "kernel_provenance",
    "read_point_kernels",
]

SCHEMA = "ludosimetry-point-kernels/1"
_FOLDER = "Kernels"


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
        Deposit by the radiation emitted, [keV per decay] over [g/cm2]. Bremsstrahlung belongs to the
        electrons.
    photons_in_soft_tissue : RadialDeposit
        What tissue of this composition absorbs of photons that have travelled through soft
        tissue: the photons of soft tissue times the ratio of absorption at each distance.
    """

    composition: str
    electrons: RadialDeposit
    photons: RadialDeposit
    photons_in_soft_tissue: RadialDeposit


@dataclass(frozen=True)
class PointKernels:
    """
    Point kernels of a nuclide, as made by ``kernels-build``.

    Attributes
    ----------
    nuclide : str
    electron_reach_g_cm2 : float
        Electrons stop within this; what their bremsstrahlung deposits beyond is long-range.
    by_composition : dict of str to PointKernel
    provenance : dict
        How the kernels were made: engine, nuclide data, histories, seed, date.
    """

    nuclide: str
    electron_reach_g_cm2: float
    by_composition: dict[str, PointKernel]
    provenance: dict[str, Any]


@cache
def read_point_kernels(nuclide: str) -> PointKernels:
    """
    Read the point kernels of a nuclide from ``Resources/Kernels``.

    Parameters
    ----------
    nuclide : str
        Name as in ``Resources/Nuclides``.

    Raises
    ------
    InvalidInput
        If there are none, or the file is damaged or of another nuclide; the sentence names the
        dose methods that need no kernels, and the command that makes kernels.
    """
    path = _path(nuclide)
    if path is None:
        folder = resource(_FOLDER)
        known = ", ".join(sorted(file.stem for file in folder.glob("*.npz")))
        without = " or ".join(m.name for m in DOSE_METHODS.values() if not m.needs_kernels)
        raise InvalidInput(
            f"there are no point kernels for {nuclide} (kernels are available for {known}): choose the dose method "
            f"{without}, which need none, or make kernels by Monte Carlo with 'ludosimetry kernels-build --nuclide "
            f"{nuclide} -o {folder / nuclide}.npz'."
        )
    try:
        with np.load(path, allow_pickle=False) as data:
            kernels = _point_kernels(data)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InvalidInput(
            f"{path} holds no point kernels that can be read ({reason}); install LuDosimetry again, or make the file "
            f"afresh with 'ludosimetry kernels-build --nuclide {nuclide}'."
        ) from None
    if kernels.nuclide != nuclide:
        raise InvalidInput(
            f"{path} holds point kernels of {kernels.nuclide}, but is named {nuclide}; rename the file."
        )
    return kernels


def has_point_kernels(nuclide: str) -> bool:
    """Whether there are point kernels of a nuclide."""
    return _path(nuclide) is not None


def kernel_provenance(nuclide: str) -> str:
    """The file of a nuclide's point kernels, its SHA-256, engine and date; empty if there is none."""
    path = _path(nuclide)
    if path is None:
        return ""
    made = read_point_kernels(nuclide).provenance
    return f"{path.name} sha256 {file_sha256(path)}; {made['engine']}, {made['date']}"


def _path(nuclide: str) -> Path | None:
    path = resource(_FOLDER) / f"{nuclide}.npz"
    return path if path.is_file() else None


def _point_kernels(data: Any) -> PointKernels:
    """The kernels of an opened file."""
    provenance: dict[str, Any] = json.loads(str(data["provenance"]))
    if provenance["schema"] != SCHEMA:
        raise ValueError(f"its schema is {provenance['schema']!r}, expected {SCHEMA!r}")
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
    return PointKernels(
        provenance["nuclide"], float(data["electron_reach_g_cm2"]), kernels, provenance
    )
