"""Result of one integration for one volume and one set of scans, and the statistics of many."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

__all__ = ["Record", "Summary", "read_records", "records_as_csv"]


@dataclass(frozen=True)
class Record:
    """
    One volume, integrated once.

    Attributes
    ----------
    of : str
        Where the volume comes from: the name of a phantom, or the tissue of a simulated volume.
    volume : str
        Name of the VOI, or number of the simulated volume.
    scans_h : str
        Times of the scans [h].
    integration : str
        One of `WAYS`.
    error_percent : float
        Dose, or time-integrated activity of a simulated volume, over the true one less one.
    stated_percent : float
        Standard uncertainty by what lies between the scans.
    """

    of: str
    volume: str
    scans_h: str
    integration: str
    error_percent: float
    stated_percent: float


@dataclass(frozen=True)
class Summary:
    """
    Statistics of several records.

    Attributes
    ----------
    count : int
    bias_percent, sd_percent : float
        Mean and standard deviation of the errors.
    worst : Record
        Record with the largest error.
    within_two : float
        Part of the truths within two stated standard uncertainties.
    stated_percent : float
        Median of the stated standard uncertainties.
    error_over_stated : float
        Root mean square of the error as a part of the stated standard uncertainty; 1 is right.
    """

    count: int
    bias_percent: float
    sd_percent: float
    worst: Record
    within_two: float
    stated_percent: float
    error_over_stated: float

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Summary":
        """Summarize records, of which there is at least one."""
        errors = np.array([r.error_percent for r in records])
        stated = np.array([r.stated_percent for r in records])
        # the uncertainty is a part of the dose that is stated, the error a part of the true one
        parts = np.abs(errors) / (1.0 + 0.01 * errors) / stated
        return cls(
            len(records),
            float(errors.mean()),
            float(errors.std()),
            max(records, key=lambda r: abs(r.error_percent)),
            float((parts <= 2.0).mean()),
            float(np.median(stated)),
            float(np.sqrt((parts**2).mean())),
        )


def records_as_csv(records: Iterable[Record]) -> str:
    """Write records as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f.name for f in fields(Record)])
    for record in records:
        writer.writerow([f"{v:.2f}" if isinstance(v, float) else v for v in astuple(record)])
    return text.getvalue()


def read_records(text: str) -> list[Record]:
    """Read records from CSV."""
    rows = csv.DictReader(io.StringIO(text))
    return [
        Record(
            row["of"],
            row["volume"],
            row["scans_h"],
            row["integration"],
            float(row["error_percent"]),
            float(row["stated_percent"]),
        )
        for row in rows
    ]
