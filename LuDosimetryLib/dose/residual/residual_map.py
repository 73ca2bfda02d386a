"""The network's residual on a grid, wherever there is the memory for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log2

import numpy as np

from ...base.log import Log
from ...image.arrays import Array
from ..problem import DoseProblem
from .channels import AT_TARGET, Channels, box_of
from .inference import Network, residual_of
from .model import Model
from .onnx_network import OnnxNetwork

__all__ = ["residual_map"]

CPU = "cpu"

_TILES = (4e6, 1.5e6, 6e5)
"""Voxels that a network sees at once, each tried where the one before found no memory. ONNX Runtime
takes some 400 bytes for each: 1.6 GB, 0.6 GB, 0.24 GB at most."""


@dataclass(frozen=True)
class _Attempt:
    """A network on a device, which sees so many voxels at once."""

    place: str
    most_voxels: float
    network: Callable[[], Network]


def residual_map(
    model: Model, channels: Channels, problem: DoseProblem, log: Log
) -> tuple[Array, str]:
    """
    The network's residual and how it was calculated.

    On CUDA the whole volume at once and, where its memory does not suffice, in tiles, and then on
    the CPU; there, in tiles as large as memory allows. Each of these gives the same numbers.

    Parameters
    ----------
    model : Model
    channels : Channels
    problem : DoseProblem
    log : Log

    Returns
    -------
    ndarray of float32, shape (k, j, i)
        Residual [Gy].
    str
        Device, and tiles if there were several.
    """
    part = (slice(None), *box_of(problem.reported))
    # of order one, whatever the unit; a power of two leaves every digit as it is
    scale = 2.0 ** round(log2(float(channels.linear[AT_TARGET].max()) or 1.0))
    tissue, linear = channels.tissue[part], channels.linear[part] * np.float32(1.0 / scale)
    attempts = list(_attempts(model, problem.device))
    for n, attempt in enumerate(attempts):
        try:
            residual, tiles = residual_of(
                attempt.network(), tissue, linear, log, attempt.most_voxels
            )
        except MemoryError:
            if n + 1 == len(attempts):
                raise
            log.remark(
                f"the residual network ran out of memory on {attempt.place} and was calculated on "
                f"{attempts[n + 1].place} instead; the dose is the same."
            )
            continue
        found = np.zeros(problem.grid.shape, np.float32)
        found[part[1:]] = residual * np.float32(scale)
        device = attempt.place.partition(" ")[0]
        return found, device if tiles == 1 else f"{device} in {tiles} tiles"
    raise AssertionError("unreachable")


def _attempts(model: Model, device: str) -> Iterator[_Attempt]:
    if device != CPU:
        yield _Attempt(device, np.inf, lambda: _on_torch(model, device))
        for most in _TILES[:2]:
            yield _Attempt(_tiled(device, most), most, lambda: _on_torch(model, device))
    yield _Attempt(CPU, _TILES[0], lambda: OnnxNetwork(model))
    for most in _TILES[1:]:
        yield _Attempt(_tiled(CPU, most), most, lambda: OnnxNetwork(model))


def _tiled(device: str, most_voxels: float) -> str:
    return f"{device} in tiles of {most_voxels / 1e6:g} million voxels"


def _on_torch(model: Model, device: str) -> Network:
    from .torch_network import TorchNetwork, module_of  # torch is heavy, and for CUDA alone

    return TorchNetwork(module_of(model), device)
