"""Whether nodes are still there, and as they were."""

from collections.abc import Sequence
from typing import Any

import slicer
import vtk

from .geometry import array_of, transform_time


def fingerprint(nodes: Sequence[Any]) -> dict[str, tuple[Any, ...]]:
    """What must stay the same for a result to belong to nodes, by their IDs."""
    return {node.GetID(): _of(node) for node in nodes}


def changed_since(before: dict[str, tuple[Any, ...]], names: dict[str, str]) -> list[str]:
    """
    The names of nodes that are gone or another since their fingerprint was taken.

    Parameters
    ----------
    before : dict
        Of `fingerprint`.
    names : dict of str to str
        Of the nodes, by ID, as they were.
    """
    changed = []
    for identity, was in before.items():
        node = slicer.mrmlScene.GetNodeByID(identity)
        if node is None or _of(node) != was:
            changed.append(names[identity])
    return changed


def _of(node: Any) -> tuple[Any, ...]:
    if node.IsA("vtkMRMLSegmentationNode"):
        return (*_segments(node.GetSegmentation()), transform_time(node))
    image = node.GetImageData()
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    place = tuple(array_of(matrix).reshape(-1))
    return (None if image is None else image.GetMTime(), place, transform_time(node))


def _segments(segmentation: Any) -> tuple[Any, ...]:
    """Not the time of the segmentation itself: it also changes with colours and derived surfaces."""
    source = segmentation.GetSourceRepresentationName()
    found = []
    for n in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(n)
        data = segment.GetRepresentation(source)
        time = None if data is None else data.GetMTime()
        found.append((segmentation.GetNthSegmentID(n), segment.GetName(), time))
    return tuple(found)
