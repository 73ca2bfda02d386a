"""CT series: which are volumes, and their values in HU."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment, acquired, parse_date, parse_time, zone_of
from ..image.volume import Volume
from .scale import CT_SLOPES, hounsfield_scale
from .stack import Stack, stack_of_slices

_SAMPLES = 5
_AIR_OR_LUNG_HU = -300.0
"""Some of a patient's CT lies below; a map of attenuation or density does not."""


@dataclass(frozen=True)
class CtSeries:
    """A CT that is a volume."""

    stack: Stack
    start: Moment | None

    @property
    def header(self) -> Header:
        """Header of the first slice."""
        return self.stack.headers[0]

    def read(self) -> Volume:
        """Read the values [HU], as whole numbers where all of them are."""
        volume = self.stack.read(hounsfield_scale, np.ones(len(self.stack.headers)))
        whole = np.rint(volume.values)
        if np.array_equal(whole, volume.values) and np.abs(whole).max() < 32768:
            return Volume(whole.astype(np.int16), volume.grid)
        return volume

    def why_no_ct(self) -> str:
        """Why the values are not HU, in words; empty if they may be."""
        kind = self.header.text("RescaleType")
        if kind not in ("", "HU", "US"):
            return f"its values are {kind}, not HU (RescaleType (0028,1054))"
        slope = self.header.number("RescaleSlope")
        if slope is not None and not CT_SLOPES[0] <= slope <= CT_SLOPES[1]:
            return f"its values are not HU (RescaleSlope (0028,1053) is {slope:g})"
        values = self._sampled()
        if values.min() > _AIR_OR_LUNG_HU:
            return f"its values, {values.min():.4g} to {values.max():.4g}, are not HU: none is of air, as in a map of attenuation"
        return ""

    def _sampled(self) -> np.ndarray:
        """Values of some slices."""
        headers = self.stack.headers
        chosen = np.unique(np.linspace(0, len(headers) - 1, _SAMPLES).astype(int))
        some = replace(
            self.stack,
            headers=[headers[n] for n in chosen],
            grid=replace(self.stack.grid, shape=(len(chosen), *self.stack.grid.shape[1:])),
            tilt=None,
        )
        if self.stack.tilt is not None:  # whose grid is wider than its slices
            rows, columns = (int(self.header.number(k) or 0) for k in ("Rows", "Columns"))
            some = replace(some, grid=replace(some.grid, shape=(len(chosen), rows, columns)))
        return some.read(hounsfield_scale, np.ones(len(chosen))).values


def ct_series(headers: list[Header], log: Log) -> CtSeries:
    """Sort the slices of a CT series; those of a tilted gantry are shifted to lie straight."""
    stack = stack_of_slices(headers, "the CT series", may_tilt=True)
    if stack.tilt is not None:
        log.remark(
            f"The slices of the CT (SeriesNumber (0020,0011) {headers[0].text('SeriesNumber') or 'not told'}) are shifted along "
            f"each other, as by a gantry tilted by {stack.tilt.degrees:.1f} degrees; they were put on a right-angled grid."
        )
    return CtSeries(stack, ct_start(stack.headers, log))


def ct_start(headers: Sequence[Header], log: Log) -> Moment | None:
    """When a CT began: by AcquisitionTime, else by the time of its content or series; None if not told."""
    try:
        times = [acquired(header, zone_of(header), Log()) for header in headers]
        known = [time for time in times if time is not None] or [
            time for header in headers if (time := _by_series(header)) is not None
        ]
    except InvalidInput as error:
        log.remark(
            f"{str(error).partition(': ')[2].removesuffix('.')}: the time of a CT is not known."
        )
        return None
    return min(known, key=lambda time: time.clock) if known else None


def _by_series(header: Header) -> Moment | None:
    for kind in ("Content", "Series"):
        try:
            clock = parse_date(header.text(f"{kind}Date")) + parse_time(header.text(f"{kind}Time"))
        except ValueError:
            continue
        return Moment(clock, zone_of(header))
    return None
