"""Uncertainty of a volume of interest, and the same volume drawn a little larger or smaller."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from ...base.normal_spread import normal_spread
from ...case.uncertainty_inputs import UncertaintyInputs
from ...image.arrays import Mask, bounding_box
from ...image.grid import Grid

_SMALLEST_CHANGE = 0.02
"""Change of the volume over which the effect of its uncertainty is taken, in whole voxels."""
_MARGIN_VOXELS = 3


def border_uncertainty_mm(inputs: UncertaintyInputs, own_voxel_mm: float) -> float:
    """
    Standard uncertainty of where the border of a volume lies [mm].

    Half of that of its diameter, u^2(d) = a^2 / 6 + FWHM^2 / (4 ln 2), with the voxel size a and the
    resolution of the image on which it was drawn (Gear et al. 2018): at each of both ends the
    variance a^2 / 12 of a place within a voxel and that of a Gaussian, FWHM^2 / (8 ln 2).

    Parameters
    ----------
    inputs : UncertaintyInputs
    own_voxel_mm : float
        Voxel size of the segmentation, where the inputs name no other.
    """
    voxel = inputs.segmentation_voxel_mm
    a = own_voxel_mm if voxel is None else voxel
    return 0.5 * sqrt(a**2 / 6.0 + inputs.segmentation_resolution_mm**2 / (4.0 * log(2.0)))


def segmentation_voxel_mm(file: Path, otherwise: Grid) -> float:
    """Voxel size of a segmentation: the cube root of its volume [mm]; of another grid if unknown."""
    spacing: tuple[float, ...] = otherwise.spacing_mm
    if file.is_file():
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(file))
        reader.ReadImageInformation()
        spacing = reader.GetSpacing()[:3]
    return float(np.cbrt(np.prod(spacing)))


@dataclass(frozen=True)
class Outline:
    """
    A volume of interest that can be drawn larger or smaller, its border moved evenly.

    Attributes
    ----------
    box : tuple of slice
        Part of the grid around it.
    distance_mm : ndarray, shape of the box
        From the border, negative inside; it serves for the order of voxels alone.
    voxels : float
        Its volume in voxels.
    surface_mm2 : float
    grid : Grid
    """

    box: tuple[slice, slice, slice]
    distance_mm: NDArray[np.float64]
    voxels: float
    surface_mm2: float
    grid: Grid

    @classmethod
    def of(cls, mask: Mask, grid: Grid) -> "Outline":
        """
        The outline of a mask.

        The surface is by Crofton's formula over 13 directions (SimpleITK), which the steps of
        voxels do not enlarge.
        """
        tight = bounding_box(mask)
        reach = [int(0.35 * (s.stop - s.start)) + _MARGIN_VOXELS for s in tight]
        k, j, i = (
            slice(max(0, s.start - margin), min(n, s.stop + margin))
            for s, n, margin in zip(tight, grid.shape, reach, strict=True)
        )
        part = mask[k, j, i]
        half = 0.5 * float(np.cbrt(np.prod(grid.spacing_mm)))
        inside = ndimage.distance_transform_edt(part, sampling=grid.spacing_mm)
        outside = ndimage.distance_transform_edt(~part, sampling=grid.spacing_mm)
        distance = np.where(part, half - inside, outside - half)
        # voxels at one distance come in the order of how much of the volume lies about them
        distance -= half * ndimage.gaussian_filter(part.astype(np.float64), 1.0)
        return cls((k, j, i), distance, float(part.sum()), _surface_mm2(part, grid), grid)

    def volume_uncertainty(self, border_mm: float) -> float:
        """Fractional standard uncertainty of the volume; for a sphere 3 u(d) / d."""
        volume_mm3 = 1e3 * self.grid.voxel_volume_mL * self.voxels
        return self.surface_mm2 * border_mm / volume_mm3

    def drawn(self, change: float) -> Mask:
        """
        The volume drawn with another size: voxels nearest to its border come or go first.

        Parameters
        ----------
        change : float
            Fractional change of the volume, -1 or above; at least one voxel stays, and beyond the
            grid it cannot grow.

        Returns
        -------
        ndarray of bool, shape ``grid.shape``
        """
        count = min(max(1, round((1.0 + change) * self.voxels)), self.distance_mm.size)
        order = np.argsort(self.distance_mm, axis=None, kind="stable")[:count]
        part = np.zeros(self.distance_mm.size, bool)
        part[order] = True
        mask = np.zeros(self.grid.shape, bool)
        mask[self.box] = part.reshape(self.distance_mm.shape)
        return mask


def relative_effect(
    outline: Outline, volume_uncertainty: float, of: Callable[[Mask], float]
) -> float:
    """
    Fractional standard uncertainty that the delineation brings to what depends on it.

    The border is moved as a whole and its place is normally distributed; the volume follows as
    that of a ball, so that it is moved as far inwards as outwards.

    Parameters
    ----------
    outline : Outline
    volume_uncertainty : float
        Fractional standard uncertainty of the volume.
    of : callable
        Of the volume, with everything that depends on how it is drawn, so that correlations are
        kept.
    """
    here = of(outline.drawn(0.0))
    if here <= 0.0 or volume_uncertainty <= 0.0:
        return 0.0
    step = max(volume_uncertainty, _SMALLEST_CHANGE)

    def moved(border: float) -> float:
        return of(outline.drawn(max(0.0, 1.0 + border * step / 3.0) ** 3 - 1.0))

    return normal_spread(moved, here) / here * volume_uncertainty / step


def _surface_mm2(mask: Mask, grid: Grid) -> float:
    image = sitk.GetImageFromArray(np.pad(mask, 1).astype(np.uint8))
    image.SetSpacing(grid.spacing_mm[::-1])
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.ComputePerimeterOn()
    shape.Execute(image)
    return float(shape.GetPerimeter(1))
