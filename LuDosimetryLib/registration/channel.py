"""What deformable registration compares: densities of two CTs, and edges of uptake of two SPECT."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from ..image import Array, Grid, Volume, resample
from ..segmentation import Mask
from .view import View, view_of_spect

_WINDOW_G_CM3 = (0.7, 1.3)
"""Fat, soft tissue and spongy bone, in which organs differ; lung and cortical bone saturate."""
_SMOOTHED_MM = 3.0
"""Linear interpolation lowers noise between voxels, which would draw even tissue there."""
_ROBUST_G_CM3 = 0.1
"""Residuals beyond count less and less (Geman-McClure): bowel gas, contrast medium."""
_NEIGHBOURHOOD_MM = 15.0
"""
Standard deviation of the window in which uptake is normalised. The narrower, the better organs are
found; the wider, the less the shape of a tumour's edge depends on its contrast: measured, a dose of
a tumour of 3 cm comes out 4, 3 and 0.3 % high at 12, 15 and 20 mm.
"""
_EVEN = 0.1
"""Contrast below which uptake counts as even, relative to the local mean."""
_HOT_NOISE = 0.05
"""Relative noise of a voxel where activity is greatest; as that of counts, it grows where cold."""
_ROBUST_UPTAKE = 0.5
_UPTAKE_WEIGHT = 0.01
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
    """

    fixed: Array
    moving: Array
    reached: Array
    compared: Array
    robust: float
    weight: float

    def merged(self, factor: int) -> "Channel":
        """The same with so many voxels merged along each axis."""
        return replace(
            self,
            fixed=merged(self.fixed, factor),
            moving=merged(self.moving, factor),
            reached=merged(self.reached, factor),
            compared=merged(self.compared, factor),
        )

    @property
    def mask(self) -> Mask:
        """The voxels compared."""
        return np.asarray(self.compared > 0.5)

    def look(self, shifts: NDArray[np.float32]) -> Look:
        """Compare through displacements [voxels], shape (3, k, j, i)."""
        mask = self.mask
        sources = (np.stack(np.nonzero(mask)) + shifts[:, mask]).astype(np.float32)
        counts = (_sampled(self.reached, sources, outside=True) > _REACHED).astype(np.float32)
        residual = _sampled(self.moving, sources) - self.fixed[mask]
        squared = residual**2
        robust = counts * squared / (1.0 + squared / np.float32(self.robust**2))
        total = float(counts.sum(dtype=np.float64))
        cost = self.weight * float(robust.sum(dtype=np.float64)) / max(1.0, total)
        return Look(sources, residual, counts, cost)

    def weights(self, look: Look) -> Array:
        """Of the squared residuals in the quadratic cost that touches the robust one."""
        falls = (1.0 + look.residual**2 / np.float32(self.robust**2)) ** 2
        total = max(1.0, float(look.counts.sum(dtype=np.float64)))
        return np.asarray(np.float32(self.weight / total) * look.counts / falls)

    def slopes(self, look: Look, spacing_mm: tuple[float, ...]) -> list[Array]:
        """Derivatives of the moving image along k, j, i [1/mm] where it is looked at."""
        return [
            _sampled(np.asarray(slope, np.float32), look.sources)
            for slope in np.gradient(self.moving, *spacing_mm)
        ]


def merged(values: Array, factor: int) -> Array:
    """Means over blocks of voxels; what is left over at the ends is left out."""
    k, j, i = (n // factor for n in values.shape)
    whole = values[: k * factor, : j * factor, : i * factor]
    blocks = whole.reshape(k, factor, j, factor, i, factor)
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32))


def of_densities(fixed: View, moving: View, rigid: sitk.Transform, grid: Grid) -> Channel:
    """
    Both CTs, smoothed, within fat and soft tissue.

    Parameters
    ----------
    fixed, moving : View
        Of CTs.
    rigid : Transform
        From positions in the fixed view to those in the moving one.
    grid : Grid
    """
    least, greatest = _WINDOW_G_CM3

    def smooth(view: View) -> Volume:
        windowed = sitk.Clamp(view.image(), lowerBound=least, upperBound=greatest)
        image = sitk.SmoothingRecursiveGaussian(windowed, _SMOOTHED_MM)
        return Volume(np.asarray(sitk.GetArrayFromImage(image)), view.grid)

    looked_at = Volume(fixed.looked_at.astype(np.float32), fixed.grid)
    return Channel(
        resample(smooth(fixed), grid, least),
        resample(smooth(moving), grid, least, transform=rigid),
        _shown(moving.grid, grid, rigid),
        resample(looked_at, grid, 0.0),
        _ROBUST_G_CM3,
        1.0,
    )


def of_uptake(reference: Volume, scan: Volume, rigid: sitk.Transform, grid: Grid) -> Channel:
    """
    Both SPECT, each normalised to zero mean and unit variance in the neighbourhood of every voxel.

    So an edge looks the same whatever the activities on both sides, which change from scan to scan
    (the squared difference is then two less twice the local correlation; Cachier et al., Comput
    Vis Image Underst 89:272, 2003).

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
    )


def _normalised(values: Array, grid: Grid) -> Array:
    """Less the local mean, over what of the local deviation is neither noise nor unevenness."""
    values = np.maximum(values, np.float32(0.0))
    top = np.float32(max(float(np.percentile(values, 99.9)), 1e-30))
    sigmas = [_NEIGHBOURHOOD_MM / s for s in grid.spacing_mm]

    def mean(image: Array) -> Array:
        return np.asarray(ndimage.gaussian_filter(image, sigmas, truncate=3.0), np.float32)

    relative = values / top
    local = np.maximum(mean(relative), np.float32(0.0))
    variance = np.maximum(mean((relative - local) ** 2), np.float32(0.0))
    noise = np.float32(_HOT_NOISE**2) * local
    scale = np.sqrt(variance + (np.float32(_EVEN) * local) ** 2 + noise + np.float32(1e-8))
    return np.asarray((relative - local) / scale, np.float32)


def _shown(part: Grid, grid: Grid, transform: sitk.Transform | None) -> Array:
    everywhere = Volume(np.ones(part.shape, np.float32), part)
    return resample(everywhere, grid, 0.0, transform=transform)


def _sampled(values: Array, at: Array, outside: bool = False) -> Array:
    """Between voxels, at indices (k, j, i); beyond the image its border, or 0."""
    mode: Literal["constant", "nearest"] = "constant" if outside else "nearest"
    return np.asarray(ndimage.map_coordinates(values, at, order=1, mode=mode), np.float32)
