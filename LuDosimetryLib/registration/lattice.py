"""Smooth displacements by cubic B-splines on a lattice of control points."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import sparse

from ..image.arrays import Array
from ..image.grid import Grid


@dataclass(frozen=True)
class Lattice:
    """
    Control points over a grid, and their weights at the voxels of a coarser grid.

    Attributes
    ----------
    shape : tuple of int
        Number of control points along (k, j, i).
    weights : tuple of sparse matrices, shape (voxels, control points)
        Along k, j and i.
    """

    shape: tuple[int, int, int]
    weights: tuple[sparse.csr_array, sparse.csr_array, sparse.csr_array]

    @classmethod
    def over(cls, grid: Grid, knot_mm: float, merged: int) -> "Lattice":
        """
        Make a lattice over a grid, for a grid with so many of its voxels merged along each axis.

        Parameters
        ----------
        grid : Grid
        knot_mm : float
            Distance between control points.
        merged : int
        """
        weights = tuple(
            _weights(n, knot_mm / s, merged)
            for n, s in zip(grid.shape, grid.spacing_mm, strict=True)
        )
        k, j, i = (int(w.shape[1]) for w in weights)
        return cls((k, j, i), weights)  # type: ignore[arg-type]

    def at_voxels(self, coefficients: Array) -> Array:
        """Interpolate values at the control points to the voxels."""
        for axis, weights in enumerate(self.weights):
            coefficients = _along(weights, coefficients, axis)
        return coefficients

    def transposed(self, values: Array) -> Array:
        """Apply the transpose of `at_voxels`: sum values at the voxels onto the control points."""
        for axis, weights in enumerate(self.weights):
            values = _along(weights.T.tocsr(), values, axis)
        return values


def _weights(voxels: int, knot_voxels: float, merged: int) -> sparse.csr_array:
    mesh = _mesh(voxels, knot_voxels)
    count = voxels // merged
    at = (np.arange(count) * merged + 0.5 * (merged - 1)) / knot_voxels
    first = np.minimum(at.astype(np.intp), mesh - 1)
    u = at - first
    values = (
        np.stack([(1.0 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3])
        / 6.0
    )
    rows = np.broadcast_to(np.arange(count), (4, count))
    columns = first + np.arange(4)[:, None]
    content = (values.astype(np.float32).ravel(), (rows.ravel(), columns.ravel()))
    return sparse.csr_array(content, shape=(count, mesh + 3))


def _mesh(voxels: int, knot_voxels: float) -> int:
    return max(1, int(np.ceil((voxels - 1) / knot_voxels)))


def _along(matrix: sparse.csr_array, values: Array, axis: int) -> Array:
    moved = np.moveaxis(values, axis, 0)
    flat = np.ascontiguousarray(moved).reshape(moved.shape[0], -1)
    result = (matrix @ flat).reshape(matrix.shape[0], *moved.shape[1:])
    return np.asarray(np.moveaxis(result, 0, axis))


def bending(coefficients: Array) -> Array:
    """
    Gradient of half the sum of squared second differences, mixed ones counted twice.

    It is zero for any displacement that is linear in position; ends are free.
    """
    result = np.zeros_like(coefficients)
    for a in range(3):
        for b in range(a, 3):
            weight = np.float32(1.0 if a == b else 2.0)
            second = np.diff(np.diff(coefficients, axis=a), axis=b)
            for axis in (a, b):
                # the transpose of a difference is the negative difference of zero-padded values
                pad = [(1, 1) if n == axis else (0, 0) for n in range(3)]
                second = -np.diff(np.pad(second, pad), axis=axis)
            result += weight * second
    return result


def as_transform(coefficients: Array, grid: Grid, knot_mm: float) -> sitk.BSplineTransform:
    """
    Convert a displacement to a transform of ITK.

    Parameters
    ----------
    coefficients : ndarray, shape (3, k, j, i)
        Displacement along the grid's k, j and i [mm] at the control points of `Lattice.over`.
    grid : Grid
    knot_mm : float
    """
    mesh = [
        _mesh(n, knot_mm / s) for n, s in zip(grid.shape[::-1], grid.spacing_mm[::-1], strict=True)
    ]
    transform = sitk.BSplineTransform(3, 3)
    transform.SetTransformDomainOrigin(grid.origin_mm)
    transform.SetTransformDomainDirection(grid.direction)
    transform.SetTransformDomainMeshSize(mesh)
    transform.SetTransformDomainPhysicalDimensions([m * knot_mm for m in mesh])
    rotation = np.array(grid.direction).reshape(3, 3)
    xyz = np.einsum("ab,bkji->akji", rotation, coefficients[::-1].astype(np.float64))
    transform.SetParameters(xyz.reshape(-1).tolist())
    return transform
