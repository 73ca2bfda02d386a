"""Where nodes lie in the world, their transforms included."""

import numpy as np
import slicer
import vtk


def array_of(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """A VTK matrix as an array, shape (4, 4)."""
    return slicer.util.arrayFromVTKMatrix(matrix)


def linear_transform_of(node) -> np.ndarray | None:
    """From a node's own RAS to the world's, shape (4, 4); None if a transform of it is not linear."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    if not parent.IsTransformToWorldLinear():
        return None
    matrix = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(matrix)
    return array_of(matrix)


def transform_to_world(node) -> vtk.vtkGeneralTransform:
    """From a node's own RAS to the world's, whatever its transforms are."""
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        node.GetParentTransformNode(), None, transform
    )
    return transform


def transform_time(node) -> tuple[int, ...]:
    """A key that changes with any transform of a node."""
    times = []
    parent = node.GetParentTransformNode()
    while parent is not None:
        times.append(parent.GetTransformToWorldMTime())
        parent = parent.GetParentTransformNode()
    return tuple(times)
