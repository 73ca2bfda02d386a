"""Detection of nodes that were changed or removed."""

from collections.abc import Sequence
from typing import Any

import slicer
import vtk

from .geometry import array_of, transform_time


def fingerprint(nodes: Sequence[Any]) -> dict[str, tuple[Any, ...]]:
    """Properties that must not change for a result to belong to its nodes, by node ID."""
    return {node.GetID(): _properties(node) for node in nodes}


def changed_since(before: dict[str, tuple[Any, ...]], names: dict[str, str]) -> list[str]:
    """
    Names of the nodes that were removed or changed since their fingerprint was taken.

    Parameters
    ----------
    before : dict
        Result of `fingerprint`.
    names : dict of str to str
        Names of the nodes at that time, by ID.
    """
    changed = []
    for identity, was in before.items():
        node = slicer.mrmlScene.GetNodeByID(identity)
        if node is None or _properties(node) != was:
            changed.append(names[identity])
    return changed


def _properties(node: Any) -> tuple[Any, ...]:
    if node.IsA("vtkMRMLSegmentationNode"):
        return (*_segments(node.GetSegmentation()), transform_time(node))
    image = node.GetImageData()
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    place = tuple(array_of(matrix).reshape(-1))
    return (None if image is None else image.GetMTime(), place, transform_time(node))


def _segments(segmentation: Any) -> tuple[Any, ...]:
    """Properties of segments; the segmentation's own time also changes with colours and surfaces."""
    source = segmentation.GetSourceRepresentationName()
    found = []
    for n in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(n)
        data = segment.GetRepresentation(source)
        time = None if data is None else data.GetMTime()
        found.append((segmentation.GetNthSegmentID(n), segment.GetName(), time))
    return tuple(found)
