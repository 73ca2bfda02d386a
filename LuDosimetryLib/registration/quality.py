"""Quality of a registration: agreement of two views, displacement of VOIs."""

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk

from ..image.arrays import Mask
from ..image.grid import Grid
from .view import View

_BINS = 32
_MOST_POINTS = 4000


def mutual_information(fixed: View, moving: View, transform: sitk.Transform) -> tuple[float, float]:
    """
    Mutual information of two views, and the part of the patient that both show.

    From the joint histogram of 32 x 32 bins over the compared voxels of the fixed view that lie
    within the moving one, less the bias of few voxels (Miller 1955; Roulston 1999, Physica D
    125:285).

    Parameters
    ----------
    fixed, moving : View
    transform : Transform
        From positions in the fixed view to positions in the moving one.

    Returns
    -------
    float, float
        Mutual information [bit], and the volume compared over the volume of the smaller view.
    """
    like = fixed.image()
    moved = sitk.GetArrayFromImage(
        sitk.Resample(moving.image(), like, transform, sitk.sitkLinear, -1.0)
    )
    both = fixed.compared & (moved >= 0.0)
    count = int(both.sum())
    room_mL = min(v.compared.sum() * v.grid.voxel_volume_mL for v in (fixed, moving))
    part = count * fixed.grid.voxel_volume_mL / float(room_mL)
    if count < _BINS**2:
        return 0.0, part
    top = max(float(fixed.values.max()), float(moving.values.max()), 1e-6)
    a = np.minimum((fixed.values[both] * (_BINS / top)).astype(np.intp), _BINS - 1)
    b = np.minimum((moved[both] * (_BINS / top)).astype(np.intp), _BINS - 1)
    joint = np.bincount(a * _BINS + b, minlength=_BINS**2).reshape(_BINS, _BINS) / count
    alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    filled = joint > 0.0
    information = float((joint[filled] * np.log2(joint[filled] / alone[filled])).sum())
    rows, columns = (int(joint.any(axis=axis).sum()) for axis in (1, 0))
    cells = int(filled.sum())
    bias = float((cells - rows - columns + 1) / (2.0 * count * np.log(2.0)))
    return max(0.0, information - bias), part


def displacement_mm(transform: sitk.Transform, mask: Mask, grid: Grid) -> float:
    """
    Distance by which a transform moves the centroid of a VOI [mm].

    Parameters
    ----------
    transform : Transform
    mask : ndarray of bool, shape (k, j, i)
        Not empty.
    grid : Grid
        Grid of the mask.
    """
    index = np.argwhere(mask)[:, ::-1]
    index = index[:: max(1, len(index) // _MOST_POINTS)]
    positions = grid.positions(index.T).T
    moved = np.array([transform.TransformPoint(tuple(map(float, p))) for p in positions])
    return float(np.linalg.norm((moved - positions).mean(axis=0)))


def displacements_mm(
    transform: sitk.Transform, vois: Mapping[str, Mask], grid: Grid
) -> dict[str, float]:
    """Displacements of the centroids of VOIs [mm], by name; see `displacement_mm`."""
    return {name: displacement_mm(transform, mask, grid) for name, mask in vois.items()}
