"""Recovery of activity in small volumes, which a SPECT's blur spreads beyond their borders."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..image import Array, Grid
from ..segmentation import Mask


def recovered(
    tia: Array,
    vois: Mapping[str, Mask],
    grid: Grid,
    table: Sequence[tuple[float, float]],
    warnings: list[str],
) -> Array:
    """
    Time-integrated activity divided by the recovery coefficient of the volume it lies in.

    The coefficient is linear in the logarithm of the volume between those of the table, and that
    of its ends beyond. A voxel of several volumes of interest takes that of the smallest. What
    spilled out of a volume is not taken away from around it.

    Parameters
    ----------
    tia : ndarray, shape (k, j, i)
        [MBq h/mL].
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    grid : Grid
    table : sequence of (float, float)
        Volume [mL] and coefficient, in order of volume; empty for none.
    warnings : list of str
        Added to: what was changed.

    Returns
    -------
    ndarray, shape (k, j, i)
    """
    if not table:
        return tia
    volumes, coefficients = np.array(table, float).T
    divisor = np.ones(grid.shape, np.float32)
    said = []
    for name in sorted(vois, key=lambda name: -int(vois[name].sum())):
        volume_mL = float(vois[name].sum()) * grid.voxel_volume_mL
        coefficient = float(np.interp(np.log(volume_mL), np.log(volumes), coefficients))
        divisor[vois[name]] = coefficient
        said.append(f"{name} {coefficient:.3g}")
    warnings.append(f"activity was divided by recovery coefficients: {', '.join(said)}.")
    return tia / divisor
