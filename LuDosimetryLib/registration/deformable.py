"""
Deformable registration: free-form deformation by Gauss-Newton steps.

SimpleITK's own B-spline registration reached less in ten times the time on CTs of 3 mm; here each
step solves for all control points at once, with the image on their lattice's tensor product.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse.linalg import LinearOperator, cg

from ..image import Array, Grid, Volume
from ..segmentation import Mask
from .lattice import Lattice, as_transform, bending
from .view import View

KNOT_MM = 30.0
_MARGIN_MM = 24.0
"""Around the view, so that displacements do not end where it does."""
_WINDOW_G_CM3 = (0.7, 1.3)
"""Fat, soft tissue and spongy bone, in which organs differ; lung and cortical bone saturate."""
_SMOOTHED_MM = 3.0
"""Linear interpolation lowers noise between voxels, which would draw even tissue there."""
_ROBUST_G_CM3 = 0.1
"""Residuals beyond count less and less (Geman-McClure): bowel gas, contrast medium."""
_STIFFNESS = 1.5e-6
"""Of the mean squared second difference of control points [(g/cm3)2/mm2]."""
_LEVELS = ((3, 15), (2, 15), (1, 6))
"""Voxels merged along each axis, and steps at most."""
_INNER_STEPS = 15
_STILL_MM = 0.1
_REACHED = 0.95
"""Of a merged voxel must lie within the moving CT."""

Coefficients = NDArray[np.float32]
"""Shape (3, k, j, i): displacement along k, j and i [mm] at the control points."""


def deformation(
    fixed: View, moving: View, rigid: sitk.Transform, tick: Callable[[float], None]
) -> sitk.CompositeTransform:
    """
    The smooth transform that goes on from a rigid one.

    Control points of cubic B-splines every 30 mm minimise the robust squared difference of
    densities within fat and soft tissue, plus a bending energy. Rueckert et al., IEEE Trans Med
    Imaging 18:712 (1999), for the model.

    Parameters
    ----------
    fixed, moving : View
        Of CTs.
    rigid : Transform
        From positions in the fixed view to those in the moving one.
    tick : callable
        Called with the finished fraction at every step; may raise to stop.

    Returns
    -------
    CompositeTransform
        The deformation first, then `rigid`.
    """
    images, grid = _on_one_grid(fixed, moving, rigid)
    coefficients: Coefficients | None = None
    for number, (merged, steps) in enumerate(_LEVELS):
        level = _Level.of(images, grid, merged)
        if coefficients is None:
            coefficients = np.zeros((3, *level.lattice.shape), np.float32)

        def of_level(part: float, number: int = number) -> None:
            tick((number + part) / len(_LEVELS))

        coefficients = level.fitted(coefficients, steps, of_level)
    assert coefficients is not None
    return sitk.CompositeTransform([rigid, as_transform(coefficients, grid, KNOT_MM)])


def _on_one_grid(
    fixed: View, moving: View, rigid: sitk.Transform
) -> tuple[tuple[Array, Array, Array, Array], Grid]:
    margin = [int(np.ceil(_MARGIN_MM / s)) for s in fixed.grid.spacing_mm]
    like = sitk.ConstantPad(fixed.image(), margin[::-1], margin[::-1], 0.0)
    grid = Grid.of(like)
    everywhere = Volume(np.ones(moving.grid.shape, np.float32), moving.grid)

    least, greatest = _WINDOW_G_CM3

    def smooth(image: sitk.Image) -> sitk.Image:
        windowed = sitk.Clamp(image, lowerBound=least, upperBound=greatest)
        return sitk.SmoothingRecursiveGaussian(windowed, _SMOOTHED_MM)

    moved = sitk.Resample(smooth(moving.image()), like, rigid, sitk.sitkLinear, least)
    reached = sitk.Resample(everywhere.to_sitk(), like, rigid, sitk.sitkLinear, 0.0)
    around = [(m, m) for m in margin]
    compared = np.pad(fixed.looked_at, around).astype(np.float32)
    images = tuple(sitk.GetArrayFromImage(image) for image in (smooth(like), moved, reached))
    return (images[0], images[1], images[2], compared), grid


def _shrunk(values: Array, merged: int) -> Array:
    k, j, i = (n // merged for n in values.shape)
    whole = values[: k * merged, : j * merged, : i * merged]
    blocks = whole.reshape(k, merged, j, merged, i, merged)
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32))


@dataclass(frozen=True)
class _Look:
    """What a displacement makes of the moving image, at the voxels compared."""

    sources: Array
    residual: Array
    counts: Array
    cost: float


@dataclass(frozen=True)
class _Level:
    """
    Both images on one grid of a size of voxels, the moving one through the rigid transform.

    Attributes
    ----------
    fixed, moving, reached : ndarray, shape (k, j, i)
        Densities [g/cm3], and which part of each voxel the moving CT shows.
    compared : ndarray of bool, shape (k, j, i)
    spacing_mm : tuple of float
    lattice : Lattice
    """

    fixed: Array
    moving: Array
    reached: Array
    compared: Mask
    spacing_mm: tuple[float, ...]
    lattice: Lattice

    @classmethod
    def of(cls, images: tuple[Array, Array, Array, Array], grid: Grid, merged: int) -> "_Level":
        fixed, moving, reached, compared = (_shrunk(image, merged) for image in images)
        spacing = tuple(s * merged for s in grid.spacing_mm)
        lattice = Lattice.over(grid, KNOT_MM, merged)
        return cls(fixed, moving, reached, compared > 0.5, spacing, lattice)

    def fitted(
        self, coefficients: Coefficients, steps: int, tick: Callable[[float], None]
    ) -> Coefficients:
        """Gauss-Newton steps, each halved until it helps, until nothing moves."""
        if not self.compared.any():
            return coefficients
        slopes = [np.asarray(s, np.float32) for s in np.gradient(self.moving, *self.spacing_mm)]
        now = self._look(coefficients)
        for step in range(steps):

            def of_step(step: int = step) -> None:
                tick(step / steps)

            change = self._change(coefficients, now, slopes, of_step)
            size = 1.0
            while size > 0.1:
                tried = coefficients + np.float32(size) * change
                then = self._look(tried)
                if then.cost < now.cost:
                    break
                size *= 0.5
            else:
                break
            moved = float(np.abs(tried - coefficients).max())
            coefficients, now = tried, then
            if moved < _STILL_MM:
                break
        return coefficients

    def _look(self, coefficients: Coefficients) -> _Look:
        at = np.stack(np.nonzero(self.compared))
        moved = [self.lattice.at_voxels(c)[self.compared] for c in coefficients]
        sources = np.stack(
            [a + m / np.float32(s) for a, m, s in zip(at, moved, self.spacing_mm, strict=True)]
        ).astype(np.float32)
        counts = (_sampled(self.reached, sources, outside=True) > _REACHED).astype(np.float32)
        residual = _sampled(self.moving, sources) - self.fixed[self.compared]
        squared = residual**2
        robust = counts * squared / (1.0 + squared / _ROBUST_G_CM3**2)
        bent = float((coefficients * self._stiff(coefficients)).sum(dtype=np.float64))
        mean = float(robust.sum(dtype=np.float64)) / max(1.0, float(counts.sum(dtype=np.float64)))
        return _Look(sources, residual, counts, mean + bent)

    def _stiff(self, coefficients: Coefficients) -> Coefficients:
        weight = np.float32(_STIFFNESS / coefficients[0].size)
        return np.stack([weight * bending(c) for c in coefficients])

    def _change(
        self,
        coefficients: Coefficients,
        now: _Look,
        slopes: list[Array],
        tick: Callable[[], None],
    ) -> Coefficients:
        """The change of the control points that minimises the linearised cost."""
        weight = now.counts / (1.0 + now.residual**2 / np.float32(_ROBUST_G_CM3**2)) ** 2
        weight /= np.float32(max(1.0, float(now.counts.sum(dtype=np.float64))))
        slope = [_sampled(s, now.sources) for s in slopes]

        def spread(values: Array) -> Array:
            image = np.zeros(self.fixed.shape, np.float32)
            image[self.compared] = values
            return image

        pulls = [self.lattice.transposed(spread(weight * now.residual * s)) for s in slope]
        wanted = -np.stack(pulls) - self._stiff(coefficients)
        normal = {
            (a, b): spread(weight * slope[a] * slope[b]) for a in range(3) for b in range(a, 3)
        }

        def applied(flat: NDArray[np.float32]) -> NDArray[np.float32]:
            tick()
            change = flat.reshape(coefficients.shape).astype(np.float32)
            moved = [self.lattice.at_voxels(c) for c in change]
            rows = []
            for a in range(3):
                pulled = np.zeros_like(self.fixed)
                for b in range(3):
                    pulled += normal[min(a, b), max(a, b)] * moved[b]
                rows.append(self.lattice.transposed(pulled))
            return (np.stack(rows) + self._stiff(change)).reshape(-1)

        size = coefficients.size
        system = LinearOperator((size, size), matvec=applied, dtype=np.float32)
        change, _ = cg(system, wanted.reshape(-1), maxiter=_INNER_STEPS, rtol=1e-2)
        return np.asarray(change, np.float32).reshape(coefficients.shape)


def _sampled(values: Array, at: Array, outside: bool = False) -> Array:
    """Between voxels, at indices (k, j, i); beyond the image its border, or 0."""
    mode: Literal["constant", "nearest"] = "constant" if outside else "nearest"
    return np.asarray(ndimage.map_coordinates(values, at, order=1, mode=mode), np.float32)
