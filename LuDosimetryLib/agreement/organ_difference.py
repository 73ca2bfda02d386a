"""Organ doses against those of a reference."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..base.errors import InvalidInput
from ..image.arrays import Array, Mask
from ..image.grid import Grid


@dataclass(frozen=True)
class OrganDifference:
    """
    Mean dose of one volume of interest beside that of the reference.

    ``mass_g`` is None, and the means are weighted by volume, where no density is known.
    ``reference_noise_percent`` is the standard error of the reference's mean: that of its batches
    if known, else that of its voxels taken as independent. ``difference_percent`` is NaN for a
    reference of 0.
    """

    name: str
    volume_mL: float
    mass_g: float | None
    mean_dose_Gy: float
    reference_mean_dose_Gy: float
    difference_Gy: float
    difference_percent: float
    reference_noise_percent: float | None = None


def organ_differences(
    dose_Gy: Array,
    reference_Gy: Array,
    vois: Mapping[str, Mask],
    grid: Grid,
    included: Mask,
    *,
    density_g_cm3: Array | None = None,
    standard_error_Gy: Array | None = None,
    known_noise_percent: Mapping[str, float] | None = None,
) -> list[OrganDifference]:
    """
    Relative difference of mean doses, mass-weighted (Kim et al. 2022, Eq. 2) if density is known.

    Parameters
    ----------
    dose_Gy, reference_Gy : ndarray, shape (k, j, i)
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    grid : Grid
    included : ndarray of bool, shape (k, j, i)
        Voxels that count.
    density_g_cm3, standard_error_Gy : ndarray, shape (k, j, i), optional
        The standard error is one standard deviation of the reference.
    known_noise_percent : mapping of str to float, optional
        Relative standard error of the reference's organ means, where known.

    Raises
    ------
    InvalidInput
        For a volume of interest without a voxel that counts.
    """
    differences = []
    for name, whole in vois.items():
        voi = whole & included
        if not voi.any():
            raise InvalidInput(
                f"segmentation: {name!r} has no voxel to compare: all {int(whole.sum())} are air or lie outside the dose."
            )
        weight = (
            np.ones(int(voi.sum())) if density_g_cm3 is None else density_g_cm3[voi].astype(float)
        )
        mean = float((weight * dose_Gy[voi]).sum() / weight.sum())
        reference = float((weight * reference_Gy[voi]).sum() / weight.sum())
        noise = (known_noise_percent or {}).get(name)
        if noise is None and standard_error_Gy is not None and reference > 0.0:
            spread = np.sqrt(((weight * standard_error_Gy[voi]) ** 2).sum()) / weight.sum()
            noise = float(100.0 * spread / reference)
        differences.append(
            OrganDifference(
                name=name,
                volume_mL=float(whole.sum()) * grid.voxel_volume_mL,
                mass_g=None
                if density_g_cm3 is None
                else float(weight.sum()) * grid.voxel_volume_mL,
                mean_dose_Gy=mean,
                reference_mean_dose_Gy=reference,
                difference_Gy=mean - reference,
                difference_percent=100.0 * (mean - reference) / reference
                if reference > 0.0
                else float("nan"),
                reference_noise_percent=noise,
            )
        )
    return differences
