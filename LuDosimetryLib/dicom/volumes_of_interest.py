"""The volumes of interest of a study: SEG and RTSTRUCT objects, on one grid."""

from collections.abc import Collection, Sequence

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files.folder import read_header
from ..dicom_files.header import Header
from ..dicom_files.kinds import RTSTRUCT
from ..image.arrays import Mask
from ..image.grid import Grid
from ..image.resampling import resample
from ..image.volume import Volume
from .bed import leaving_out_offered
from .contours import contours_of
from .segments import segments_of

_MOST = 255


def frame_of_reference(header: Header) -> str:
    """FrameOfReferenceUID of a SEG, or the one that an RTSTRUCT refers to."""
    item = header.first_item("ReferencedFrameOfReferenceSequence")
    within = "" if item is None else item.text("FrameOfReferenceUID")
    return within or header.text("FrameOfReferenceUID")


def contoured_series(header: Header) -> set[str]:
    """SeriesInstanceUIDs of the images that a segmentation was drawn on."""
    found = {
        series.text("SeriesInstanceUID")
        for frame in header.items("ReferencedFrameOfReferenceSequence")
        for study in frame.items("RTReferencedStudySequence")
        for series in study.items("RTReferencedSeriesSequence")
    }
    found |= {
        series.text("SeriesInstanceUID") for series in header.items("ReferencedSeriesSequence")
    }
    return found - {""}


def volumes_of_interest(
    headers: Sequence[Header],
    reference: Grid,
    grid_by_series: dict[str, Grid],
    log: Log,
    without: Collection[str] = (),
) -> tuple[dict[str, Mask], Grid]:
    """
    Masks of every segment and structure.

    Parameters
    ----------
    headers : sequence of Header
        SEG and RTSTRUCT objects, without pixels.
    reference : Grid
        On which several objects are brought together, and contours drawn on an unknown image.
    grid_by_series : dict of str to Grid
        Grids of the images, by SeriesInstanceUID.
    log : Log
    without : collection of str
        Names that are left out.
    """
    found: list[tuple[dict[str, Mask], Grid]] = []
    for header in headers:
        if header.text("SOPClassUID") == RTSTRUCT:
            drawn_on = [
                grid for uid, grid in grid_by_series.items() if uid in contoured_series(header)
            ]
            grid = drawn_on[0] if drawn_on else reference
            found.append((contours_of(header, grid, log, without), grid))
        else:
            whole = read_header(header.path, header.given, pixels=True)
            if whole is None:
                raise InvalidInput(
                    f"{header.path} is no DICOM file any more; it changed meanwhile."
                )
            with leaving_out_offered(header):
                found.append(segments_of(whole))
    common = found[0][1] if len(found) == 1 else reference
    masks: dict[str, Mask] = {}
    for header, (own, grid) in zip(headers, found, strict=True):
        for told, mask in own.items():
            name = _clean(told, header)
            if name in without:
                continue
            if name in masks:
                raise InvalidInput(
                    f"{header.path} has a volume of interest {name!r}, and another file too; leave one of the series out, "
                    f'{{"leave_out": ["{header.series}"]}} with --supply FILE.json.'
                )
            moved = _onto(mask, grid, common)
            if moved.any():
                masks[name] = moved
            else:
                log.remark(f"The segment {name!r} is empty and was left out.")
    if len(masks) > _MOST:
        raise InvalidInput(
            f"{headers[0].path}: SegmentSequence (0062,0002) or StructureSetROISequence (3006,0020) has {len(masks)} volumes of "
            f"interest; allowed: {_MOST}."
        )
    return masks, common


def _onto(mask: Mask, grid: Grid, common: Grid) -> Mask:
    if grid.same_as(common):
        return mask
    volume = Volume(mask.astype(np.uint8), grid)
    return resample(volume, common, 0, "nearest") > 0


def _clean(name: str, header: Header) -> str:
    """A name without line breaks and the like."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not clean:
        raise header.refused("SegmentLabel", "is not readable")
    return clean
