"""The scans of an import as a user checks them: import.json beside case.json, and a table in the shell."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..base.storage import write_atomically
from ..dicom_files.header import Header
from ..image.volume import Volume
from .computed_tomography import CtSeries
from .series_names import HIDDEN, Identity, file_within, short_uid
from .spect_scan import Scan

FILE_NAME = "import.json"
SCHEMA = "ludosimetry-import/1"
IDENTITY_NOTE = (
    "dicom.json holds the patient's name and birth date, which DICOM exports need, and only its owner can read it; "
    "--anonymous keeps none."
)
HEAD = (
    *("file", "series", "started", "hours", "minutes", "MBq in view", "frame"),
    *("CT", "its frame"),
)
"""What the list shows of each scan."""
_WIDEST = 28
_UID = re.compile(r"\b[0-2](?:\.\d+){4,}\b")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?\b")


@dataclass(frozen=True)
class ListedSeries:
    """
    A series as a list shows it; nothing in it says who the patient is.

    Attributes
    ----------
    file : str
        The first file, within the study.
    files : int
    uid, number, description : str
    frame_of_reference : str
    start : str
        As the scanner's clock showed it; empty if not told.
    """

    file: str
    files: int
    uid: str
    number: str
    description: str
    frame_of_reference: str
    start: str


@dataclass(frozen=True)
class ListedScan:
    """
    A scan as a list shows it.

    Attributes
    ----------
    hours : float
        After the administration [h].
    duration_s : float or None
    unit : str
        Unit of the voxels.
    activity_MBq : float or None
        In the field of view [MBq]; None for counts without calibration.
    series : ListedSeries
    ct : ListedSeries or None
    """

    hours: float
    duration_s: float | None
    unit: str
    activity_MBq: float | None
    series: ListedSeries
    ct: ListedSeries | None


@dataclass(frozen=True)
class ScanList:
    """
    What an import found.

    Attributes
    ----------
    scans : list of ListedScan
        In order of time.
    registration : str
        How the scans are aligned.
    reference_time_point : int
    segmentations : list of ListedSeries
    remarks : list of str
    """

    scans: list[ListedScan]
    registration: str
    reference_time_point: int
    segmentations: list[ListedSeries] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write the file, complete or not at all."""
        data = {"schema": SCHEMA, **asdict(self)}
        with write_atomically(path) as file:
            file.write((json.dumps(data, indent=1) + "\n").encode())

    def anonymous(self) -> "ScanList":
        """The list without dates, and without UIDs that lead back to the archive."""
        every = (
            [s.series for s in self.scans] + [s.ct for s in self.scans if s.ct] + self.segmentations
        )
        frames = _letters([series.frame_of_reference for series in every])

        def bare(series: ListedSeries) -> ListedSeries:
            frame = frames[series.frame_of_reference] if series.frame_of_reference else ""
            return replace(series, uid="", start="", frame_of_reference=frame)

        scans = [
            replace(s, series=bare(s.series), ct=bare(s.ct) if s.ct else None) for s in self.scans
        ]
        return replace(
            self,
            scans=scans,
            segmentations=[bare(series) for series in self.segmentations],
            remarks=[without_dates(remark) for remark in self.remarks],
        )

    def rows(self) -> list[tuple[str, ...]]:
        """What the list shows of each scan, in the order of `HEAD`; frames of reference as letters."""
        every = [s.series for s in self.scans] + [s.ct for s in self.scans if s.ct]
        frames = _letters([series.frame_of_reference for series in every])
        return [
            (
                _cut_left(series.file) + (f" ({series.files})" if series.files > 1 else ""),
                _cut(_series(series)),
                series.start or "-",
                f"{scan.hours:.2f}",
                "-" if scan.duration_s is None else f"{scan.duration_s / 60.0:.1f}",
                "-" if scan.activity_MBq is None else f"{scan.activity_MBq:.1f}",
                frames[series.frame_of_reference],
                "-" if ct is None else _cut(_series(ct)),
                "-" if ct is None else frames[ct.frame_of_reference],
            )
            for scan in self.scans
            for series, ct in [(scan.series, scan.ct)]
        ]

    def as_text(self) -> str:
        """The table for a terminal: file, series, time, activity, CT and frame of reference."""
        rows = [HEAD, *self.rows()]
        widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, f"registration: {self.registration}"])


def without_dates(remark: str) -> str:
    """A remark without the dates and UIDs in it."""
    return _UID.sub(HIDDEN, _DATE.sub(HIDDEN, remark))


def _series(series: ListedSeries) -> str:
    parts = (series.number, series.description, "" if series.number else short_uid(series.uid))
    return " ".join(part for part in parts if part)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _cut_left(text: str) -> str:
    return text if len(text) <= _WIDEST else f"…{text[1 - _WIDEST :]}"


def _letters(uids: Sequence[str]) -> dict[str, str]:
    """A letter for each frame of reference, in order of their first use."""
    known = [uid for uid in dict.fromkeys(uids) if uid]
    return {"": "-"} | {
        uid: chr(ord("A") + n) if n < 26 else str(n + 1) for n, uid in enumerate(known)
    }


def listed_scan(
    scan: Scan,
    ct: CtSeries | None,
    hours: float,
    unit: str,
    activity_MBq: float | None,
    folder: Path | None,
    identity: Identity,
) -> ListedScan:
    """A scan as the list shows it; see `listed_series`."""
    return ListedScan(
        hours,
        scan.duration_s,
        unit,
        activity_MBq,
        listed_series(scan.headers, str(scan.start or ""), folder, identity),
        None
        if ct is None
        else listed_series(ct.stack.headers, str(ct.start or ""), folder, identity),
    )


def listed_series(
    headers: Sequence[Header], start: str, folder: Path | None, identity: Identity
) -> ListedSeries:
    """
    A series as the list shows it.

    Parameters
    ----------
    headers : sequence of Header
    start : str
    folder : Path or None
        Of the study; None where the files do not lie in one, and their names alone are shown.
    identity : Identity
        What must not be shown.
    """
    first = min(headers, key=lambda header: header.path)
    file = first.path.name if folder is None else file_within(first, folder)
    return ListedSeries(
        identity.hidden(file),
        len({header.path for header in headers}),
        first.text("SeriesInstanceUID"),
        first.text("SeriesNumber"),
        identity.hidden(first.text("SeriesDescription")),
        first.text("FrameOfReferenceUID"),
        start,
    )


def activity_in_view_MBq(volume: Volume, unit: str, Bq_per_count: float | None) -> float | None:
    """Activity in the field of view of a scan [MBq]; None for counts without calibration."""
    total = float(volume.values.sum(dtype=np.float64))
    if unit == "Bq/mL":
        total *= volume.grid.voxel_volume_mL
    if unit == "counts":
        if Bq_per_count is None:
            return None
        total *= Bq_per_count
    return 1e-6 * total


def read_scan_list(path: Path) -> ScanList:
    """Read what `ScanList.write` wrote."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    data.pop("schema")
    scans = [
        ListedScan(
            **{
                **scan,
                "series": ListedSeries(**scan["series"]),
                "ct": None if scan["ct"] is None else ListedSeries(**scan["ct"]),
            }
        )
        for scan in data.pop("scans")
    ]
    segmentations = [ListedSeries(**series) for series in data.pop("segmentations")]
    return ScanList(scans, segmentations=segmentations, **data)
