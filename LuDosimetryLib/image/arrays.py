"""Types of arrays on a grid; their axes are (k, j, i)."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Triple = tuple[float, float, float]
Shape = tuple[int, int, int]


def bounding_box(mask: Mask) -> tuple[slice, slice, slice]:
    """Smallest array slices (k, j, i) with all true voxels; the first voxel if there is none."""
    slices = []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        slices.append(slice(int(line[0]), int(line[-1]) + 1) if line.size else slice(0, 1))
    return (slices[0], slices[1], slices[2])
