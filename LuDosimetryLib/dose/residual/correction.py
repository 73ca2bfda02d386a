"""The dose by multiple VSV, corrected by the network's residual, within bounds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import numpy as np

from ...base.log import Log
from ...image.arrays import Array, Mask
from ...image.grid import Grid
from ...image.resampling import average_onto
from ...image.volume import Volume
from ..problem import DoseProblem
from .channels import MULTI_VSV, Channels, box_of
from .model import Model

_SAME_VOXEL = 0.03
"""Relative difference of the voxel size that is none to the network."""
_TRAINED_VOXELS = (0.7, 1.5)
"""Voxel sizes, relative to the training's, up to which resampling was checked."""
_LEAST_G_CM3 = 0.05
_USABLE_VOXELS = (0.5, 2.6)
"""Beyond these nothing is corrected."""
_METAL_G_CM3 = 2.3
_METAL_ML = 0.5


@dataclass(frozen=True)
class CorrectedDose:
    """
    A corrected dose and what was done to get it.

    Attributes
    ----------
    dose, multi_vsv, split_vsv : ndarray of float32, shape (k, j, i)
        Corrected, and the doses that bound the correction [Gy].
    bounded : float
        Part of the voxels with a dose where the bounds cut the correction.
    how : str
        Device, and tiles if the device's memory asked for them.
    """

    dose: Array
    multi_vsv: Array
    split_vsv: Array
    bounded: float
    how: str


def corrected_dose(problem: DoseProblem, model: Model, log: Log) -> CorrectedDose:
    """
    Correct the multiple-VSV dose of a case.

    Parameters
    ----------
    problem : DoseProblem
    model : Model
    log : Log
        Takes up what lies outside the network's training.
    """
    warn_of_domain(problem, model, log)
    channels = Channels.of(problem, log.part(0.5))
    log.at(0.5, "residual network")
    grid = trained_grid(problem.grid, model.card.voxel_mm)
    ratios = _voxel_ratios(problem, model)
    if not _USABLE_VOXELS[0] <= min(ratios) <= max(ratios) <= _USABLE_VOXELS[1]:
        residual, how = np.zeros_like(channels.multi_vsv), "not corrected, for its voxels"
        log.remark(
            f"residual network: voxels of {_sizes(problem.grid)} mm are beyond its use ({_USABLE_VOXELS[0] * model.card.voxel_mm:.2g} "
            f"to {_USABLE_VOXELS[1] * model.card.voxel_mm:.2g} mm); the dose is that of multi-vsv, uncorrected."
        )
    elif grid is None:
        residual, how = residual_map(model, channels, problem, log)
    else:
        other = resampled(problem, grid)
        other_channels = Channels.of(other, log.part(0.2))
        found, how = residual_map(model, other_channels, other, log)
        # energy is carried over, not dose: tissue borders lie elsewhere in other voxels
        energy = average_onto(Volume(found * other.density_g_cm3, grid), problem.grid, 0.0)
        mass = np.maximum(problem.density_g_cm3, np.float32(_LEAST_G_CM3))
        residual = np.asarray(energy / mass, np.float32)
        how += f", residual from a grid of {model.card.voxel_mm:g} mm"
    log.at(1.0, "residual network")
    return _bounded(channels, residual, problem.reported, model.card.bounds, how)


def _bounded(
    channels: Channels, residual: Array, reported: Mask, bounds: tuple[float, float], how: str
) -> CorrectedDose:
    """The multiple-VSV dose with the residual, within the bounds."""
    multi, split = channels.multi_vsv, channels.split_vsv
    least = np.float32(bounds[0]) * np.minimum(multi, split)
    most = np.float32(bounds[1]) * np.maximum(multi, split)
    dose = multi + residual
    cut = reported & ((dose < least) | (dose > most))
    dose = np.clip(dose, least, most) * reported
    return CorrectedDose(
        dose.astype(np.float32, copy=False),
        multi,
        split,
        float(cut.sum()) / max(1, int(reported.sum())),
        how,
    )


def residual_map(
    model: Model, channels: Channels, problem: DoseProblem, log: Log
) -> tuple[Array, str]:
    """
    The network's residual [Gy] and how it was had.

    The whole volume at once on the problem's device; where its memory does not suffice, in tiles,
    and then on the CPU. All ways give the same numbers.
    """
    import torch

    from .inference import residual_of, tiled_residual_of

    part = (slice(None), *box_of(problem.reported))
    tissue = torch.from_numpy(channels.tissue[part])[None]
    # of order one, whatever the unit; a power of two leaves every digit as it is
    scale = 2.0 ** round(log2(float(channels.linear[MULTI_VSV].max()) or 1.0))
    linear = torch.from_numpy(channels.linear[part] * np.float32(1.0 / scale))[None]

    def whole(device: str) -> Any:
        return residual_of(model.network.to(device), tissue, linear, device)[0, 0].numpy()

    def tiled(device: str) -> Any:
        found = np.zeros(tuple(tissue.shape[2:]), np.float32)
        network = model.network.to(device)
        for box, part in tiled_residual_of(network, tissue, linear, device):
            found[box] = part[0, 0].numpy()
        return found

    attempts = [(whole, problem.device, ""), (tiled, problem.device, " in tiles")]
    if problem.device != "cpu":
        attempts.append((tiled, "cpu", " in tiles"))
    for n, (attempt, device, in_parts) in enumerate(attempts):
        try:
            with _each_layer(model.network, lambda: log.at(0.8, "residual network")):
                residual = attempt(device)
        except (MemoryError, RuntimeError) as error:
            if n + 1 == len(attempts) or not _out_of_memory(error):
                raise
            following = attempts[n + 1]
            log.remark(
                f"the residual network ran out of memory on {device}{in_parts} and was calculated on "
                f"{following[1]}{following[2]} instead; the dose is the same."
            )
            continue
        finally:
            model.network.to("cpu")
        found = np.zeros(problem.grid.shape, np.float32)
        found[part[1:]] = residual * np.float32(scale)
        return found, f"{device}{in_parts}"
    raise AssertionError("unreachable")


@contextmanager
def _each_layer(network: Any, said: Callable[[], object]) -> Iterator[None]:
    """Calls a function after each layer of the network, so that cancelling need not wait for all."""

    def after(*_: object) -> None:
        said()

    layers = [module for module in network.modules() if not list(module.children())]
    hooks = [layer.register_forward_hook(after) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _out_of_memory(error: Exception) -> bool:
    # torch's CPU allocator says so in a RuntimeError without a type of its own
    return isinstance(error, MemoryError) or "memory" in str(error).lower()


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
    """The problem on another grid: mass and activity are averaged."""

    def onto(values: Array) -> Array:
        return average_onto(Volume(values, problem.grid), grid, 0.0)

    reported = onto(problem.reported.astype(np.float32)) >= 0.5
    return replace(
        problem,
        grid=grid,
        tia_MBq_h_mL=onto(problem.tia_MBq_h_mL),
        density_g_cm3=onto(problem.density_g_cm3),
        reported=reported,
        vois={},
    )


def _voxel_ratios(problem: DoseProblem, model: Model) -> list[float]:
    """Sides of a voxel in those of the training."""
    return [side / model.card.voxel_mm for side in problem.grid.spacing_mm]


def _sizes(grid: Grid) -> str:
    return " x ".join(f"{s:.3g}" for s in reversed(grid.spacing_mm))


def warn_of_domain(problem: DoseProblem, model: Model, log: Log) -> None:
    """Say what lies outside the network's training."""
    ratios = _voxel_ratios(problem, model)
    low, high = _TRAINED_VOXELS
    if not all(low <= ratio <= high for ratio in ratios):
        log.remark(
            f"residual network: voxels of {_sizes(problem.grid)} mm are far from the {model.card.voxel_mm:g} mm it was trained with "
            f"({low * model.card.voxel_mm:.2g} to {high * model.card.voxel_mm:.2g} mm were checked); compare with Monte Carlo."
        )
    dense_mL = float((problem.density_g_cm3[problem.reported] > _METAL_G_CM3).sum())
    dense_mL *= problem.grid.voxel_volume_mL
    if dense_mL > _METAL_ML:
        log.remark(
            f"residual network: {dense_mL:.2g} mL of the patient are denser than {_METAL_G_CM3:g} g/cm3, as metal or "
            "dense contrast; it was not trained with such; compare with Monte Carlo there."
        )
