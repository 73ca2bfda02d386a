"""What deformable registration compares: densities of two CTs, and edges of uptake of two SPECT."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..image.resampling import resample
from ..image.volume import Volume
from .view import View, view_of_spect

_TISSUE_G_CM3 = (0.85, 1.2)
"""Fat, soft tissue and spongy bone, in which organs differ."""
_BEYOND = 0.35
"""
Contrast of what is lighter or denser, relative to that within: without all of it, an edge to air or to
bone would lie elsewhere the less sharp the CT is (a patient 0.5 mm smaller all around was measured).
"""
_SMOOTHED_MM = 3.0
"""Linear interpolation lowers noise between voxels, which would draw even tissue there."""
_ROBUST_G_CM3 = 0.1
"""Residuals beyond count less and less (Geman-McClure): bowel gas, contrast medium."""
_DETAIL_MM = 5.0
"""Standard deviation of the mean that is taken off uptake: about the resolution of a SPECT."""
_NEIGHBOURHOOD_MM = 12.0
"""Standard deviation of the window in which the contrast of uptake is brought to one."""
_EVEN = 0.03
"""Contrast below which uptake counts as even, relative to the local mean."""
_HOT_NOISE = 0.02
"""Relative noise of a voxel where activity is greatest; as that of counts, it grows where cold."""
_ROBUST_UPTAKE = 0.5
_ALIKE = 0.5
"""Local correlation from which edges of uptake count as those of the same things."""
_UPTAKE_WEIGHT = 0.03
"""Squared density [(g/cm3)2] that a squared difference of normalised uptake is worth."""
_REACHED = 0.95
"""Of a merged voxel must lie within the moving image."""


@dataclass(frozen=True)
class Look:
    """
    What a displacement makes of the moving image, at the voxels compared.

    Attributes
    ----------
    sources : ndarray, shape (3, n)
        Where the moving image is looked at, as indices (k, j, i).
    residual : ndarray, shape (n,)
    counts : ndarray, shape (n,)
        1 where the moving image reaches, else 0.
    cost : float
    """

    sources: Array
    residual: Array
    counts: Array
    cost: float


@dataclass(frozen=True)
class Channel:
    """
    One kind of image of both scans on one grid, the moving one through the rigid transform.

    Attributes
    ----------
    fixed, moving : ndarray, shape (k, j, i)
    reached, compared : ndarray, shape (k, j, i)
        Which part of each voxel the moving image shows, and which part is to be compared.
    robust : float
        Difference beyond which voxels count less and less.
    weight : float
        Of the mean squared difference in the cost.
    alike_mm : float or None
        Standard deviation of the window in which both images must correlate to be compared.
    sharp_alike : bool
        Whether both images are equally sharp. If not, what a blur along each axis would explain is
        taken off the difference, for a blurred organ looks smaller than it is.
    """

    fixed: Array
    moving: Array
    reached: Array
    compared: Array
    robust: float
    weight: float
    alike_mm: float | None
    sharp_alike: bool

    def merged(self, factor: int) -> "Channel":
        """The same with so many voxels merged along each axis."""
        return replace(
            self,
            fixed=merged(self.fixed, factor),
            moving=merged(self.moving, factor),
            reached=merged(self.reached, factor),
            compared=merged(self.compared, factor),
        )

    def alike(self, shifts: NDArray[np.float32], spacing_mm: tuple[float, ...]) -> "Channel":
        """
        The same, compared only where through displacements [voxels] both show the same things.

        A bladder that is full of activity at one scan and empty at the next has edges of opposite
        sign, which would push each other away.
        """
        if self.alike_mm is None:
            return self
        mask = self.mask
        fixed = self.fixed * mask
        moved = np.zeros_like(fixed)
        moved[mask] = _sampled(self.moving, _sources(mask, shifts))

        both, one, other = (
            _mean(product, self.alike_mm, spacing_mm)
            for product in (fixed * moved, fixed**2, moved**2)
        )
        same = both > _ALIKE * np.sqrt(one * other)
        return replace(self, compared=np.where(same, self.compared, np.float32(0.0)))

    @property
    def mask(self) -> Mask:
        """The voxels compared."""
        return np.asarray(self.compared > 0.5)

    def look(self, shifts: NDArray[np.float32]) -> Look:
        """Compare through displacements [voxels], shape (3, k, j, i)."""
        mask = self.mask
        sources = _sources(mask, shifts)
        counts = (_sampled(self.reached, sources, outside=True) > _REACHED).astype(np.float32)
        residual = _sampled(self.moving, sources) - self.fixed[mask]
        if not self.sharp_alike:
            residual = without_blur(residual, counts * self._trust(residual) ** 2, self._blurring)
        robust = counts * residual**2 * self._trust(residual)
        total = float(counts.sum(dtype=np.float64))
        cost = self.weight * float(robust.sum(dtype=np.float64)) / max(1.0, total)
        return Look(sources, residual, counts, cost)

    def weights(self, look: Look) -> Array:
        """Of the squared residuals in the quadratic cost that touches the robust one."""
        total = max(1.0, float(look.counts.sum(dtype=np.float64)))
        trust = self._trust(look.residual) ** 2
        return np.asarray(np.float32(self.weight / total) * look.counts * trust)

    def _trust(self, residual: Array) -> Array:
        return np.asarray(1.0 / (1.0 + residual**2 / np.float32(self.robust**2)), np.float32)

    @cached_property
    def _blurring(self) -> Array:
        """What a little blur along each axis adds to the fixed image, at the voxels compared."""
        mask = self.mask
        return np.stack([ndimage.correlate1d(self.fixed, [1, -2, 1], a)[mask] for a in range(3)])

    def slopes(self, look: Look, spacing_mm: tuple[float, ...]) -> list[Array]:
        """Derivatives of the moving image along k, j, i [1/mm] where it is looked at."""
        return [
            _sampled(np.asarray(slope, np.float32), look.sources)
            for slope in np.gradient(self.moving, *spacing_mm)
        ]


def without_blur(residual: Array, weights: Array, blurring: Array) -> Array:
    """
    A difference of images less what of it one blur of the whole image explains.

    Parameters
    ----------
    residual, weights : ndarray, shape (n,)
    blurring : ndarray, shape (axes, n)
        What a little blur along each axis would change.
    """
    weighted = blurring * weights
    normal = (weighted @ blurring.T).astype(np.float64)
    normal += (1e-9 * np.trace(normal) + 1e-30) * np.eye(len(normal))
    amounts = np.linalg.solve(normal, (weighted @ residual).astype(np.float64))
    return np.asarray(residual - amounts.astype(np.float32) @ blurring)


def merged(values: Array, factor: int) -> Array:
    """Means over blocks of voxels; what is left over at the ends is left out."""
    k, j, i = (n // factor for n in values.shape)
    whole = values[: k * factor, : j * factor, : i * factor]
    blocks = whole.reshape(k, factor, j, factor, i, factor)
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32))


def of_densities(fixed: View, moving: View, rigid: sitk.Transform, grid: Grid) -> Channel:
    """
    Both CTs, smoothed, with less contrast beyond fat and soft tissue.

    Parameters
    ----------
    fixed, moving : View
        Of CTs.
    rigid : Transform
        From positions in the fixed view to those in the moving one.
    grid : Grid
    """

    def smooth(view: View) -> Volume:
        image = sitk.SmoothingRecursiveGaussian(view.image(), _SMOOTHED_MM)
        return Volume(_contrast(np.asarray(sitk.GetArrayFromImage(image))), view.grid)

    air = float(_contrast(np.zeros(1, np.float32))[0])
    looked_at = Volume(fixed.looked_at.astype(np.float32), fixed.grid)
    return Channel(
        resample(smooth(fixed), grid, air),
        resample(smooth(moving), grid, air, transform=rigid),
        _shown(moving.grid, grid, rigid),
        resample(looked_at, grid, 0.0),
        _ROBUST_G_CM3,
        1.0,
        alike_mm=None,
        sharp_alike=False,
    )


def _contrast(density: Array) -> Array:
    within = np.clip(density, *_TISSUE_G_CM3)
    return np.asarray(within + _BEYOND * (density - within), np.float32)


def of_uptake(reference: Volume, scan: Volume, rigid: sitk.Transform, grid: Grid) -> Channel:
    """
    Edges of both SPECT, brought to one contrast in the neighbourhood of every voxel.

    So an edge looks the same whatever the activities on both sides, which change from scan to scan,
    after the local correlation of Cachier et al., Comput Vis Image Underst 89:272 (2003); but what
    is taken off is the mean over a smaller neighbourhood, so that less of other edges is in it.

    Parameters
    ----------
    reference, scan : Volume
        [Bq/mL], each with activity.
    rigid : Transform
        From positions in the reference to those in the scan.
    grid : Grid
    """
    view = view_of_spect(reference, "SPECT of the reference")
    active = Volume(view.looked_at.astype(np.float32), view.grid)
    fixed = resample(reference, grid, 0.0, "spline")
    moving = resample(scan, grid, 0.0, "spline", rigid)
    return Channel(
        _normalised(fixed, grid),
        _normalised(moving, grid),
        _shown(scan.grid, grid, rigid),
        resample(active, grid, 0.0) * _shown(reference.grid, grid, None),
        _ROBUST_UPTAKE,
        _UPTAKE_WEIGHT,
        alike_mm=_NEIGHBOURHOOD_MM,
        sharp_alike=True,
    )


def _normalised(values: Array, grid: Grid) -> Array:
    """Less the local mean, over what of the local deviation is neither noise nor unevenness."""
    values = np.maximum(values, np.float32(0.0))
    top = np.float32(max(float(np.percentile(values, 99.9)), 1e-30))

    relative = values / top
    edges = relative - _mean(relative, _DETAIL_MM, grid.spacing_mm)
    local = _mean(relative, _NEIGHBOURHOOD_MM, grid.spacing_mm)
    variance = _mean(edges**2, _NEIGHBOURHOOD_MM, grid.spacing_mm)
    noise = np.float32(_HOT_NOISE**2) * local
    scale = np.sqrt(variance + (np.float32(_EVEN) * local) ** 2 + noise + np.float32(1e-8))
    return np.asarray(edges / scale, np.float32)


def _mean(values: Array, sigma_mm: float, spacing_mm: tuple[float, ...]) -> Array:
    """In a Gaussian window about every voxel."""
    sigmas = [sigma_mm / s for s in spacing_mm]
    return np.asarray(ndimage.gaussian_filter(values, sigmas, truncate=3.0), np.float32)


def _sources(mask: Mask, shifts: NDArray[np.float32]) -> Array:
    """Where the voxels of a mask are looked at, as indices (k, j, i), shape (3, n)."""
    return (np.stack(np.nonzero(mask)) + shifts[:, mask]).astype(np.float32)


def _shown(part: Grid, grid: Grid, transform: sitk.Transform | None) -> Array:
    everywhere = Volume(np.ones(part.shape, np.float32), part)
    return resample(everywhere, grid, 0.0, transform=transform)


def _sampled(values: Array, at: Array, outside: bool = False) -> Array:
    """Between voxels, at indices (k, j, i); beyond the image its border, or 0."""
    mode: Literal["constant", "nearest"] = "constant" if outside else "nearest"
    return np.asarray(ndimage.map_coordinates(values, at, order=1, mode=mode), np.float32)
