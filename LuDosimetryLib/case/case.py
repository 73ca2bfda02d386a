"""What is asked: a patient's case and its options."""

import hashlib
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..base.checks import check_number, check_text, check_whole
from ..base.errors import InvalidInput
from .options import LEAST_SCANS, Options
from .parts import Segmentation, TimePoint


@dataclass(frozen=True)
class Case:
    """
    One treatment cycle of one patient: the scans, the volumes of interest and the options.

    Attributes
    ----------
    time_points : tuple of TimePoint
        In order of time.
    reference_time_point : int
        Index of the time point on whose grid everything is calculated.
    folder : Path
        Of the case file, whose paths are relative to it.
    file : Path or None
        The case file that was read.
    file_sha256 : str
        Of the case file that was read.
    dicom : Path or None
        What ``dicom-import`` remembers of the study that the case comes from.
    warnings : tuple of str
        What reading the file changed.

    Raises
    ------
    InvalidInput
        On construction, for values that are not allowed; so for the parts of a case.
    """

    time_points: tuple[TimePoint, ...]
    patient_id: str = ""
    cycle: int = 1
    nuclide: str = "Lu-177"
    administered_activity_MBq: float | None = None
    reference_time_point: int = 0
    segmentation: Segmentation | None = None
    options: Options = field(default_factory=Options)
    dicom: Path | None = None
    folder: Path = Path()
    file: Path | None = field(default=None, compare=False)
    file_sha256: str = field(default="", compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        hours = [point.hours for point in self.time_points]
        if not hours:
            raise InvalidInput("time_points is empty; at least one scan is needed.")
        for earlier, later in pairwise(hours):
            if earlier == later:
                raise InvalidInput(
                    f"two time points are both at {later:g} h; each scan needs its own time after administration."
                )
            if earlier > later:
                raise InvalidInput(
                    f"the time point at {later:g} h comes after that at {earlier:g} h; give them in order of time."
                )
        if all(point.ct is None for point in self.time_points):
            raise InvalidInput(
                "no time point has a ct; at least one CT (in HU) is needed for densities."
            )
        check_text("patient_id", self.patient_id, empty=True)
        check_text("nuclide", self.nuclide)
        check_whole("cycle", self.cycle, 1)
        if self.administered_activity_MBq is not None:
            check_number("administered_activity_MBq", self.administered_activity_MBq)
        check_reference(self.reference_time_point, len(hours))
        self._check_integration(len(hours))

    def _check_integration(self, scans: int) -> None:
        way = self.options.integration
        least = LEAST_SCANS.get(way, 1)
        if scans < least:
            raise InvalidInput(
                f"options: integration is {way!r}, which needs at least {least} scans, but there "
                f"{'is only 1' if scans == 1 else f'are only {scans}'}; choose 'trapezoid', 'haenscheid' or 'madsen'"
                + (" or 'mono-exponential'." if scans > 1 else ".")
            )
        if way == "hybrid" and self.segmentation is None:
            raise InvalidInput(
                "options: integration is 'hybrid', which needs volumes of interest, but there is no segmentation."
            )

    @classmethod
    def read(cls, path: str | Path) -> "Case":
        """
        Read and check a case file, or the ``case.json`` of a folder.

        Raises
        ------
        InvalidInput
            One sentence with the file, the key, the value and what is allowed.
        """
        from .case_file import read_case

        return read_case(Path(path))

    @classmethod
    def from_dict(cls, data: Any, folder: Path) -> "Case":
        """Check the content of a case file in a folder; see `read`."""
        from .case_file import case_from_dict

        return case_from_dict(data, folder)

    def to_dict(self) -> dict[str, Any]:
        """The content of a case file, with paths relative to the case's folder where possible."""
        from .case_file import case_to_dict

        return case_to_dict(self, self.folder)

    def write(self, path: Path) -> None:
        """Write a case file, complete or not at all; its paths are relative to where it lies."""
        from .case_file import write_case

        write_case(self, path)

    def with_options(self, **changes: Any) -> "Case":
        """The same case with other options, checked as those of a file."""
        from .case_file import changed_options

        return replace(self, options=changed_options(self.options, changes))

    @property
    def ct(self) -> Path:
        """The CT that gives the densities: the reference's own, or else the first there is."""
        reference = self.time_points[self.reference_time_point]
        return reference.ct or next(p.ct for p in self.time_points if p.ct is not None)

    @property
    def images(self) -> tuple[Path, ...]:
        """Every image that the case names, each once: files or DICOM folders."""
        scans = [path for point in self.time_points for path in (point.spect, point.ct)]
        scans.append(None if self.segmentation is None else self.segmentation.file)
        return tuple(dict.fromkeys(path for path in scans if path is not None))

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All that is read and must not change: the case file and dicom.json, if any, and the images."""
        return (*(path for path in (self.file, self.dicom) if path is not None), *self.images)

    @property
    def sha256(self) -> str:
        """Of the case file that was read, or else of the one that `write` would make."""
        from .case_file import case_bytes

        return self.file_sha256 or hashlib.sha256(case_bytes(self, self.folder)).hexdigest()


def check_reference(index: Any, time_points: int) -> None:
    """Refuse a reference that is not the index of a time point."""
    check_whole("reference_time_point", index, 0)
    if index >= time_points:
        raise InvalidInput(
            f"reference_time_point is {index}; allowed: 0 to {time_points - 1} (there are {time_points} time points)."
        )
