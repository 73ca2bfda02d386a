"""Beds: the part of a scan that one NM file, one PT series or one set of NM slices shows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment, acquired, zone_of
from .nuclear_medicine import geometry, nm_duration_s, nm_stack
from .stack import Stack, stack_of_slices
from .supplement import SeriesSupplement

_OTHER_THICKNESS = 0.02
_NOT_GIVEN = SeriesSupplement()


@dataclass(frozen=True)
class Bed:
    """
    One NM file, the slices of one that was split, or one PT series.

    Attributes
    ----------
    stack : Stack
    starts : list of Moment or None
        For each of the stack's headers.
    durations_s : list of float or None
    duration_by : str
        What tells them; or why nothing does.
    given : SeriesSupplement
        What the user says of the series.
    """

    stack: Stack
    starts: list[Moment | None]
    durations_s: list[float | None]
    duration_by: str = "ActualFrameDuration (0018,1242)"
    given: SeriesSupplement = field(default_factory=SeriesSupplement)

    @property
    def header(self) -> Header:
        """Header of the first slice."""
        return self.stack.headers[0]

    @property
    def start(self) -> Moment | None:
        """The earliest start."""
        known = [start for start in self.starts if start is not None]
        return min(known, key=lambda start: start.clock) if known else None

    @property
    def duration_s(self) -> float | None:
        """How long a voxel was looked at [s]."""
        return self.durations_s[0]

    @property
    def lasted_s(self) -> float:
        """From the start of the first slice to the end of the last [s]; 0 if not told."""
        start = self.start
        if start is None:
            return 0.0
        ends = [
            3600.0 * begun.hours_since(start) + (duration or 0.0)
            for begun, duration in zip(self.starts, self.durations_s, strict=True)
            if begun is not None
        ]
        return max(ends)

    @property
    def frame_of_reference(self) -> str:
        """FrameOfReferenceUID, if any."""
        return self.header.text("FrameOfReferenceUID")


def nm_bed(header: Header, log: Log, given: SeriesSupplement = _NOT_GIVEN) -> Bed:
    """A reconstructed NM image."""
    start = _start(header, log, given)
    duration_s, told_by = nm_duration_s(header)
    thickness, spacing = header.number("SliceThickness"), header.number("SpacingBetweenSlices")
    if thickness and spacing and abs(abs(spacing) / thickness - 1.0) > _OTHER_THICKNESS:
        log.remark(
            f"SpacingBetweenSlices (0018,0088) is {spacing:g} mm and SliceThickness (0018,0050) {thickness:g} mm; the slices were "
            "put as far apart as the former says."
        )
    return Bed(nm_stack(header), [start], [duration_s], told_by, given)


def nm_slices_bed(headers: Sequence[Header], log: Log, given: SeriesSupplement = _NOT_GIVEN) -> Bed:
    """A reconstructed NM image that was split into one file a slice."""
    first = headers[0]
    if len(headers) < 2:
        raise first.refused(
            "NumberOfFrames",
            "is 1, and no other slice of its series is there; a scan needs at least two",
        )
    positions = [geometry(header, "ImagePositionPatient", 3) for header in headers]
    orientation = geometry(first, "ImageOrientationPatient", 6)
    if len({tuple(position) for position in positions}) == 1:
        numbers = _numbers(headers)
        spacing = first.needed_numbers("SpacingBetweenSlices", 1)[0]
        normal = np.cross(orientation[:3], orientation[3:])
        positions = [list(np.array(positions[0]) + (n - 1) * spacing * normal) for n in numbers]
        log.remark(
            "A scan of one file a slice tells the same ImagePositionPatient (0020,0032) in all of them; its slices were put in order "
            "of their numbers, SpacingBetweenSlices (0018,0088) apart."
        )
    placed = [
        header.supplied(
            {
                **header.given,
                "ImagePositionPatient": at,
                "ImageOrientationPatient": geometry(header, "ImageOrientationPatient", 6),
            },
            header.series,
        )
        for header, at in zip(headers, positions, strict=True)
    ]
    stack = stack_of_slices(placed, "the scan")
    starts = [_start(header, log, given) for header in stack.headers]
    told = [nm_duration_s(header) for header in stack.headers]
    return Bed(stack, starts, [seconds for seconds, _ in told], told[0][1], given)


def _numbers(headers: Sequence[Header]) -> list[float]:
    """The number of each slice, from 1 on, by what tells all apart."""
    wanted = list(range(1, len(headers) + 1))
    for keyword in ("SliceVector", "InstanceNumber"):
        told = [(header.numbers(keyword) or [0.0])[0] for header in headers]
        if sorted(told) == wanted:
            return told
    raise headers[0].refused(
        "ImagePositionPatient",
        f"is the same in all {len(headers)} slices of the scan, and neither SliceVector nor "
        "InstanceNumber tells their order; export the scan as one file",
    )


def pt_beds(
    headers: list[Header], log: Log, given_of: Callable[[Header], SeriesSupplement]
) -> list[Bed]:
    """
    The volume of a PT series; several where it holds the same slices at different times.

    Each slice has the time and duration of the bed it comes from.

    Parameters
    ----------
    headers : list of Header
    log : Log
    given_of : callable
        What the user says of a header's series, or file.
    """
    try:
        return [_pt_bed(headers, log, given_of(headers[0]))]
    except InvalidInput:
        parts: dict[tuple[str, str], list[Header]] = {}
        for header in headers:
            when = (header.text("AcquisitionDate"), header.text("AcquisitionTime"))
            parts.setdefault(when, []).append(header)
        places = [
            sorted(header.texts("ImagePositionPatient") for header in part)
            for part in parts.values()
        ]
        if len(parts) < 2 or any(place != places[0] for place in places):
            raise
    log.remark(
        f"A PT series holds {len(parts)} volumes of different times; each was taken as a scan."
    )
    beds = []
    for part in parts.values():
        name = part[0].text("SOPInstanceUID")  # for the series has that of all
        named = [header.supplied(header.given, name) for header in part]
        beds.append(_pt_bed(named, log, given_of(part[0])))
    return beds


def _pt_bed(headers: list[Header], log: Log, given: SeriesSupplement) -> Bed:
    stack = stack_of_slices(headers, "the PT series")
    starts, durations = [], []
    for header in stack.headers:
        starts.append(_start(header, log, given))
        frame_ms = header.number("ActualFrameDuration")
        durations.append(None if frame_ms is None else 1e-3 * frame_ms)
    return Bed(stack, starts, durations, given=given)


def _start(header: Header, log: Log, given: SeriesSupplement) -> Moment | None:
    """When the acquisition began; a time that cannot be read is asked for, unless the user gives the hours."""
    try:
        return acquired(header, zone_of(header), log)
    except InvalidInput as error:
        if given.hours is not None:
            return None
        hours = header.remedy('"hours": ...')
        raise InvalidInput(
            f"{str(error).removesuffix('.')}; give {hours} with --supply FILE.json."
        ) from None


@contextmanager
def leaving_out_offered(header: Header) -> Iterator[None]:
    """Add to the refusal of a series that it can be left out."""
    try:
        yield
    except InvalidInput as error:
        if not header.series or "--supply" in str(error):
            raise
        raise InvalidInput(
            f'{str(error).removesuffix(".")}; or leave the series out: {{"leave_out": ["{header.series}"]}} with --supply FILE.json.'
        ) from None
