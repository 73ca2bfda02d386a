"""Dose of electrons with the network's residual, within bounds, and of photons by transport."""

from dataclasses import dataclass, replace

import numpy as np

from ...base.log import Log
from ...image.arrays import Array, Mask
from ...image.grid import Grid
from ...image.resampling import average_onto
from ...image.volume import Volume
from ..photon_transport.method import photon_dose
from ..problem import DoseProblem
from .channels import Channels
from .model import Model, kernels_sha256
from .residual_map import residual_map

__all__ = [
    "METAL_G_CM3",
    "CorrectedDose",
    "corrected_dose",
    "metal_mL",
    "resampled",
    "trained_grid",
]

_SAME_VOXEL = 0.03
"""Relative difference of the voxel size that is none to the network."""
_TRAINED_VOXELS = (0.7, 1.5)
"""Voxel sizes, relative to the training's, up to which resampling was checked."""
_LEAST_G_CM3 = 0.05
_USABLE_VOXELS = (0.5, 2.6)
"""Beyond these nothing is corrected."""
METAL_G_CM3 = 2.3
"""Density above which a voxel is metal or dense contrast medium, not tissue."""
_METAL_ML = 0.5
_MESSAGE = "residual network"


@dataclass(frozen=True)
class CorrectedDose:
    """
    A corrected dose and what was done to get it.

    Attributes
    ----------
    dose : ndarray of float32, shape (k, j, i)
        Electrons and photons together [Gy].
    photons : ndarray of float32, shape (k, j, i)
        Photons alone [Gy].
    at_target, from_source : ndarray of float32, shape (k, j, i)
        Doses of electrons that bound the correction [Gy].
    bounded : float
        Part of the voxels with a dose where the bounds cut the correction, from 0 to 1.
    how : str
        Device, and tiles if the device's memory asked for them.
    """

    dose: Array
    photons: Array
    at_target: Array
    from_source: Array
    bounded: float
    how: str

    @property
    def uncorrected(self) -> Array:
        """The dose without the network [Gy]: that of the method ``photon-transport``."""
        return self.from_source + self.photons


def corrected_dose(problem: DoseProblem, model: Model, log: Log) -> CorrectedDose:
    """
    Correct the dose of a case.

    Parameters
    ----------
    problem : DoseProblem
    model : Model
        Trained for the problem's nuclide.
    log : Log
        Takes up what lies outside the network's training.
    """
    _remark_on_domain(problem, model, log)
    channels = Channels.of(problem, log.part(0.15))
    grid = trained_grid(problem.grid, model.card.voxel_mm)
    ratios = _voxel_ratios(problem, model)
    if not _USABLE_VOXELS[0] <= min(ratios) <= max(ratios) <= _USABLE_VOXELS[1]:
        residual, how = channels.source_less_target, "not corrected, for its voxels"
        log.remark(
            f"residual network: voxels of {_sizes(problem.grid)} mm are beyond its use ({_USABLE_VOXELS[0] * model.card.voxel_mm:.2g} "
            f"to {_USABLE_VOXELS[1] * model.card.voxel_mm:.2g} mm); the dose is that of photon-transport, uncorrected."
        )
    elif grid is None:
        residual, how = residual_map(model, channels, problem, log.part(0.35, _MESSAGE))
    else:
        other = resampled(problem, grid)
        other_channels = Channels.of(other, log.part(0.15))
        found, how = residual_map(model, other_channels, other, log.part(0.2, _MESSAGE))
        # energy is carried over, not dose: tissue borders lie elsewhere in other voxels; and from the
        # dose by the source's medium, which keeps the energy of every electron in any voxels
        found -= other_channels.source_less_target
        energy = average_onto(Volume(found * other.density_g_cm3, grid), problem.grid, 0.0)
        mass = np.maximum(problem.density_g_cm3, np.float32(_LEAST_G_CM3))
        residual = np.asarray(energy / mass, np.float32) + channels.source_less_target
        how += f", residual from a grid of {model.card.voxel_mm:g} mm"
    photons = photon_dose(problem, log.part(0.5))
    log.at(1.0, _MESSAGE)
    return _bounded(channels, residual, photons, problem.reported, model.card.bounds, how)


def _bounded(
    channels: Channels,
    residual: Array,
    photons: Array,
    reported: Mask,
    bounds: tuple[float, float],
    how: str,
) -> CorrectedDose:
    """Electrons with the residual, within the bounds, and photons."""
    target, source = channels.at_target, channels.from_source
    least = np.float32(bounds[0]) * np.minimum(target, source)
    most = np.float32(bounds[1]) * np.maximum(target, source)
    electrons = target + residual
    cut = reported & ((electrons < least) | (electrons > most))
    dose = np.clip(electrons, least, most) * reported + photons
    return CorrectedDose(
        dose.astype(np.float32, copy=False),
        photons,
        target,
        source,
        float(cut.sum()) / max(1, int(reported.sum())),
        how,
    )


def trained_grid(grid: Grid, voxel_mm: float) -> Grid | None:
    """A grid of the network's voxel size over the same field; None if the grid's own will do."""
    if all(abs(s / voxel_mm - 1.0) <= _SAME_VOXEL for s in grid.spacing_mm):
        return None
    shape = tuple(
        max(1, int(np.ceil(n * s / voxel_mm)))
        for n, s in zip(grid.shape, grid.spacing_mm, strict=True)
    )
    columns = np.array(grid.direction).reshape(3, 3)
    # both fields begin at the same corner
    corner = np.array(grid.origin_mm) - columns @ (0.5 * np.array(grid.spacing_mm[::-1]))
    origin = corner + columns @ np.full(3, 0.5 * voxel_mm)
    x, y, z = (float(o) for o in origin)
    return Grid(shape, (voxel_mm,) * 3, (x, y, z), grid.direction)  # type: ignore[arg-type]


def resampled(problem: DoseProblem, grid: Grid) -> DoseProblem:
    """The problem on another grid: mass, calcium and activity are averaged."""

    def onto(values: Array) -> Array:
        return average_onto(Volume(values, problem.grid), grid, 0.0)

    reported = onto(problem.reported.astype(np.float32)) >= 0.5
    density = onto(problem.density_g_cm3)
    calcium = onto(problem.calcium * problem.density_g_cm3)
    return replace(
        problem,
        grid=grid,
        tia_MBq_h_mL=onto(problem.tia_MBq_h_mL),
        density_g_cm3=density,
        calcium_shown=np.asarray(calcium / np.maximum(density, _LEAST_G_CM3), np.float32),
        reported=reported,
        vois={},
    )


def metal_mL(density_g_cm3: Array, reported: Mask, grid: Grid) -> float:
    """Volume of the voxels with a dose that are as dense as metal or dense contrast medium [mL]."""
    return float((density_g_cm3[reported] > METAL_G_CM3).sum()) * grid.voxel_volume_mL


def _voxel_ratios(problem: DoseProblem, model: Model) -> list[float]:
    """Sides of a voxel in those of the training."""
    return [side / model.card.voxel_mm for side in problem.grid.spacing_mm]


def _sizes(grid: Grid) -> str:
    return " x ".join(f"{s:.3g}" for s in reversed(grid.spacing_mm))


def _remark_on_domain(problem: DoseProblem, model: Model, log: Log) -> None:
    """Remark on what lies outside the network's training."""
    card = model.card
    ratios = _voxel_ratios(problem, model)
    low, high = _TRAINED_VOXELS
    if not all(low <= ratio <= high for ratio in ratios):
        log.remark(
            f"residual network: voxels of {_sizes(problem.grid)} mm are far from the {card.voxel_mm:g} mm it was trained with "
            f"({low * card.voxel_mm:.2g} to {high * card.voxel_mm:.2g} mm were checked); compare with Monte Carlo."
        )
    dense_mL = metal_mL(problem.density_g_cm3, problem.reported, problem.grid)
    if dense_mL > _METAL_ML:
        log.remark(
            f"residual network: {dense_mL:.2g} mL of the patient are denser than {METAL_G_CM3:g} g/cm3, as metal or "
            "dense contrast; it was trained with hardly any of such; compare with Monte Carlo there."
        )
    if problem.media != card.media:
        log.remark(
            f"residual network: it was trained with voxel S values of {card.media} media, and the case has {problem.media}; "
            "compare with Monte Carlo."
        )
    if kernels_sha256(problem.nuclide.name) != card.kernels_sha256:
        log.remark(
            f"residual network: {card.name!r} was trained with other point kernels than those of this installation; "
            "compare with Monte Carlo."
        )
