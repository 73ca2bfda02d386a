"""The curve of a volume of interest, scaled to each of its voxels."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..image.arrays import Array, Mask
from .curve import TRAPEZOID, VoiCurve
from .curve_fit import fit_curve


def own_voxels(vois: Mapping[str, Mask]) -> dict[str, Mask]:
    """Of every volume of interest the voxels that lie in no smaller one; empty ones left out."""
    taken: Mask | None = None
    own = {}
    for name in sorted(vois, key=lambda name: int(vois[name].sum())):
        mask = vois[name] if taken is None else vois[name] & ~taken
        taken = mask if taken is None else taken | mask
        if mask.any():
            own[name] = mask
    return own


def hybrid_tia(
    hours: Sequence[float],
    activity_Bq_mL: Sequence[Array],
    vois: Mapping[str, Mask],
    decay_per_h: float,
    tail: str,
    voxel_mL: float,
) -> list[tuple[VoiCurve, Mask, Array]]:
    """
    Time-integrated activity of voxels whose kinetics are those of their volume of interest.

    The curve is fitted to the activity of all voxels together, where noise and small shifts
    average out. A voxel has the part of the time-integrated activity that it has of the sum of
    the scans: the most likely scale of a known curve for Poisson noise, and such that the voxels
    add up to the volume. A voxel of several volumes belongs to the smallest, and the curve is of
    the voxels that belong to it.

    Parameters
    ----------
    hours : sequence of float
        At least two, ascending [h].
    activity_Bq_mL : sequence of ndarray, shape (k, j, i)
        At each scan.
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    decay_per_h : float
    tail : {"physical", "effective"}
        As for `fit_curve`.
    voxel_mL : float

    Returns
    -------
    list of (VoiCurve, ndarray of bool, ndarray)
        Of each volume with a fit: the curve, its voxels, and their time-integrated activity
        [MBq h/mL], one value a voxel. Those without a fit are left to the trapezoid.
    """
    found = []
    for name, mask in own_voxels(vois).items():
        voxels = np.stack([scan[mask] for scan in activity_Bq_mL]).astype(np.float64)
        sums_MBq = 1e-6 * voxel_mL * voxels.sum(axis=1)
        curve = fit_curve(name, hours, [float(s) for s in sums_MBq], decay_per_h, tail)
        if curve.model != TRAPEZOID:
            hours_of_sum = curve.tia_MBq_h / float(sums_MBq.sum())
            tia = 1e-6 * hours_of_sum * voxels.sum(axis=0)
            found.append((curve, mask, tia.astype(np.float32)))
    return found
