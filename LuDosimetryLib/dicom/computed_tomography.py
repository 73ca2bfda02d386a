"""CT series: which are volumes, and their values in HU."""

from dataclasses import dataclass

import numpy as np

from ..dicom_files.header import Header
from ..dicom_files.moment import Moment, acquired, zone_of
from ..image.volume import Volume
from .scale import hounsfield_scale
from .stack import Stack, stack_of_slices


@dataclass(frozen=True)
class CtSeries:
    """A CT that is a volume."""

    stack: Stack
    start: Moment | None

    @property
    def header(self) -> Header:
        """Of the first slice."""
        return self.stack.headers[0]

    def read(self) -> Volume:
        """Values [HU], as whole numbers where all of them are."""
        volume = self.stack.read(hounsfield_scale, np.ones(len(self.stack.headers)))
        whole = np.rint(volume.values)
        if np.array_equal(whole, volume.values) and np.abs(whole).max() < 32768:
            return Volume(whole.astype(np.int16), volume.grid)
        return volume


def is_localizer(header: Header) -> bool:
    """Whether a CT image is a scout view."""
    return "LOCALIZER" in (text.upper() for text in header.texts("ImageType"))


def ct_series(headers: list[Header], remarks: list[str]) -> CtSeries:
    """Sort the slices of a CT series; those of a tilted gantry are shifted to lie straight."""
    stack = stack_of_slices(headers, "the CT series", may_tilt=True)
    if stack.tilt is not None:
        remarks.append(
            f"The slices of the CT (SeriesNumber (0020,0011) {headers[0].text('SeriesNumber') or 'not told'}) are shifted along "
            f"each other, as by a gantry tilted by {stack.tilt.degrees:.1f} degrees; they were put on a right-angled grid."
        )
    times = [acquired(header, zone_of(header), remarks) for header in stack.headers]
    known = [time for time in times if time is not None]
    return CtSeries(stack, min(known, key=lambda time: time.clock) if known else None)
