"""SPECT scans of a study: beds sorted into scans, images of the same scan chosen from, values read."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log as ln

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment
from ..image.volume import Volume
from ..tissue.nuclide import Nuclide
from .administration import Administration
from .bed import Bed, leaving_out_offered
from .decay import Decay, decay_correction
from .joining import joined
from .saturation import check_range
from .scale import activity_scale
from .supplement import SeriesSupplement

_SAME_SESSION_H = 0.75
"""Between a scan, from its start to its end, and a CT that the patient lay still for."""


@dataclass(frozen=True)
class Scan:
    """
    One scan: one bed, or several that lie beside each other.

    Attributes
    ----------
    beds : list of Bed
        In order of time.
    administration : Administration
    given : SeriesSupplement
        What the user says of it.
    """

    beds: list[Bed]
    administration: Administration
    given: SeriesSupplement

    @property
    def header(self) -> Header:
        """Header of the first bed."""
        return self.beds[0].header

    @property
    def headers(self) -> list[Header]:
        """Headers of all its files."""
        return [header for bed in self.beds for header in bed.stack.headers]

    @property
    def start(self) -> Moment | None:
        """Start of the first bed."""
        return self.beds[0].start

    @property
    def frame_of_reference(self) -> str:
        """FrameOfReferenceUID of the first bed."""
        return self.beds[0].frame_of_reference

    @property
    def duration_s(self) -> float | None:
        """Duration of one bed [s]: how long a voxel was looked at."""
        return self.beds[0].duration_s

    @property
    def lasted_s(self) -> float:
        """From the start of the first bed to the end of the last [s], as far as it is told."""
        if self.start is None:
            return self.duration_s or 0.0
        return max(
            bed.lasted_s + 3600.0 * (bed.start.hours_since(self.start) if bed.start else 0.0)
            for bed in self.beds
        )

    def unit(self, given: str | None, log: Log) -> str:
        """Unit of the voxels; the same for all beds."""
        units = {activity_scale(header, given, log).unit for header in self.headers}
        if len(units) > 1:
            raise self.header.refused("Units", f"differ between slices: {', '.join(sorted(units))}")
        return units.pop()

    def decay(self, given: str | None, hours: float, nuclide: Nuclide, log: Log) -> Decay:
        """
        The decay between what the values refer to and the start of the scan.

        Parameters
        ----------
        given : str or None
            The correction, if the user says it.
        hours : float
            From administration to start [h].
        nuclide : Nuclide
        log : Log

        Raises
        ------
        InvalidInput
            If the correction is not told, or a slice tells of another.
        """
        own = Log()
        correction = decay_correction(self.header, given, own)
        per_h = nuclide.decay_constant_per_h
        if correction == "ADMIN" and self.administration.half_life_h:
            per_h = ln(2.0) / self.administration.half_life_h
        decay = Decay(correction, per_h, self.start, hours)
        if given is None:
            for bed in self.beds:
                for header, start, duration in zip(
                    bed.stack.headers, bed.starts, bed.durations_s, strict=True
                ):
                    if remark := decay.check_factor(header, bed.start, start, duration):
                        own.remark(remark)
        for remark in own.remarks:
            log.remark(remark)
        return decay

    def read(self, decay: Decay, unit: str | None, log: Log) -> Volume:
        """Read the values at the start of the scan, in its unit."""
        volumes = []
        for bed in self.beds:
            factors = [
                decay.factor(bed.start, start, duration)
                for start, duration in zip(bed.starts, bed.durations_s, strict=True)
            ]
            with leaving_out_offered(bed.header):
                volumes.append(
                    bed.stack.read(
                        lambda header: activity_scale(header, unit, log),
                        np.array(factors),
                        lambda stored, header: check_range(stored, header, log),
                    )
                )
        return joined(volumes, self.header)


def why_apart(scans: Sequence[Scan]) -> str:
    """Why scans are not aligned with each other by their frame of reference, in words; empty if they are."""
    frames = {scan.frame_of_reference for scan in scans}
    if len(scans) < 2 or (len(frames) == 1 and "" not in frames):
        return ""
    if "" in frames:
        return "do not all tell a frame of reference"
    return "have different frames of reference"


def given_of(beds: list[Bed]) -> SeriesSupplement:
    """What the user says of a scan's beds, together."""
    given = SeriesSupplement()
    for bed in beds:
        given = given.merged(bed.given, f"the scan {bed.header.series}")
    return given


def rank(bed: Bed) -> tuple[bool, bool]:
    """Whether an image is in units of activity, and corrected for attenuation: of two of one scan the better."""
    corrected = {text.upper() for text in bed.header.texts("CorrectedImage")}
    try:
        unit = activity_scale(bed.header, bed.given.unit, Log()).unit
    except InvalidInput:
        unit = "counts"
    return (unit != "counts", "ATTN" in corrected)


def hours_from_scan(scan: Scan, moment: Moment) -> float:
    """Hours between a moment and a scan, from its start to its end; infinite where that is not told."""
    if scan.start is None:
        return float("inf")
    before = scan.start.hours_since(moment)
    return max(before, -before - scan.lasted_s / 3600.0, 0.0)


def in_session(scan: Scan, moment: Moment) -> bool:
    """Whether a CT begun at a moment is of the session of a scan, the patient lying still."""
    return hours_from_scan(scan, moment) <= _SAME_SESSION_H
