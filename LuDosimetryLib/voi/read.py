"""Reading of VOIs from label images and Slicer segmentations, resampled to a grid."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.wording import listed
from ..case.parts import Segmentation
from ..image.arrays import Mask
from ..image.grid import Grid
from ..image.resampling import resample
from ..image.volume import Volume, read_image
from .check import remark_parts
from .totalsegmentator import class_list, label_table, mask_files

_BEYOND = "lies beyond the SPECT's field of view; the dose is that of the part within"
_CUT_OFF = 0.01
"""Part of a VOI that may lie beyond the grid without a warning."""


@dataclass(frozen=True)
class _Segment:
    """
    Label in a layer of a segmentation file.

    Attributes
    ----------
    names : tuple of str
        Names that case.json may use: ID, label value, name, in this order.
    layer : int
    value : int
    """

    names: tuple[str, ...]
    layer: int
    value: int


def read_vois(
    segmentation: Segmentation,
    grid: Grid,
    log: Log | None = None,
    transform: sitk.Transform | None = None,
) -> dict[str, Mask]:
    """
    Read the masks of all VOIs of a case.

    A voxel belongs to the VOI whose label lies at its centre. Segments of a ``.seg.nrrd`` may
    overlap.

    Parameters
    ----------
    segmentation : Segmentation
    grid : Grid
    log : Log, optional
        Receives a remark where the grid cuts a VOI off.
    transform : Transform, optional
        From positions on the grid to positions in the file; the identity if not given.

    Returns
    -------
    dict of str to ndarray of bool, shape ``grid.shape``
        By name, first the labels in the order of the case, then the differences.

    Raises
    ------
    InvalidInput
        For a file that is no segmentation, a label that is absent from it, and a VOI that is
        empty on the grid.
    """
    log = log or Log()
    if segmentation.class_list is not None:
        masks = _class_masks(segmentation, grid, log, transform)
        return {**masks, **_differences(segmentation.differences, masks)}
    path = segmentation.file
    image = read_image(path, "segmentation")
    layers = _layers(image, path)
    segments = _segments(image, layers, path)
    labels = segmentation.names or _names_in_file(segments, path)
    on_grid = _OnGrid(image, layers, grid, transform)
    masks, beyond = dict[str, Mask](), dict[str, str]()
    cut_off: dict[str, float] = {}
    for key, name in labels.items():
        segment = _find(segments, key, path)
        mask = on_grid.mask(segment)
        if not mask.any():
            beyond[name] = f"{name!r} (label {segment.value})"
            continue
        masks[name] = mask
        if (cut := on_grid.part_beyond(segment)) > _CUT_OFF:
            cut_off[name] = cut
    remark_parts(cut_off, _BEYOND, log)
    if beyond:
        text = f"segmentation: {listed(list(beyond.values()))} of {path} {'has' if len(beyond) == 1 else 'have'} no voxel on the SPECT grid"
        if not masks:
            raise InvalidInput(f"{text}; check that the segmentation belongs to these scans.")
        log.remark(f"{text} and no dose; check that the segmentation belongs to these scans.")
    return {**masks, **_differences(segmentation.differences, masks)}


class _OnGrid:
    """The layers of a segmentation, each resampled to a grid once."""

    def __init__(
        self,
        image: sitk.Image,
        layers: list[NDArray[np.int32]],
        grid: Grid,
        transform: sitk.Transform | None,
    ) -> None:
        self._of_image, self._grid, self._transform = Grid.of(image), grid, transform
        self._layers = layers
        self._resampled: dict[int, NDArray[np.int32]] = {}

    def mask(self, segment: _Segment) -> Mask:
        """The voxels of the grid whose centre lies in a segment."""
        layer = segment.layer
        if layer not in self._resampled:
            volume = Volume(self._layers[layer], self._of_image)  # type: ignore[arg-type]
            self._resampled[layer] = resample(  # type: ignore[assignment]
                volume, self._grid, 0, "nearest", self._transform
            )
        return np.asarray(self._resampled[layer] == segment.value)

    def part_beyond(self, segment: _Segment) -> float:
        """Part of a segment beyond the grid, where that does not depend on a registration."""
        if self._transform is not None:
            return 0.0
        layer = self._layers[segment.layer]
        return _part_beyond(layer, segment.value, self._of_image, self._grid)


def _class_masks(
    segmentation: Segmentation, grid: Grid, log: Log, transform: sitk.Transform | None
) -> dict[str, Mask]:
    """The classes of TotalSegmentator that are there; those beyond the grid are left out."""
    masks: dict[str, Mask] = {}
    beyond: list[str] = []
    cut_off: dict[str, float] = {}
    for name, mask, cut in _classes(segmentation, grid, log, transform):
        if not mask.any():
            beyond.append(name)
            continue
        masks[name] = mask
        if cut > _CUT_OFF:
            cut_off[name] = cut
    remark_parts(cut_off, _BEYOND, log)
    if beyond:
        log.remark(
            f"{len(beyond)} classes of the segmentation lie beyond the SPECT's field of view and were left out: {', '.join(beyond)}."
        )
    if not masks:
        raise InvalidInput(
            f"segmentation: {segmentation.file} has no class with a voxel on the SPECT grid; check that the segmentation belongs "
            "to these scans."
        )
    return masks


def _classes(
    segmentation: Segmentation, grid: Grid, log: Log, transform: sitk.Transform | None
) -> Iterator[tuple[str, Mask, float]]:
    """Name of each class that is there, its mask on the grid, and the part beyond."""
    path = segmentation.file
    files = mask_files(path) if path.is_dir() else {"": path}
    if not files:
        raise InvalidInput(
            f"segmentation: the folder {path} holds no masks (NAME.nii.gz) of TotalSegmentator."
        )
    for class_name, file in files.items():
        image = read_image(file, "segmentation")
        layers = _layers(image, file)
        segments = _segments(image, layers, file)
        if not class_name and _is_label_image(image):
            known = class_list(str(segmentation.class_list), file, [s.value for s in segments])
            log.remark(
                f"The labels of the segmentation were named by TotalSegmentator: {known.title}."
            )
            segments = [
                _Segment((known.names[s.value],), 0, s.value)
                for s in segments
                if s.value in known.names
            ]
        on_grid = _OnGrid(image, layers, grid, transform)
        for segment in segments:
            yield (
                class_name or segment.names[-1],
                on_grid.mask(segment),
                on_grid.part_beyond(segment),
            )


def _is_label_image(image: sitk.Image) -> bool:
    return not any(_is_segment_key(key) for key in image.GetMetaDataKeys())


def _part_beyond(layer: NDArray[np.int32], value: int, layer_grid: Grid, grid: Grid) -> float:
    """Part of a label outside the box that a grid can touch."""
    box = layer_grid.box_around(grid)
    if layer[box].size == layer.size:
        return 0.0
    return 1.0 - np.count_nonzero(layer[box] == value) / np.count_nonzero(layer == value)


def _names_in_file(segments: list[_Segment], path: Path) -> dict[str, str]:
    """Labels of a case that names none: every segment under its name in the file."""
    names = [segment.names[-1] for segment in segments]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(
                f"segmentation: {path} has more than one segment called {name!r}; name them by their IDs in labels."
            )
    return {segment.names[0]: segment.names[-1] for segment in segments}


def _differences(differences: Mapping[str, list[str]], masks: dict[str, Mask]) -> dict[str, Mask]:
    remainders: dict[str, Mask] = {}
    for name, (whole, *parts) in differences.items():
        for part in (whole, *parts):
            if part not in masks:
                raise InvalidInput(
                    f"segmentation.differences: {name!r} needs {part!r}, which is not among {', '.join(masks)}."
                )
        if name in masks:
            raise InvalidInput(
                f"segmentation.differences: {name!r} is already the name of a label."
            )
        rest = masks[whole].copy()
        for part in parts:
            rest &= ~masks[part]
        if not rest.any():
            raise InvalidInput(
                f"segmentation.differences: nothing is left of {name!r} ({whole!r} without {', '.join(parts)})."
            )
        remainders[name] = rest
    return remainders


def _layers(image: sitk.Image, path: Path) -> list[NDArray[np.int32]]:
    values = sitk.GetArrayFromImage(image)
    whole = np.issubdtype(values.dtype, np.integer) or np.array_equal(values, np.rint(values))
    if not whole or np.abs(values).max() > np.iinfo(np.int32).max:
        raise InvalidInput(
            f"segmentation: {path} has values that are not whole numbers of at most 32 bits; "
            "expected a label image or a .seg.nrrd file."
        )
    values = values.astype(np.int32)
    if image.GetNumberOfComponentsPerPixel() == 1:
        return [values]
    if _is_label_image(image):
        raise InvalidInput(
            f"segmentation: {path} has {values.shape[-1]} values per voxel but describes no segments; "
            "expected a label image or a .seg.nrrd file."
        )
    return [np.ascontiguousarray(values[..., layer]) for layer in range(values.shape[-1])]


def _is_segment_key(key: str) -> bool:
    return re.fullmatch(r"Segment\d+_ID", key) is not None


def _segments(image: sitk.Image, layers: list[NDArray[np.int32]], path: Path) -> list[_Segment]:
    """Segments that a ``.seg.nrrd`` header describes, or the labels present in a label image."""
    keys = [key for key in image.GetMetaDataKeys() if _is_segment_key(key)]
    if not keys:
        present = (int(v) for v in np.unique(layers[0]) if v != 0)
        names = label_table(path)
        return [_Segment((str(v), names.get(v, f"label {v}")), 0, v) for v in present]
    keys.sort(key=lambda key: int(key[len("Segment") : -len("_ID")]))
    return [_described(image, key.removesuffix("ID"), len(layers), path) for key in keys]


def _described(image: sitk.Image, prefix: str, layers: int, path: Path) -> _Segment:
    def entry(name: str, default: str) -> str:
        key = prefix + name
        return str(image.GetMetaData(key)) if image.HasMetaDataKey(key) else default

    identity = entry("ID", "")
    value, layer = entry("LabelValue", "1"), entry("Layer", "0")
    if not (value.isdecimal() and layer.isdecimal() and int(layer) < layers):
        raise InvalidInput(
            f"segmentation: {path} puts segment {identity!r} at label {value!r} of layer {layer!r}; expected whole "
            f"numbers and one of {layers} layers: save it again from Slicer."
        )
    names = (identity, str(int(value)), entry("Name", identity))
    return _Segment(names, int(layer), int(value))


def _find(segments: list[_Segment], key: str, path: Path) -> _Segment:
    for which in range(3):  # an ID before a label value before a name
        match = [s for s in segments if which < len(s.names) and s.names[which] == key]
        if len(match) == 1:
            return match[0]
        if len(match) > 1 and which != 1:
            raise InvalidInput(f"segmentation: {path} has more than one segment called {key!r}.")
    known = ", ".join(segment.names[0] for segment in segments) or "none"
    raise InvalidInput(f"segmentation: label {key!r} is not in {path}; it has: {known}.")
