"""One dose against another: error maps, organ differences and statistics."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..agreement.agreement import (
    BlandAltman,
    Correlation,
    VoxelErrors,
    bland_altman,
    correlation,
    voxel_errors,
)
from ..agreement.error_map import MASK_FRACTION, relative_error_percent
from ..agreement.organ_difference import OrganDifference, organ_differences
from ..base.errors import InvalidInput
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..tissue.density import NO_DOSE_BELOW_G_CM3

SCHEMA = "ludosimetry-comparison/1"


@dataclass(frozen=True)
class Comparison:
    """
    A dose, its reference, and how well they agree, everything on the reference's grid.

    Attributes
    ----------
    dose, reference : ndarray, shape (k, j, i)
        [Gy].
    grid : Grid
    included : ndarray of bool, shape (k, j, i)
        Voxels that are compared; errors are 0 elsewhere.
    vois : dict of str to ndarray of bool
    organs : list of OrganDifference
    bland_altman : BlandAltman
        Statistics of the relative differences of the organs.
    correlation : Correlation
    voxels : VoxelErrors
        Errors of voxels above `mask_fraction` of the reference's maximum.
    mask_fraction : float
    density : ndarray or None
        [g/cm3].
    inputs : dict
        Name and SHA-256 of every file, by what it is.
    warnings : list of str
    """

    dose: Array
    reference: Array
    grid: Grid
    included: Mask
    vois: dict[str, Mask]
    organs: list[OrganDifference]
    bland_altman: BlandAltman
    correlation: Correlation
    voxels: VoxelErrors
    mask_fraction: float = MASK_FRACTION
    density: Array | None = None
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        dose: Array,
        reference: Array,
        grid: Grid,
        *,
        vois: Mapping[str, Mask] | None = None,
        density: Array | None = None,
        included: Mask | None = None,
        standard_error: Array | None = None,
        organ_noise_percent: Mapping[str, float] | None = None,
        mask_fraction: float = MASK_FRACTION,
        inputs: Mapping[str, dict[str, str]] | None = None,
        warnings: list[str] | None = None,
    ) -> "Comparison":
        """
        Compare two doses on one grid.

        Parameters
        ----------
        dose, reference : ndarray, shape (k, j, i)
            [Gy].
        grid : Grid
        vois : mapping of str to ndarray of bool, shape (k, j, i), optional
        density : ndarray, shape (k, j, i), optional
            [g/cm3]; with it, organ means are mass-weighted and air does not count.
        included : ndarray of bool, shape (k, j, i), optional
            Voxels that count; all if not given.
        standard_error : ndarray, shape (k, j, i), optional
            One standard deviation of each voxel of the reference [Gy].
        organ_noise_percent : mapping of str to float, optional
            Relative standard error of the reference's organ means, where known.
        mask_fraction : float
            Voxel errors count above this fraction of the reference's maximum.
        inputs, warnings
            Kept with the comparison.

        Raises
        ------
        InvalidInput
            If the reference has no dose, or a volume of interest no voxel to compare.
        """
        counts = np.ones(grid.shape, bool) if included is None else included
        if density is not None:
            counts = counts & (density >= NO_DOSE_BELOW_G_CM3)
        if not (reference[counts] > 0.0).any():
            raise InvalidInput(
                "the reference has no dose above 0 Gy where it is compared; check that the two files belong together."
            )
        greatest = float(reference[counts].max())
        organs = organ_differences(
            dose,
            reference,
            vois or {},
            grid,
            counts,
            density_g_cm3=density,
            standard_error_Gy=standard_error,
            known_noise_percent=organ_noise_percent,
        )
        noise = None if standard_error is None else standard_error[counts]
        return cls(
            dose=dose,
            reference=reference,
            grid=grid,
            included=counts,
            vois=dict(vois or {}),
            organs=organs,
            bland_altman=bland_altman([organ.difference_percent for organ in organs]),
            correlation=correlation(dose[counts], reference[counts]),
            voxels=voxel_errors(dose[counts], reference[counts], mask_fraction * greatest, noise),
            mask_fraction=mask_fraction,
            density=density,
            inputs=dict(inputs or {}),
            warnings=list(warnings or []),
        )

    @property
    def error(self) -> Array:
        """Dose minus reference [Gy], 0 where not compared."""
        return np.where(self.included, self.dose - self.reference, np.float32(0.0))

    @property
    def relative_error(self) -> Array:
        """Error as part of the reference [%], 0 below the threshold and where not compared."""
        reference = np.where(self.included, self.reference, np.float32(0.0))
        return relative_error_percent(self.dose, reference, self.mask_fraction)

    def summary(self) -> dict[str, Any]:
        """The content of ``comparison.json``; what is not defined is null."""
        off = [
            abs(o.difference_percent) for o in self.organs if math.isfinite(o.difference_percent)
        ]
        summary: dict[str, Any] = _without_nan(
            {
                "schema": SCHEMA,
                "inputs": self.inputs,
                "organ_mean_weighting": "volume" if self.density is None else "mass",
                "relative_error_above_fraction_of_maximum": self.mask_fraction,
                "compared_voxels": int(self.included.sum()),
                "organs": [asdict(organ) for organ in self.organs],
                "mean_absolute_difference_over_organs_percent": float(np.mean(off))
                if off
                else None,
                "bland_altman_of_organs": asdict(self.bland_altman),
                "pearson_correlation": asdict(self.correlation),
                "voxel_relative_error": asdict(self.voxels),
                "warnings": self.warnings,
            }
        )
        return summary


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_nan(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
