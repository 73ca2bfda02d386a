"""Export of segments of the scene to a ``.seg.nrrd`` file; the node is never changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import vtk_to_numpy

from LuDosimetryLib.base.errors import InvalidInput

from .geometry import array_of, linear_transform_of, transform_to_world
from .nrrd import write_pieces

_LABELMAP = "Binary labelmap"
_SLAB_VOXELS = 4_000_000
_SAME_LATTICE = 1e-3
"""Largest deviation between two lattices that count as the same [voxels]."""


@dataclass
class _Layer:
    """Segments that do not overlap, on one lattice; label values of shape (k, j, i)."""

    values: np.ndarray
    ijk_to_ras: np.ndarray
    segments: list[tuple[str, int]]


def segment_ids(node, chosen: Sequence[str]) -> list[str]:
    """IDs of the chosen segments that still exist; all segments if none is chosen."""
    segmentation = node.GetSegmentation()
    known = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    return [identity for identity in known if identity in chosen] or known


def segment_names(node, identities: Sequence[str]) -> dict[str, str]:
    """Names of segments by ID; a name that occurs twice is followed by the ID."""
    segmentation = node.GetSegmentation()
    names = {identity: segmentation.GetSegment(identity).GetName() for identity in identities}
    known = list(names.values())
    return {
        identity: name if known.count(name) == 1 else f"{name} ({identity})"
        for identity, name in names.items()
    }


def export_segmentation(node, identities: Sequence[str], path: Path) -> Iterator[None]:
    """
    Write segments at their position in the world, in steps.

    Linear transforms are written into the header of the file; for others copies of the segments
    are resampled. Segments without a labelmap are converted on a copy.

    Raises
    ------
    InvalidInput
        If a segment has no voxels.
    """
    layers = []
    for layer in _layers(node, identities):
        layers.append(layer)
        yield
    _check_not_empty(node, identities, layers)
    grid, starts, shape = _union(layers)
    values = np.zeros((*shape, len(layers)), np.uint8 if _few(layers) else np.int16)
    fields: dict[str, str] = {}
    number = 0
    for n, (layer, start) in enumerate(zip(layers, starts, strict=True)):
        size = layer.values.shape
        slab = max(1, _SLAB_VOXELS // max(1, size[1] * size[2]))
        for k in range(0, size[0], slab):
            part = layer.values[k : k + slab]
            target = values[
                start[0] + k : start[0] + k + len(part),
                start[1] : start[1] + size[1],
                start[2] : start[2] + size[2],
                n,
            ]
            for _identity, label in layer.segments:
                target[part == label] = label
            yield
        for identity, label in layer.segments:
            name = node.GetSegmentation().GetSegment(identity).GetName()
            fields |= {
                f"Segment{number}_ID": identity,
                f"Segment{number}_Name": _one_line(name),
                f"Segment{number}_LabelValue": str(label),
                f"Segment{number}_Layer": str(n),
            }
            number += 1
    single = len(layers) == 1
    yield from write_pieces(path, values[..., 0] if single else values, grid, fields)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _few(layers: list[_Layer]) -> bool:
    return max(label for layer in layers for _identity, label in layer.segments) < 256


def _layers(node, identities: Sequence[str]) -> Iterator[_Layer]:
    segmentation = node.GetSegmentation()
    if not segmentation.ContainsRepresentation(_LABELMAP):
        copy = slicer.vtkSegmentation()
        copy.DeepCopy(segmentation)
        if not copy.CreateRepresentation(_LABELMAP):
            raise InvalidInput(
                _(
                    "the segmentation {name} cannot be converted to voxels; make a binary labelmap of it in the module "
                    "Segmentations."
                ).format(name=node.GetName())
            )
        segmentation = copy
    to_world = linear_transform_of(node)
    for n in range(segmentation.GetNumberOfLayers(_LABELMAP)):
        there = segmentation.GetSegmentIDsForLayer(n, _LABELMAP)
        wanted = [identity for identity in there if identity in identities]
        if not wanted:
            continue
        image = segmentation.GetLayerDataObject(n, _LABELMAP)
        if image is None or image.GetNumberOfPoints() == 0:
            continue
        if to_world is None:
            moved = slicer.vtkOrientedImageData()
            moved.DeepCopy(image)
            slicer.vtkOrientedImageDataResample.TransformOrientedImage(
                moved, transform_to_world(node)
            )
            image = moved
        segments = [
            (identity, segmentation.GetSegment(identity).GetLabelValue()) for identity in wanted
        ]
        yield _layer(image, np.eye(4) if to_world is None else to_world, segments)


def _layer(image, to_world: np.ndarray, segments: list[tuple[str, int]]) -> _Layer:
    extent = image.GetExtent()
    shape = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0))
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    first = np.eye(4)
    first[:3, 3] = extent[::2]  # the first voxel is at the start of the extent, not at index 0
    return _Layer(values, to_world @ array_of(matrix) @ first, segments)


def _check_not_empty(node, identities: Sequence[str], layers: list[_Layer]) -> None:
    found = {identity for layer in layers for identity, _label in layer.segments}
    missing = [identity for identity in identities if identity not in found]
    if missing or not layers:
        names = segment_names(node, missing or identities)
        raise InvalidInput(
            _(
                "the segmentation {name} has no voxels for {segments}; draw them or leave them out."
            ).format(name=node.GetName(), segments=", ".join(names.values()) or _("any segment"))
        )


def _union(
    layers: list[_Layer],
) -> tuple[np.ndarray, list[tuple[int, ...]], tuple[int, ...]]:
    """Lattice around all layers: its matrix, the start (k, j, i) of each layer, its shape."""
    reference = layers[0].ijk_to_ras
    back = np.linalg.inv(reference)
    starts = []
    for n, layer in enumerate(layers):
        relative = back @ layer.ijk_to_ras
        whole = np.rint(relative[:3, 3])
        off = np.abs(relative - np.eye(4))
        off[:3, 3] = np.abs(relative[:3, 3] - whole)
        if off.max() > _SAME_LATTICE:
            layers[n] = _resampled(layer, reference)
            whole = np.rint((back @ layers[n].ijk_to_ras)[:3, 3])
        starts.append(whole[::-1].astype(int))
    low = np.min(starts, axis=0)
    high = np.max(
        [start + layer.values.shape for start, layer in zip(starts, layers, strict=True)], axis=0
    )
    first = np.eye(4)
    first[:3, 3] = low[::-1]
    return (
        reference @ first,
        [tuple(int(x) for x in start - low) for start in starts],
        tuple(int(x) for x in high - low),
    )


def _resampled(layer: _Layer, lattice: np.ndarray) -> _Layer:
    """Resample a layer to another lattice (nearest neighbour), if it was drawn on another image."""
    from scipy import ndimage  # few segmentations need it, and Slicer is to start quickly

    to_lattice = np.linalg.inv(lattice) @ layer.ijk_to_ras
    size = np.array(layer.values.shape[::-1])
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in size])).reshape(3, -1)
    at = to_lattice[:3, :3] @ corners + to_lattice[:3, 3:]
    low, high = np.floor(at.min(axis=1)), np.ceil(at.max(axis=1))
    first = np.eye(4)
    first[:3, 3] = low
    to_layer = np.linalg.inv(to_lattice) @ first
    flip = [2, 1, 0]
    values = ndimage.affine_transform(
        layer.values,
        to_layer[:3, :3][np.ix_(flip, flip)],
        to_layer[:3, 3][flip],
        output_shape=tuple(int(n) for n in (high - low + 1)[::-1]),
        order=0,
        mode="constant",
        cval=0,
    )
    return _Layer(values, lattice @ first, layer.segments)
