"""Images compared by deformable registration: densities of two CTs, edges of uptake of two SPECT."""

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
"""Range of fat, soft tissue and spongy bone, in which organs differ."""
_BEYOND = 0.35
"""
Contrast outside this range, relative to that within. With full contrast, an edge to air or bone would
shift with the sharpness of the CT (measured: a patient 0.5 mm smaller all around).
"""
_SMOOTHED_MM = 3.0
"""Smoothing [mm]: linear interpolation has less noise between voxels, which would attract uniform tissue."""
_ROBUST_G_CM3 = 0.1
"""Larger residuals count less and less (Geman-McClure): bowel gas, contrast medium."""
_DETAIL_MM = 5.0
"""Standard deviation of the local mean subtracted from uptake, about the resolution of a SPECT."""
_NEIGHBOURHOOD_MM = 12.0
"""Standard deviation of the window in which the contrast of uptake is normalised."""
_EVEN = 0.03
"""Contrast relative to the local mean below which uptake counts as uniform."""
_HOT_NOISE = 0.02
"""Relative noise of a voxel where activity is greatest; like that of counts, it is larger elsewhere."""
_ROBUST_UPTAKE = 0.5
_ALIKE = 0.5
"""Local correlation above which edges of uptake count as edges of the same structure."""
_UPTAKE_WEIGHT = 0.03
"""Weight of a squared difference of normalised uptake, as a squared density [(g/cm3)2]."""
_REACHED = 0.95
"""Part of a merged voxel that must lie within the moving image."""


@dataclass(frozen=True)
class Comparison:
    """
    Comparison through a displacement, at the compared voxels.

    Attributes
    ----------
    sources : ndarray, shape (3, n)
        Indices (k, j, i) at which the moving image is sampled.
    residual : ndarray, shape (n,)
    counts : ndarray, shape (n,)
        1 within the moving image, else 0.
    cost : float
    """

    sources: Array
    residual: Array
    counts: Array
    cost: float


@dataclass(frozen=True)
class Channel:
    """
    Images of one kind from both scans, on one grid; the moving one is rigidly transformed.

    Attributes
    ----------
    fixed, moving : ndarray, shape (k, j, i)
    reached, compared : ndarray, shape (k, j, i)
        Part of each voxel that the moving image shows, and part that is to be compared.
    robust : float
        Difference above which voxels count less and less.
    weight : float
        Weight of the mean squared difference in the cost.
    alike_mm : float or None
        Standard deviation of the window in which both images must correlate to be compared.
    sharp_alike : bool
        Whether both images are equally sharp. If not, the part of the difference that a blur along
        each axis explains is removed, because a blurred organ looks smaller than it is.
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
        """Channel with so many voxels merged along each axis."""
        return replace(
            self,
            fixed=merged(self.fixed, factor),
            moving=merged(self.moving, factor),
            reached=merged(self.reached, factor),
            compared=merged(self.compared, factor),
        )

    def alike(self, shifts: NDArray[np.float32], spacing_mm: tuple[float, ...]) -> "Channel":
        """
        Channel compared only where both images show the same structures through displacements.

        A bladder that is full of activity in one scan and empty in the next has edges of opposite
        sign, which would repel each other. Displacements are in voxels, shape (3, k, j, i).
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
        """Mask of the compared voxels."""
        return np.asarray(self.compared > 0.5)

    def compare(self, shifts: NDArray[np.float32]) -> Comparison:
        """Compare the images through displacements [voxels], shape (3, k, j, i)."""
        mask = self.mask
        sources = _sources(mask, shifts)
        counts = (_sampled(self.reached, sources, outside=True) > _REACHED).astype(np.float32)
        residual = _sampled(self.moving, sources) - self.fixed[mask]
        if not self.sharp_alike:
            residual = without_blur(residual, counts * self._trust(residual) ** 2, self._blurring)
        robust = counts * residual**2 * self._trust(residual)
        total = float(counts.sum(dtype=np.float64))
        cost = self.weight * float(robust.sum(dtype=np.float64)) / max(1.0, total)
        return Comparison(sources, residual, counts, cost)

    def weights(self, found: Comparison) -> Array:
        """Weights of the squared residuals in the quadratic cost that is tangent to the robust one."""
        total = max(1.0, float(found.counts.sum(dtype=np.float64)))
        trust = self._trust(found.residual) ** 2
        return np.asarray(np.float32(self.weight / total) * found.counts * trust)

    def _trust(self, residual: Array) -> Array:
        return np.asarray(1.0 / (1.0 + residual**2 / np.float32(self.robust**2)), np.float32)

    @cached_property
    def _blurring(self) -> Array:
        """Change of the fixed image by a little blur along each axis, at the compared voxels."""
        mask = self.mask
        return np.stack([ndimage.correlate1d(self.fixed, [1, -2, 1], a)[mask] for a in range(3)])

    def slopes(self, found: Comparison, spacing_mm: tuple[float, ...]) -> list[Array]:
        """Derivatives of the moving image along k, j, i [1/mm] where it is sampled."""
        return [
            _sampled(np.asarray(slope, np.float32), found.sources)
            for slope in np.gradient(self.moving, *spacing_mm)
        ]


def without_blur(residual: Array, weights: Array, blurring: Array) -> Array:
    """
    Remove from a difference of images the part that one blur of the whole image explains.

    Parameters
    ----------
    residual, weights : ndarray, shape (n,)
    blurring : ndarray, shape (axes, n)
        Change of the image by a little blur along each axis.
    """
    weighted = blurring * weights
    normal = (weighted @ blurring.T).astype(np.float64)
    normal += (1e-9 * np.trace(normal) + 1e-30) * np.eye(len(normal))
    amounts = np.linalg.solve(normal, (weighted @ residual).astype(np.float64))
    return np.asarray(residual - amounts.astype(np.float32) @ blurring)


def merged(values: Array, factor: int) -> Array:
    """Average blocks of voxels; incomplete blocks at the ends are dropped."""
    k, j, i = (n // factor for n in values.shape)
    whole = values[: k * factor, : j * factor, : i * factor]
    blocks = whole.reshape(k, factor, j, factor, i, factor)
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32))


def of_densities(fixed: View, moving: View, rigid: sitk.Transform, grid: Grid) -> Channel:
    """
    Make the channel of both CTs, smoothed, with less contrast beyond fat and soft tissue.

    Parameters
    ----------
    fixed, moving : View
        Views of the CTs.
    rigid : Transform
        From positions in the fixed view to positions in the moving one.
    grid : Grid
    """

    def smooth(view: View) -> Volume:
        image = sitk.SmoothingRecursiveGaussian(view.image(), _SMOOTHED_MM)
        return Volume(_contrast(np.asarray(sitk.GetArrayFromImage(image))), view.grid)

    air = float(_contrast(np.zeros(1, np.float32))[0])
    compared = Volume(fixed.compared.astype(np.float32), fixed.grid)
    return Channel(
        resample(smooth(fixed), grid, air),
        resample(smooth(moving), grid, air, transform=rigid),
        _shown(moving.grid, grid, rigid),
        resample(compared, grid, 0.0),
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
    Make the channel of the edges in both SPECT, with normalised contrast around every voxel.

    An edge then looks the same whatever the activities on both sides, which change from scan to
    scan. This follows the local correlation of Cachier et al., Comput Vis Image Underst 89:272
    (2003), but subtracts the mean over a smaller neighbourhood, with less of other edges in it.

    Parameters
    ----------
    reference, scan : Volume
        Activity concentration [Bq/mL], each with activity.
    rigid : Transform
        From positions in the reference to positions in the scan.
    grid : Grid
    """
    view = view_of_spect(reference, "SPECT of the reference")
    active = Volume(view.compared.astype(np.float32), view.grid)
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
    """Subtract the local mean and divide by the local deviation with noise and unevenness."""
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
    """Mean in a Gaussian window about every voxel."""
    sigmas = [sigma_mm / s for s in spacing_mm]
    return np.asarray(ndimage.gaussian_filter(values, sigmas, truncate=3.0), np.float32)


def _sources(mask: Mask, shifts: NDArray[np.float32]) -> Array:
    """Indices (k, j, i) at which the voxels of a mask are sampled, shape (3, n)."""
    return (np.stack(np.nonzero(mask)) + shifts[:, mask]).astype(np.float32)


def _shown(part: Grid, grid: Grid, transform: sitk.Transform | None) -> Array:
    everywhere = Volume(np.ones(part.shape, np.float32), part)
    return resample(everywhere, grid, 0.0, transform=transform)


def _sampled(values: Array, at: Array, outside: bool = False) -> Array:
    """Interpolate at indices (k, j, i); beyond the image its border value, or 0."""
    mode: Literal["constant", "nearest"] = "constant" if outside else "nearest"
    return np.asarray(ndimage.map_coordinates(values, at, order=1, mode=mode), np.float32)
