"""Segmentations of a study: the scan on which they were drawn, and the volumes of interest they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.parts import Segmentation
from ..dicom_files.header import Header
from ..image.grid import Grid
from ..voi.write import Segment, write_segmentation
from .computed_tomography import CtSeries
from .series_names import is_named, no_such_series
from .source import NO_REGIONS
from .spect_scan import Scan
from .study import Study
from .supplement import Supplement
from .volumes_of_interest import contoured_series, frame_of_reference, volumes_of_interest

_FILE_NAME = "organs.seg.nrrd"


@dataclass(frozen=True)
class Regions:
    """
    The segmentations to use.

    Attributes
    ----------
    headers : list of Header
        SEG and RTSTRUCT objects.
    reference : int
        The time point on whose images they were drawn.
    """

    headers: list[Header]
    reference: int


def regions_of(
    study: Study, scans: Sequence[Scan], cts: Sequence[CtSeries | None], log: Log
) -> Regions:
    """
    Choose the segmentations that were drawn on one of the scans, and that scan.

    It is told by the series that was contoured, else by the frame of reference.

    Raises
    ------
    InvalidInput
        If a segmentation was drawn in a frame of reference that is none of the scans', and the user
        does not say which scan it fits.
    """
    given = _reference(study, scans)
    if not study.regions:
        return Regions([], _first_with_ct(cts) if given is None else given)
    drawn_on = {id(header): _scans_of(header, study, scans, cts, log) for header in study.regions}
    order = range(len(scans)) if given is None else [given]
    for n in order:
        own = [header for header in study.regions if n in drawn_on[id(header)]]
        if own:
            if len(own) < len(study.regions):
                log.remark("Segmentations in other frames of reference were left out.")
            return Regions(own, n)
    header = study.regions[0]
    raise header.refused(
        "FrameOfReferenceUID",
        f"is not that of the scan at reference_time_point {given}; give that of another scan, or leave the segmentation out, "
        f'{{"leave_out": ["{header.series}"]}}, with --supply FILE.json',
    )


def _reference(study: Study, scans: Sequence[Scan]) -> int | None:
    """The time point that the user names as reference."""
    given = study.supplement.reference
    if given is None:
        return None
    if isinstance(given, str):
        found = [
            n
            for n, scan in enumerate(scans)
            if any(is_named(h, given, study.folder) for h in scan.headers)
        ]
        if len(found) != 1:
            raise no_such_series("reference_time_point", given, [scan.header for scan in scans])
        return found[0]
    if given >= len(scans):
        raise InvalidInput(
            f"reference_time_point is {given}; allowed: 0 to {len(scans) - 1} (there are {len(scans)} scans)."
        )
    return given


def _first_with_ct(cts: Sequence[CtSeries | None]) -> int:
    return next((n for n, ct in enumerate(cts) if ct is not None), 0)


def _scans_of(
    header: Header, study: Study, scans: Sequence[Scan], cts: Sequence[CtSeries | None], log: Log
) -> list[int]:
    """The time points on whose images a segmentation was drawn, the likeliest first."""
    contoured = contoured_series(header)
    by_series = [
        n
        for n, (scan, ct) in enumerate(zip(scans, cts, strict=True))
        if contoured
        & {scan.header.text("SeriesInstanceUID"), ct.header.text("SeriesInstanceUID") if ct else ""}
        - {""}
    ]
    if by_series:
        return by_series
    told = {frame_of_reference(header)}
    told |= {
        ct.header.text("FrameOfReferenceUID")
        for ct in study.cts
        if ct.header.text("SeriesInstanceUID") in contoured
    }
    told -= {""}
    frames = [
        {scan.frame_of_reference, ct.header.text("FrameOfReferenceUID") if ct else ""} - {""}
        for scan, ct in zip(scans, cts, strict=True)
    ]
    by_frame = [n for n, own in enumerate(frames) if told & own]
    if by_frame:
        return by_frame
    if study.supplement.drawn_on is not None:
        return [_named(study, scans, cts)]
    if not told and len({scan.frame_of_reference for scan in scans}) == 1:
        log.remark("A segmentation tells no frame of reference; it was taken as that of the scans.")
        return list(range(len(scans)))
    raise header.refused(
        "FrameOfReferenceUID",
        "is not that of any scan or its CT, so that it is not known how it lies to them: if it was drawn on images aligned with a "
        f'scan, name it, {{"segmentation": {{"drawn_on": "{scans[0].header.series}"}}}}, else leave it out, '
        f'{{"leave_out": ["{header.series}"]}}, with --supply FILE.json',
    )


def _named(study: Study, scans: Sequence[Scan], cts: Sequence[CtSeries | None]) -> int:
    name = study.supplement.drawn_on or ""
    for n, (scan, ct) in enumerate(zip(scans, cts, strict=True)):
        if any(
            is_named(h, name, study.folder)
            for h in [*scan.headers, *(ct.stack.headers[:1] if ct else [])]
        ):
            return n
    raise no_such_series("segmentation: drawn_on", name, [scan.header for scan in scans])


def write_regions(
    regions: Regions,
    scans: Sequence[Scan],
    cts: Sequence[CtSeries | None],
    study: Study,
    folder: Path,
    log: Log,
) -> Segmentation | None:
    """Write the volumes of interest of the segmentations; None if there are none."""
    supplement: Supplement = study.supplement
    if not regions.headers:
        log.remark(NO_REGIONS)
        return None
    ct = cts[regions.reference]
    reference = scans[regions.reference].beds[0].stack.grid if ct is None else ct.stack.grid
    grids: dict[str, Grid] = {
        ct.header.text("SeriesInstanceUID"): ct.stack.grid for ct in study.cts
    }
    for scan in scans:
        if len(scan.beds) == 1:
            grids[scan.header.text("SeriesInstanceUID")] = scan.beds[0].stack.grid
    grids.pop("", None)
    for header in regions.headers:
        contoured = contoured_series(header)
        if contoured and not contoured & set(grids):
            log.remark(
                "The RTSTRUCT was drawn on a series that is not here; its contours were put on the slices of the CT."
            )
    masks, grid = volumes_of_interest(regions.headers, reference, grids, log, supplement.without)
    if not masks:
        return None
    named = [Segment(name, mask) for name, mask in masks.items()]
    if len({segment.identity for segment in named}) < len(named):
        raise InvalidInput(
            f"{regions.headers[0].path}: names of volumes of interest differ in blanks and hyphens only; leave one out, "
            '{"segmentation": {"leave_out": [...]}} with --supply FILE.json.'
        )
    path = folder / _FILE_NAME
    write_segmentation(path, named, grid)
    labels = {segment.identity: segment.name for segment in named}
    return Segmentation(
        path,
        labels if supplement.labels is None else supplement.labels,
        supplement.differences or {},
    )
