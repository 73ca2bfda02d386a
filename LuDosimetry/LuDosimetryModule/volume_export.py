"""Export of a scalar volume of the scene to a file; the node is never changed."""

from collections.abc import Iterator
from pathlib import Path

import slicer
import vtk
from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput

from .geometry import array_of, linear_transform_of, transform_to_world
from .nrrd import write_pieces


def check_volume(node, what: str) -> None:
    """
    Refuse a volume without voxels, or with more than one value per voxel.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
    what : str
        Role of the volume, for the message.
    """
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise InvalidInput(
            _("{what}: the volume {name} has no voxels; choose another or load it again.").format(
                what=what, name=node.GetName()
            )
        )
    components = image.GetNumberOfScalarComponents()
    if components != 1:
        raise InvalidInput(
            _(
                "{what}: the volume {name} has {components} values per voxel; choose one with a single value."
            ).format(what=what, name=node.GetName(), components=components)
        )


def export_volume(node, path: Path) -> Iterator[None]:
    """
    Write a volume at its position in the world, in steps.

    Linear transforms are written into the header of the file. For others a copy outside the scene
    is resampled, in one step.
    """
    volume = node
    matrix = linear_transform_of(node)
    if matrix is None:
        volume = slicer.vtkMRMLScalarVolumeNode()
        untransformed = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(untransformed)
        volume.SetIJKToRASMatrix(untransformed)
        volume.SetAndObserveImageData(node.GetImageData())
        volume.ApplyTransform(transform_to_world(node))
        matrix = linear_transform_of(volume)
    ijk_to_ras = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(ijk_to_ras)
    values = slicer.util.arrayFromVolume(volume)
    yield from write_pieces(path, values, matrix @ array_of(ijk_to_ras))
