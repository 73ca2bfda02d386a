"""Images for registration: the patient without couch and air, at voxels of a few millimetres."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.arrays import Array, Mask, bounding_box
from ..image.grid import Grid
from ..image.volume import Volume, read_volume
from ..tissue.density import density_of, patient_mask
from ..tissue.hounsfield import check_hounsfield

_VOXEL_MM = 4.0
"""Largest size up to which voxels are merged."""
_SKIN_MM = 10.0
"""Rim around the patient that is compared, too: the surface matters as much as the inside."""
_HOT = 0.02
"""Part of the greatest activity above which a voxel of a SPECT is compared."""


@dataclass(frozen=True)
class View:
    """
    Image to be registered.

    Attributes
    ----------
    values : ndarray, shape (k, j, i)
        Density [g/cm3], 0 outside the patient; or the square root of relative activity.
    grid : Grid
    compared : ndarray of bool, shape (k, j, i)
        Compared voxels: the patient and a rim around.
    """

    values: Array
    grid: Grid
    compared: Mask

    def image(self) -> sitk.Image:
        """Values as an image for SimpleITK."""
        return Volume(self.values, self.grid).to_sitk()

    def mask_image(self) -> sitk.Image:
        """Compared voxels as an image for SimpleITK."""
        image = sitk.GetImageFromArray(self.compared.astype(np.uint8))
        image.CopyInformation(self.image())
        return image

    def centre_mm(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """Centre of the compared voxels (x, y, z) [mm]."""
        return np.asarray(self.grid.positions(np.argwhere(self.compared)[:, ::-1].T).mean(axis=1))

    def coarser(self, voxel_mm: float) -> "View":
        """View with voxels merged up to a size."""
        factors = _merged(self.grid, voxel_mm)
        values = sitk.BinShrink(self.image(), factors)
        mask = sitk.BinShrink(sitk.Cast(self.mask_image(), sitk.sitkFloat32), factors)
        return View(
            np.asarray(sitk.GetArrayFromImage(values)),
            Grid.of(values),
            np.asarray(sitk.GetArrayFromImage(mask) >= 0.5),
        )


def view_of_ct(path: Path, what: str, log: Log) -> View:
    """
    Make the view of the patient on a CT.

    Raises
    ------
    InvalidInput
        If the CT cannot be read, is not in HU, or shows no patient.
    """
    ct = read_volume(path, what)
    check_hounsfield(ct.values, f"{what}: {path}", log)
    fine = Volume(density_of(ct.values), ct.grid)
    merged = sitk.BinShrink(fine.to_sitk(), _merged(ct.grid, _VOXEL_MM))
    density = np.asarray(sitk.GetArrayFromImage(merged))
    grid = Grid.of(merged)
    patient = patient_mask(density, grid)
    if not patient.any():
        raise InvalidInput(
            f"{what}: {path} shows no patient: no voxel is denser than 0.15 g/cm3; check the file."
        )
    return _view(np.where(patient, density, np.float32(0.0)), grid, patient)


def view_of_spect(scan: Volume, what: str) -> View:
    """
    Make the view of the patient on a SPECT.

    Its values are the square root of activity, which shows cold tissue beside hot.

    Raises
    ------
    InvalidInput
        If the scan has no activity.
    """
    if not shows_uptake(scan):
        raise InvalidInput(
            f"{what} has no activity to be registered by; leave the scan out or set "
            'options.registration to "none".'
        )
    values = np.sqrt(np.clip(scan.values / np.float32(_top(scan)), 0.0, 1.5))
    return _view(values, scan.grid, values > np.sqrt(_HOT))


def shows_uptake(scan: Volume) -> bool:
    """Whether more than one voxel in a thousand of a SPECT has activity."""
    return _top(scan) > 0.0


def _top(scan: Volume) -> float:
    return float(np.percentile(scan.values, 99.9))


def _view(values: Array, grid: Grid, shown: Mask) -> View:
    away = np.asarray(ndimage.distance_transform_edt(~shown, sampling=grid.spacing_mm))
    compared = away <= _SKIN_MM
    box = bounding_box(compared)
    return View(np.ascontiguousarray(values[box]), grid.crop(box), compared[box])


def _merged(grid: Grid, voxel_mm: float) -> list[int]:
    """Number of voxels to merge along (i, j, k)."""
    return [
        max(1, min(n, int(voxel_mm / s + 1e-6)))
        for n, s in zip(grid.shape[::-1], grid.spacing_mm[::-1], strict=True)
    ]
