"""The network on whole volumes: at once, or in tiles that give the same numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...base.log import Log
from ...image.arrays import Shape

__all__ = ["Network", "Tile", "reach", "residual_of", "tiles_of"]

Fields = NDArray[np.float32]


class Network(Protocol):
    """
    A network on its device.

    Attributes
    ----------
    depth : int
        Levels of its U-Net; it halves the sides once less.
    """

    depth: int

    def __call__(self, tissue: Fields, linear: Fields, still: Callable[[], object]) -> Fields:
        """
        Calculate the residual.

        Parameters
        ----------
        tissue, linear : ndarray of float32, shape (1, channels, k, j, i)
            Each side a multiple of ``2 ** (depth - 1)``.
        still : callable
            Called every now and then; an exception from it ends the calculation within a second.

        Returns
        -------
        ndarray of float32, shape (1, 1, k, j, i)

        Raises
        ------
        MemoryError
            If the device's memory does not suffice.
        """
        ...


@dataclass(frozen=True)
class Tile:
    """
    A part of a volume.

    Attributes
    ----------
    given : tuple of slice
        Voxels of the volume that it gives.
    seen : tuple of slice
        Voxels that the network must see for it.
    """

    given: tuple[slice, ...]
    seen: tuple[slice, ...]


def residual_of(
    network: Network, tissue: Fields, linear: Fields, log: Log, most_voxels: float = np.inf
) -> tuple[Fields, int]:
    """
    The residual of a volume of any size.

    Parameters
    ----------
    network : Network
    tissue, linear : ndarray of float32, shape (channels, k, j, i)
    log : Log
    most_voxels : float
        Most voxels that the network should see at once: a larger volume is calculated in tiles, each with
        the margin that the network sees, so that there are no seams.

    Returns
    -------
    ndarray of float32, shape (k, j, i)
    int
        Number of tiles.
    """
    shape: Shape = tissue.shape[1:]
    tiles = tiles_of(shape, network.depth, most_voxels)
    found = np.empty(shape, np.float32)
    for n, tile in enumerate(tiles):

        def still(done: float = n / len(tiles)) -> None:
            log.at(done)

        still()
        inside = tuple(
            slice(g.start - s.start, g.stop - s.start)
            for g, s in zip(tile.given, tile.seen, strict=True)
        )
        part = (slice(None), *tile.seen)
        found[tile.given] = _padded_residual_of(network, tissue[part], linear[part], still)[inside]
    return found, len(tiles)


def _padded_residual_of(
    network: Network, tissue: Fields, linear: Fields, still: Callable[[], object]
) -> Fields:
    """
    The residual of a volume, shape (k, j, i).

    Beyond the image there is nothing: so much of it is put about it as the network's own border
    could notice, and as its halving of the sides asks for.
    """
    step = 2 ** (network.depth - 1)
    sides = [(0, 0), *((step, step + (-n) % step) for n in tissue.shape[1:])]
    residual = network(np.pad(tissue, sides)[None], np.pad(linear, sides)[None], still)
    k, j, i = (slice(step, step + n) for n in tissue.shape[1:])
    return residual[0, 0, k, j, i]


def tiles_of(shape: Shape, depth: int, most_voxels: float) -> list[Tile]:
    """
    Few tiles that each see no more than so many voxels, or the smallest that are of use.

    Tiles give as many voxels along each side as they must see beyond it; smaller ones would
    calculate nearly everything again and again.

    Parameters
    ----------
    shape : tuple of int
        Shape of the volume (k, j, i).
    depth : int
        Levels of the network's U-Net.
    most_voxels : float
    """
    step = 2 ** (depth - 1)
    halo = ceil(reach(depth) / step) * step
    given = list(shape)
    cuts = [1, 1, 1]
    while prod(_most_seen(n, g, halo) for n, g in zip(shape, given, strict=True)) > most_voxels:
        longest = int(np.argmax(given))
        if given[longest] <= halo:
            break
        cuts[longest] += 1
        # the tiles begin where the network's halving of the whole volume would
        given[longest] = ceil(shape[longest] / cuts[longest] / step) * step
    return [
        Tile((k[0], j[0], i[0]), (k[1], j[1], i[1]))
        for k in _parts(shape[0], given[0], halo)
        for j in _parts(shape[1], given[1], halo)
        for i in _parts(shape[2], given[2], halo)
    ]


def _most_seen(side: int, given: int, halo: int) -> int:
    most: int = max(seen.stop - seen.start for _, seen in _parts(side, given, halo))
    return most


def _parts(side: int, given: int, halo: int) -> Iterator[tuple[slice, slice]]:
    for start in range(0, side, given):
        stop = min(start + given, side)
        yield slice(start, stop), slice(max(0, start - halo), min(side, stop + halo))


def reach(depth: int) -> int:
    """
    Voxels that a network with a `UNet` of so many levels sees in each direction.

    At level l a voxel is 2**l wide. On the way down to the last level there are two convolutions
    a level, on the way up three; the steered convolution of the activity adds one at the finest
    level. Where a voxel lies within the coarsest voxel about it adds up to one less than that
    one's width: 2 (2**n - 1) + 3 (2**(n-1) - 1) + 1 + 2**(n-1) - 1 = 2**(n+2) - 5 for n levels.
    """
    return 4 * (1 << depth) - 5
