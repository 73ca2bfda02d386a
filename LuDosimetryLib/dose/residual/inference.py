"""The network on whole volumes: at once, or in tiles that give the same numbers."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

Box = tuple[slice, slice, slice]

TILE = 64
"""Voxels along each side of what a tile is to give; with what it must see, 96 to 128."""


def residual_of(network: Any, tissue: Tensor, linear: Tensor, device: str) -> Tensor:
    """
    The residual of a whole volume at once.

    Parameters
    ----------
    network : LinearNetwork or PaperNetwork
    tissue, linear : Tensor, shape (1, channels, k, j, i)
        On the CPU; of any size.
    device : str
        torch's name.

    Returns
    -------
    Tensor, shape (1, 1, k, j, i)
        On the CPU.
    """
    shape = tissue.shape[2:]
    step = 2 ** (network.depth - 1)
    # beyond the image there is nothing: so much of it as the network's border could notice
    sides: list[int] = []
    for n in reversed(shape):
        sides += [step, step + (-n) % step]
    with torch.no_grad():
        padded = (nn_pad(tissue.to(device), sides), nn_pad(linear.to(device), sides))
        found: Tensor = network(*padded)
    k, j, i = shape
    return found[:, :, step : step + k, step : step + j, step : step + i].cpu()


def nn_pad(x: Tensor, sides: list[int]) -> Tensor:
    """Zeros about the last three axes."""
    return torch.nn.functional.pad(x, sides)


def tiled_residual_of(
    network: Any, tissue: Tensor, linear: Tensor, device: str, tile: int = TILE
) -> Iterator[tuple[Box, Tensor]]:
    """
    The residual tile by tile, with as much about each as the network sees: no seams.

    Yields
    ------
    tuple of slice, Tensor
        Where in the volume (k, j, i), and the residual there, shape (1, 1, k, j, i).
    """
    step = 2 ** (network.depth - 1)
    halo = -(-reach(network.depth) // step) * step
    tile = -(-tile // step) * step
    shape = tissue.shape[2:]
    starts = [range(0, n, tile) for n in shape]
    for k in starts[0]:
        for j in starts[1]:
            for i in starts[2]:
                inner = [slice(a, min(a + tile, n)) for a, n in zip((k, j, i), shape, strict=True)]
                outer = [
                    slice(max(0, s.start - halo), min(n, s.stop + halo))
                    for s, n in zip(inner, shape, strict=True)
                ]
                part = (slice(None), slice(None), *outer)
                residual = residual_of(network, tissue[part], linear[part], device)
                own = tuple(
                    slice(s.start - o.start, s.stop - o.start)
                    for s, o in zip(inner, outer, strict=True)
                )
                yield (inner[0], inner[1], inner[2]), residual[(slice(None), slice(None), *own)]


def reach(levels: int) -> int:
    """
    Voxels that a network of `UNet` with so many levels sees in each direction, at most.

    Two convolutions of reach 1 on the way down and three on the way up at each level, in voxels
    of its own; and what pooling and up-sampling add.
    """
    down = sum(2 << level for level in range(levels))
    up = sum(3 << level for level in range(levels - 1))
    return down + up + (1 << levels)
