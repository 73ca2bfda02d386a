"""DICOM structure sets (RTSTRUCT): closed planar contours to masks on the grid of a CT."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..base.log import Log
from ..dicom_files.header import Header
from ..image.arrays import Mask
from ..image.grid import Grid
from .contour_planes import Planes, planes_of
from .polygons import Points, has_area, run_through_voxels, without_repetition

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_OPEN = ("POINT", "OPEN_PLANAR", "OPEN_NONPLANAR")
_TRACER = "rt-utils"
"""Writes outlines of masks through the centres of voxels; TotalSegmentator's structure sets are its."""
_CORNERS_OF_AN_OUTLINE = 10
_ACROSS = 0.2
"""Voxels by which the corners of a contour may lie above and below its slice."""
_DIFFERENT, _DIFFERENT_mL = 0.05, 0.5
"""Part, and volume, by which voxels may differ from what contours enclose without a remark."""


@dataclass
class _Structure:
    """The contours of a structure, by the index k of their plane, not rounded; and what was left out."""

    heights: dict[float, list[Points]] = field(default_factory=lambda: defaultdict(list))
    by_xor: bool = False
    open_ones: int = 0
    without_area: int = 0

    @property
    def contours(self) -> list[Points]:
        """All contours."""
        return [points for contours in self.heights.values() for points in contours]


def contours_of(
    header: Header, grid: Grid, log: Log, without: Collection[str] = ()
) -> dict[str, Mask]:
    """
    Masks of the structures that have contours, by name.

    A voxel belongs to a structure if the contours of its plane enclose its centre, see
    `PlaneContours`. Each plane stands for the tissue up to halfway to the next, so that the volume is
    the sum of the planes' areas times the distances between them.

    Parameters
    ----------
    header : Header
    grid : Grid
        Of the image that was contoured; contours are to lie along its slices.
    log : Log
        Takes remarks on what was left out, and on volumes that are not those of the contours.
    without : collection of str
        Names of structures that are not wanted.
    """
    names = {
        item.needed_whole("ROINumber", 0): item.text("ROIName")
        for item in header.items("StructureSetROISequence")
    }
    structures = header.items("ROIContourSequence")
    if not names or not structures:
        missing = "ROIContourSequence" if names else "StructureSetROISequence"
        log.remark(f"An RTSTRUCT without structures ({missing} is missing or empty) was left out.")
    masks: dict[str, Mask] = {}
    for item in structures:
        number = item.needed_whole("ReferencedROINumber", 0)
        name = names.get(number) or f"structure {number}"
        if name in without:
            continue
        if name in masks:
            name = f"{name} ({number})"
        structure = _read(item, grid, name)
        if structure.heights:
            least = 0 if _TRACER in header.text("ManufacturerModelName") else _CORNERS_OF_AN_OUTLINE
            through_voxels = run_through_voxels(structure.contours, least)
            masks[name] = _mask(structure, name, grid, log, through_voxels)
        else:
            log.remark(f"The structure {name!r} has no closed contour and was left out.")
    return masks


def _read(item: Header, grid: Grid, name: str) -> _Structure:
    structure = _Structure()
    for contour in item.items("ContourSequence"):
        kind = contour.text("ContourGeometricType")
        if kind in _OPEN:
            structure.open_ones += 1
            continue
        if kind not in _CLOSED:
            raise contour.refused(
                "ContourGeometricType",
                f"is {kind!r}; expected {' or '.join((*_CLOSED, *_OPEN))}{_leaving_out(name)}",
            )
        structure.by_xor |= kind == "CLOSEDPLANAR_XOR"
        numbers = contour.numbers("ContourData") or []
        if len(numbers) % 3:
            raise contour.refused(
                "ContourData", f"has {len(numbers)} numbers; expected triples{_leaving_out(name)}"
            )
        told = contour.number("NumberOfContourPoints")
        if told is not None and told != len(numbers) // 3:
            raise contour.refused(
                "NumberOfContourPoints",
                f"is {told:g}, but there are {len(numbers) // 3}{_leaving_out(name)}",
            )
        at = grid.indices(np.array(numbers).reshape(-1, 3).T)
        points = without_repetition(at[:2].T) if numbers else at[:2].T
        if not has_area(points):
            structure.without_area += 1
            continue
        if np.ptp(at[2]) > _ACROSS:
            raise contour.refused(
                "ContourData",
                f"lies across the slices of the CT, not along them{_leaving_out(name)}",
            )
        structure.heights[round(float(at[2].mean()), 3)].append(points)
    return structure


def _leaving_out(name: str) -> str:
    return f'; or leave the structure out: {{"segmentation": {{"leave_out": ["{name}"]}}}} with --supply FILE.json'


def _mask(structure: _Structure, name: str, grid: Grid, log: Log, through_voxels: bool) -> Mask:
    found = planes_of(structure.heights, structure.by_xor, through_voxels)
    mask = np.zeros(grid.shape, bool)
    filled: dict[float, Mask] = {}
    for k in range(grid.shape[0]):
        plane = found.at(k)
        if plane is not None:
            if plane.height not in filled:
                filled[plane.height] = plane.inside(grid.shape[1:])
            mask[k] = filled[plane.height]
    for remark in (*_of_contours(structure, found, through_voxels), *_of_volume(mask, found, grid)):
        log.remark(f"The structure {name!r} {remark}.")
    return mask


def _of_contours(structure: _Structure, found: Planes, through_voxels: bool) -> Iterator[str]:
    """Remarks on contours that do not count, or not as they stand."""
    parts = [part for plane in found.planes for part in plane.parts]
    doubled_planes = sum(len(plane.parts) - 1 for plane in found.planes)
    for count, what, then in (
        (structure.open_ones, "points or open contours", "which were left out"),
        (structure.without_area, "contours without area", "which were left out"),
        (sum(part.doubled for part in parts), "contours twice", "which were taken once"),
        (
            sum(part.overlapping for part in parts),
            "contours that overlap another in part",
            "where what either encloses was taken",
        ),
        (
            doubled_planes,
            "planes of contours twice but for rounding",
            "where what either encloses was taken, once",
        ),
    ):
        if count:
            yield f"has {what} ({count}), {then}"
    if through_voxels:
        yield (
            "has contours through the centres of voxels, as where the outline of a mask was traced; these voxels were taken as part "
            "of it"
        )


def _of_volume(mask: Mask, found: Planes, grid: Grid) -> Iterator[str]:
    """Remarks on missing planes, on what the CT cuts off, and on voxels that are not what contours enclose."""
    voxel_mL = grid.voxel_volume_mL
    for gap in found.gaps:
        yield (
            f"lacks planes over {gap.size * grid.spacing_mm[0]:.3g} mm; the {gap.volume * voxel_mL:.3g} mL between them "
            f"{'were filled' if gap.is_filled else 'were left out'}"
        )
    drawn_mL = sum(plane.volume for plane in found.planes) * voxel_mL
    found_mL = float(mask.sum()) * voxel_mL
    within_mL = sum(plane.volume_within(grid.shape) for plane in found.planes) * voxel_mL
    tolerance_mL = max(_DIFFERENT * drawn_mL, _DIFFERENT_mL)
    if drawn_mL - within_mL > min(tolerance_mL, 0.5 * drawn_mL):
        yield (
            f"reaches beyond the CT: {drawn_mL - within_mL:.3g} of {drawn_mL:.4g} mL lie outside and were cut off"
        )
    elif abs(found_mL - drawn_mL) > tolerance_mL:
        yield f"has {drawn_mL:.4g} mL by its contours and {found_mL:.4g} mL on the voxels of the CT"
