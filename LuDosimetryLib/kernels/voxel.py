"""Voxel S values: a point kernel integrated over a source and a target voxel."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..image.arrays import Shape, Triple
from .point import RadialDeposit

KEV_TO_J = 1.602176634e-16

_NEAR_VOXELS = 4.0
"""Distance [largest voxel sides] up to which the point kernel is integrated ray by ray."""
_MIDDLE_VOXELS = 10.0
"""Distance up to which 27 points stand for a voxel pair; one point beyond (error below 0.1 %)."""
_DIRECTIONS = 1500


def energy_kernel(deposit: RadialDeposit, voxel_cm: Triple, shape: Shape) -> NDArray[np.float64]:
    """
    Integrate the energy absorbed in a voxel per decay spread evenly over another, by voxel offset.

    With both points free within their voxels, the offset of the two is distributed as a product
    of triangles, so the energy at voxel offset n is the integral of the point kernel times
    prod_i max(0, 1 - abs(x_i / v_i - n_i)). It is summed ray by ray near the source, where the
    kernel varies within a voxel, and by quadrature beyond.

    Parameters
    ----------
    deposit : RadialDeposit
        Point kernel in an infinite medium, over distances in cm.
    voxel_cm : tuple of float
        Voxel size along the three array axes [cm].
    shape : tuple of int
        Number of offsets along each axis: 0 to ``shape[i] - 1``. Negative offsets are mirror
        images.

    Returns
    -------
    ndarray, shape `shape`
        Energy in the unit of `deposit` (keV per decay).
    """
    return np.asarray(energy_kernels([deposit], voxel_cm, shape)[0])


def energy_kernels(
    deposits: list[RadialDeposit], voxel_cm: Triple, shape: Shape
) -> NDArray[np.float64]:
    """Energy kernels of several point kernels at once, shape (n, *shape); see `energy_kernel`."""
    voxel = np.asarray(voxel_cm)
    rays = _ray_sum(voxel_cm)
    near = np.minimum(rays.shape, shape)
    middle = np.minimum(_offsets_within(_MIDDLE_VOXELS, voxel), shape)
    kernels = np.empty((len(deposits), *shape))
    axes = [np.arange(n) * v for n, v in zip(shape, voxel, strict=True)]
    radius = np.sqrt(_squared_distance(axes))
    for kernel, deposit in zip(kernels, deposits, strict=True):
        density = _KernelDensity(deposit)
        if (middle < shape).any():
            kernel[...] = density(radius) * voxel.prod()
        kernel[_first(middle)] = _middle(density, voxel, middle)
        kernel[_first(near)] = rays(deposit)[_first(near)]
    return kernels


def voxel_s_values(
    energy_keV: NDArray[np.float64], voxel_cm: Triple, density_g_cm3: float
) -> NDArray[np.float64]:
    """Voxel S values [Gy/(Bq s)] from absorbed energies [keV per decay] in voxels of one density."""
    mass_kg = float(np.prod(voxel_cm)) * density_g_cm3 * 1e-3
    return energy_keV * (KEV_TO_J / mass_kg)


def mirrored_sum(kernel: NDArray[np.float64]) -> float:
    """Sum over all offsets of an even kernel given by its non-negative offsets."""
    for axis in range(3):
        weight = np.full(kernel.shape[0], 2.0)
        weight[0] = 1.0
        kernel = np.tensordot(weight, kernel, axes=(0, 0)) if axis < 2 else weight @ kernel
    return float(kernel)


@dataclass(frozen=True)
class _KernelDensity:
    """Absorbed energy per volume [keV/cm3] at a distance from a point of emission [cm]."""

    deposit: RadialDeposit

    def __call__(self, radius: NDArray[np.float64]) -> NDArray[np.float64]:
        # energy per radius varies slowly; tabulate it finely once and interpolate
        nodes = self.deposit.radius
        fine = np.geomspace(nodes[1], nodes[-1], 4000)
        middle = np.sqrt(fine[1:] * fine[:-1])
        per_cm = np.diff(self.deposit(fine)) / np.diff(fine)
        safe = np.maximum(radius, middle[0])
        value = np.interp(safe, middle, per_cm, right=0.0)
        return np.asarray(value / (4.0 * np.pi * safe**2))


def _squared_distance(axes: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    x, y, z = axes
    return np.asarray(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)


def _middle(
    density: _KernelDensity, voxel: NDArray[np.float64], shape: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Three points per axis that share the triangle's second and fourth moments (1/6, 1/15)."""
    step, side = np.sqrt(0.4), 5.0 / 24.0
    points, weights = np.array([-step, 0.0, step]), np.array([side, 1.0 - 2.0 * side, side])
    total = np.zeros(tuple(shape))
    for i, j, k in np.ndindex(3, 3, 3):
        axes = [
            (np.arange(n) + points[p]) * v for n, p, v in zip(shape, (i, j, k), voxel, strict=True)
        ]
        total += weights[i] * weights[j] * weights[k] * density(np.sqrt(_squared_distance(axes)))
    return np.asarray(total * voxel.prod())


class _RaySum:
    """
    Shares energy absorbed at a distance between the voxels about the source.

    For each of many radii and directions, the point's energy goes to the eight voxels about it
    by the product of triangles; the table of shares depends on the voxel only.
    """

    def __init__(self, voxel: NDArray[np.float64]) -> None:
        self.shape: Shape = tuple(int(n) for n in _offsets_within(_NEAR_VOXELS, voxel))  # type: ignore[assignment]
        reach = float(np.linalg.norm(self.shape * voxel))
        smallest = float(voxel.min())
        # finest within a voxel, where electrons stop
        self._edges = np.concatenate(
            [
                np.arange(0.0, smallest, smallest / 256.0),
                np.arange(smallest, reach, smallest / 12.0),
                [reach],
            ]
        )
        directions, weights = _octant_directions()
        # a padded table, so that shares beyond it need no test
        padded = tuple(n + 1 for n in self.shape)
        table = np.empty((len(self._edges) - 1, *self.shape))
        for row, radius in enumerate(0.5 * (self._edges[1:] + self._edges[:-1])):
            position = np.minimum(radius * directions / voxel, np.subtract(self.shape, 1e-9))
            low = position.astype(np.intp)
            upper = position - low
            shares, indices = [], []
            for corner in np.ndindex(2, 2, 2):
                share = weights
                for axis in range(3):
                    share = share * (upper[:, axis] if corner[axis] else 1.0 - upper[:, axis])
                shares.append(share)
                indices.append(np.ravel_multi_index(tuple((low + corner).T), padded))
            sums = np.bincount(
                np.concatenate(indices), np.concatenate(shares), minlength=int(np.prod(padded))
            )
            table[row] = sums.reshape(padded)[_first(np.array(self.shape))]
        # an offset stands for its mirror images too
        for axis in range(3):
            np.moveaxis(table, axis + 1, 0)[1:] *= 0.5
        self._table = table

    def __call__(self, deposit: RadialDeposit) -> NDArray[np.float64]:
        within = deposit(self._edges)
        kernel = np.tensordot(np.diff(within), self._table, axes=1)
        kernel[0, 0, 0] += within[0]  # stays at the point of emission
        return np.asarray(kernel)


@lru_cache(maxsize=8)
def _ray_sum(voxel_cm: Triple) -> _RaySum:
    return _RaySum(np.asarray(voxel_cm))


def _offsets_within(voxels: float, voxel: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number of offsets along each axis within so many of the largest voxel side."""
    return np.asarray(np.ceil(voxels * voxel.max() / voxel).astype(np.intp) + 1)


def _first(shape: NDArray[np.intp]) -> tuple[slice, ...]:
    return tuple(slice(int(n)) for n in shape)


def _octant_directions() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions evenly over one octant of the sphere (a product rule) and their weights."""
    n = ceil(np.sqrt(_DIRECTIONS))
    nodes, weights = np.polynomial.legendre.leggauss(n)
    w = 0.5 * (nodes + 1.0)
    azimuth = 0.25 * np.pi * (nodes + 1.0)
    across = np.sqrt(1.0 - w * w)
    directions = np.stack(
        [
            np.outer(across, np.cos(azimuth)),
            np.outer(across, np.sin(azimuth)),
            np.outer(w, np.ones(n)),
        ],
        axis=-1,
    )
    return directions.reshape(-1, 3), 0.25 * np.outer(weights, weights).reshape(-1)
