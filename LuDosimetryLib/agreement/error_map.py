"""Relative error of a dose, voxel by voxel."""

import numpy as np

from ..image.arrays import Array

MASK_FRACTION = 0.01
"""Below this fraction of the reference's maximum a relative error says nothing and is 0."""


def relative_error_percent(
    dose: Array, reference: Array, mask_fraction: float = MASK_FRACTION
) -> Array:
    """Relative error [%] where the reference is above a fraction of its maximum, 0 elsewhere."""
    # an empty reference has no voxel above the threshold
    shown = reference > mask_fraction * max(float(reference.max()), 1e-30)
    error = np.zeros_like(reference)
    error[shown] = 100.0 * (dose[shown] - reference[shown]) / reference[shown]
    return error
