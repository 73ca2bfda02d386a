"""Comparison of loaded volumes with the voxels that an import reads from their DICOM files."""

from typing import Any

import numpy as np
import slicer

from LuDosimetryLib.image.resampling import resample
from LuDosimetryLib.image.volume import Volume

from .dicom_headers import UIDS
from .result_files import grid_of, ijk_to_ras

_AGREE = 1e-4
"""Part of the greatest value by which voxels may differ, since loaded ones may be rounded."""


def holds(node: Any, volume: Volume) -> bool:
    """Whether a node has the values of a volume at their positions, in any order of slices."""
    found = slicer.util.arrayFromVolume(node)
    if sorted(found.shape) != sorted(volume.grid.shape):
        return False
    greatest = max(float(np.abs(volume.values).max()), 1e-300)
    expected = resample(volume, grid_of(node), -1.0, "nearest")
    return float(np.abs(found - expected).max()) <= _AGREE * greatest


def volume_node(volume: Volume, name: str, source: Any) -> Any:
    """
    Make a node with the voxels of a volume, under the transform of the node that it replaces.

    Parameters
    ----------
    volume : Volume
    name : str
    source : vtkMRMLScalarVolumeNode
    """
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, np.ascontiguousarray(volume.values, np.float32))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras(volume.grid)))
    node.SetAndObserveTransformNodeID(source.GetTransformNodeID())
    node.SetAttribute(UIDS, source.GetAttribute(UIDS))
    node.CreateDefaultDisplayNodes()
    return node
