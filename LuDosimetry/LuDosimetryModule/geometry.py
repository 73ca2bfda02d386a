"""Positions of nodes in the world, with their transforms."""

import numpy as np
import slicer
import vtk


def array_of(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """Convert a VTK matrix to an array, shape (4, 4)."""
    return slicer.util.arrayFromVTKMatrix(matrix)


def linear_transform_of(node) -> np.ndarray | None:
    """Matrix from RAS of a node to RAS of the world, shape (4, 4); None if it is not linear."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    if not parent.IsTransformToWorldLinear():
        return None
    matrix = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(matrix)
    return array_of(matrix)


def transform_to_world(node) -> vtk.vtkGeneralTransform:
    """Transform from RAS of a node to RAS of the world, linear or not."""
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        node.GetParentTransformNode(), None, transform
    )
    return transform


def transform_time(node) -> tuple[int, ...]:
    """Key that changes with any transform of a node."""
    times = []
    parent = node.GetParentTransformNode()
    while parent is not None:
        times.append(parent.GetTransformToWorldMTime())
        parent = parent.GetParentTransformNode()
    return tuple(times)
