"""SPECT scans of a study: NM reconstructions and PT series, sorted by time, beds joined."""

from dataclasses import dataclass, field
from math import log

import numpy as np

from ..base.errors import InvalidInput
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment, acquired, zone_of
from ..dicom_files.remarks import say_once
from ..image.grid import Grid
from ..image.volume import Volume
from ..tissue.nuclide import Nuclide
from .administration import Administration, administration_of
from .decay import Decay, decay_correction
from .joining import joined
from .nuclear_medicine import nm_duration_s, nm_stack
from .scale import activity_scale
from .stack import Stack, stack_of_slices
from .supplement import NOTHING, Supplement

_SAME_SCAN_H = 2.0
"""Beds begun within this time, and that do not cover each other, are one scan."""
_SAME_START_S = 1.0
"""One patient is not scanned twice at once: several images with one start are of the same scan."""
_OTHER_THICKNESS = 0.02
_SAME_PLACE = 0.5
"""Part of a bed that another may cover before both are taken for the same acquisition."""


@dataclass(frozen=True)
class Bed:
    """
    One NM file, or one PT series.

    Attributes
    ----------
    stack : Stack
    starts : list of Moment or None
        For each of the stack's headers.
    durations_s : list of float or None
    duration_by : str
        What tells them.
    """

    stack: Stack
    starts: list[Moment | None]
    durations_s: list[float | None]
    duration_by: str = "ActualFrameDuration (0018,1242)"

    @property
    def header(self) -> Header:
        """Of the first slice."""
        return self.stack.headers[0]

    @property
    def start(self) -> Moment | None:
        """The earliest."""
        known = [start for start in self.starts if start is not None]
        return min(known, key=lambda start: start.clock) if known else None

    @property
    def frame_of_reference(self) -> str:
        """FrameOfReferenceUID, if any."""
        return self.header.text("FrameOfReferenceUID")


@dataclass(frozen=True)
class Scan:
    """
    One scan: one bed, or several that lie beside each other.

    Attributes
    ----------
    beds : list of Bed
        In order of time.
    administration : Administration
    remarks : list of str
        What was assumed.
    """

    beds: list[Bed]
    administration: Administration
    remarks: list[str] = field(default_factory=list)

    @property
    def header(self) -> Header:
        """Of the first bed."""
        return self.beds[0].header

    @property
    def start(self) -> Moment | None:
        """Of the first bed."""
        return self.beds[0].start

    @property
    def duration_s(self) -> float | None:
        """Of one bed [s]: what a voxel was looked at."""
        return self.beds[0].durations_s[0]

    def unit(self, given: str | None) -> str:
        """Of the voxels; the same for all beds."""
        units = {
            activity_scale(header, given, self.remarks).unit
            for bed in self.beds
            for header in bed.stack.headers
        }
        if len(units) > 1:
            raise self.header.refused("Units", f"differ between slices: {', '.join(sorted(units))}")
        return units.pop()

    def decay(self, given: str | None, hours: float, nuclide: Nuclide, remarks: list[str]) -> Decay:
        """
        The decay between what the values refer to and the start of the scan.

        Parameters
        ----------
        given : str or None
            The correction, if the user says it.
        hours : float
            From administration to start [h].
        nuclide : Nuclide
        remarks : list of str
            Added to.

        Raises
        ------
        InvalidInput
            If the correction is not told, or a slice tells of another.
        """
        own: list[str] = []
        correction = decay_correction(self.header, given, own)
        per_h = nuclide.decay_constant_per_h
        if correction == "ADMIN" and self.administration.half_life_h:
            per_h = log(2.0) / self.administration.half_life_h
        decay = Decay(correction, per_h, self.start, hours)
        if given is None:
            own += [
                decay.check_factor(header, bed.start, start, duration)
                for bed in self.beds
                for header, start, duration in zip(
                    bed.stack.headers, bed.starts, bed.durations_s, strict=True
                )
            ]
        for remark in own:
            if remark:
                say_once(remarks, remark)
        return decay

    def read(self, decay: Decay, unit: str | None) -> Volume:
        """Values at the start of the scan, in its unit."""
        volumes = []
        for bed in self.beds:
            factors = [
                decay.factor(bed.start, start, duration)
                for start, duration in zip(bed.starts, bed.durations_s, strict=True)
            ]
            volumes.append(
                bed.stack.read(
                    lambda header: activity_scale(header, unit, self.remarks), np.array(factors)
                )
            )
        return joined(volumes, self.header)


def nm_bed(header: Header, remarks: list[str]) -> Bed:
    """A reconstructed NM image."""
    start = acquired(header, zone_of(header), remarks)
    duration_s, told_by = nm_duration_s(header)
    thickness, spacing = header.number("SliceThickness"), header.number("SpacingBetweenSlices")
    if thickness and spacing and abs(abs(spacing) / thickness - 1.0) > _OTHER_THICKNESS:
        remarks.append(
            f"SpacingBetweenSlices (0018,0088) is {spacing:g} mm and SliceThickness (0018,0050) {thickness:g} mm; the slices were "
            "put as far apart as the former says."
        )
    return Bed(nm_stack(header), [start], [duration_s], told_by)


def pt_bed(headers: list[Header], remarks: list[str]) -> Bed:
    """A PT series; each slice has the time and duration of the bed it comes from."""
    stack = stack_of_slices(headers, "the PT series")
    starts, durations = [], []
    for header in stack.headers:
        starts.append(acquired(header, zone_of(header), remarks))
        frame_ms = header.number("ActualFrameDuration")
        durations.append(None if frame_ms is None else 1e-3 * frame_ms)
    return Bed(stack, starts, durations)


def scans_of(beds: list[Bed], remarks: list[str], supplement: Supplement = NOTHING) -> list[Scan]:
    """
    Sort beds into scans, in order of time; those without a time come last.

    Parameters
    ----------
    beds : list of Bed
    remarks : list of str
    supplement : Supplement
        What the user says of the administration.

    Raises
    ------
    InvalidInput
        If two images show the same scan and nothing says which to take.
    """
    beds = sorted(beds, key=_time_key)
    groups: list[list[Bed]] = []
    for bed in beds:
        group = next((g for g in groups if _one_scan(g, bed)), None)
        if group is None:
            groups.append([bed])
        else:
            group.append(bed)
    scans = []
    for group in groups:
        own: list[str] = list(remarks)
        chosen = _without_alternatives(group, own)
        scans.append(Scan(chosen, administration_of(chosen[0].header, own, supplement), own))
    return scans


def _time_key(bed: Bed) -> tuple[bool, float, str]:
    start = bed.start
    if start is None:
        return (True, 0.0, str(bed.header.path))
    clock = start.clock if start.utc_offset is None else start.clock - start.utc_offset
    return (False, (clock - clock.min).total_seconds(), str(bed.header.path))


def _one_scan(group: list[Bed], bed: Bed) -> bool:
    """Whether a bed belongs to those of a scan: same frame of reference, soon after; or same start."""
    first = group[0]
    if first.start is None or bed.start is None:
        return False
    apart_h = abs(bed.start.hours_since(first.start))
    same = first.frame_of_reference == bed.frame_of_reference
    return (same and apart_h < _SAME_SCAN_H) or apart_h * 3600.0 < _SAME_START_S


def _without_alternatives(group: list[Bed], remarks: list[str]) -> list[Bed]:
    """Beds beside each other; of images of the same place the calibrated, corrected one."""
    kept: list[Bed] = []
    for bed in group:
        rival = next((b for b in kept if _same_place(b.stack.grid, bed.stack.grid)), None)
        if rival is None:
            kept.append(bed)
            continue
        ranks = _rank(rival), _rank(bed)
        if ranks[0] == ranks[1]:
            raise InvalidInput(
                f"{rival.header.path} and {bed.header.path} are images of the same scan, and nothing says which to take; name the "
                'series to leave out by SeriesDescription, SeriesNumber or SeriesInstanceUID (0020,000E): {"leave_out": [...]} with '
                "--supply FILE.json."
            )
        best = bed if ranks[1] > ranks[0] else rival
        kept[kept.index(rival)] = best
        remarks.append(
            "There is more than one reconstruction of this scan; the one in units of activity, or corrected for attenuation, "
            "was taken."
        )
    return kept


def _rank(bed: Bed) -> tuple[bool, bool]:
    corrected = {text.upper() for text in bed.header.texts("CorrectedImage")}
    try:
        unit = activity_scale(bed.header, None, []).unit
    except InvalidInput:
        unit = "counts"
    return (unit != "counts", "ATTN" in corrected)


def _same_place(a: Grid, b: Grid) -> bool:
    """Whether one grid covers much of another."""
    box = a.box_around(b)
    covered = np.prod([max(0, s.stop - s.start) for s in box]) / np.prod(a.shape)
    return bool(covered > _SAME_PLACE)
