"""CT numbers to mass density, and the mask of the patient."""

import numpy as np
from scipy import ndimage

from ..image.arrays import Array, Mask
from ..image.grid import Grid

# Nodes that GATE ships for Schneider 2000 (Phys Med Biol 45:459), linear between them. The step
# down from 100 to 101 HU, from connective to skeletal tissue, is part of that table.
_HU = (-1000.0, -98.0, -97.0, 14.0, 23.0, 100.0, 101.0, 1600.0, 3000.0)
_DENSITY_G_CM3 = (0.00121, 0.93, 0.930486, 1.03, 1.031, 1.1199, 1.0762, 1.9642, 2.8)

AIR_DENSITY_G_CM3 = _DENSITY_G_CM3[0]
NO_DOSE_BELOW_G_CM3 = 0.05
"""Voxels of lower density get no dose: a tiny mass would give an absurd value."""

_TISSUE_ABOVE_G_CM3 = 0.15
"""Above air, blankets and couch foam; below lung."""
_COUCH_HALF_THICKNESS_MM = 6.0
_SMALLEST_PART = 0.02


def density_of(hu: Array) -> Array:
    """
    Convert CT numbers [HU] to mass density [g/cm3]; any shape.

    Values below -1000 HU count as -1000, values above 3000 HU as 3000.
    """
    return np.interp(hu, _HU, _DENSITY_G_CM3).astype(np.float32)


def patient_mask(density: Array, grid: Grid) -> Mask:
    """
    Mask of the patient: without couch and outside air, with lungs and bowel gas.

    Tissue is denser than 0.15 g/cm3. Opening by a ball of 6 mm, or of a little more than a voxel
    if that is larger, removes thin structures such as the shell of a couch and what joins it to
    the patient. Of the rest, parts smaller than a fiftieth of the largest are dropped, and what
    the opening took from the remaining parts is restored. Enclosed air is filled, in three
    dimensions and slice by slice.

    Parameters
    ----------
    density : ndarray, shape (k, j, i)
        [g/cm3].
    grid : Grid

    Returns
    -------
    ndarray of bool, shape (k, j, i)
    """
    tissue = density > _TISSUE_ABOVE_G_CM3
    if not tissue.any():
        return tissue
    radius_mm = max(_COUCH_HALF_THICKNESS_MM, 1.01 * max(grid.spacing_mm))
    # tissue that the scan cuts off continues beyond the border
    padded = np.pad(tissue, 1, mode="edge")
    to_gap = ndimage.distance_transform_edt(padded, sampling=grid.spacing_mm)
    inner = np.asarray(to_gap)[1:-1, 1:-1, 1:-1] > radius_mm
    if not inner.any():
        inner = tissue
    labels, count = ndimage.label(inner)
    sizes = np.bincount(labels.reshape(-1), minlength=count + 1)
    sizes[0] = 0
    kept = (sizes >= _SMALLEST_PART * sizes.max())[labels]
    to_kept = ndimage.distance_transform_edt(~kept, sampling=grid.spacing_mm)
    reach = radius_mm + 0.5 * max(grid.spacing_mm)
    patient = tissue & (np.asarray(to_kept) <= reach)
    patient = ndimage.binary_fill_holes(patient)
    for axial in patient:
        axial[...] = ndimage.binary_fill_holes(axial)
    return np.asarray(patient, dtype=bool)
