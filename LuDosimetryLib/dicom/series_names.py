"""How series are called: by the user in ``--supply``, and in lists and remarks without saying who the patient is."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..base.errors import InvalidInput
from ..dicom_files.header import Header
from ..dicom_files.kinds import NM
from .supplement import PATIENT_KEYWORDS

_SHORTEST = 2
HIDDEN = "…"
"""Stands for what is not shown."""
_MOST_KNOWN = 12
_UID_TAIL = 12


class Identity:
    """
    The words of a study that say who the patient is, to be kept out of lists and remarks.

    Parameters
    ----------
    headers : iterable of Header
    """

    def __init__(self, headers: Iterable[Header]) -> None:
        told = {
            header.text(keyword)
            for header in headers
            for keyword in (
                *PATIENT_KEYWORDS[:3],
                "AccessionNumber",
                "OtherPatientIDs",
                "ReferringPhysicianName",
            )
        }
        words = {word for text in told for word in (text, *re.split(r"[\s^=,]+", text))}
        known = sorted((re.escape(w) for w in words if len(w) >= _SHORTEST), key=len, reverse=True)
        self._words = (
            re.compile(rf"(?i)(?<![^\W_])({'|'.join(known)})(?![^\W_])") if known else None
        )

    def hidden(self, text: str) -> str:
        """A text without those words."""
        clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return clean if self._words is None else self._words.sub(HIDDEN, clean)


def file_within(header: Header, folder: Path) -> str:
    """Path of a header's file within the study."""
    return header.path.relative_to(folder).as_posix()


def is_named(header: Header, name: str, folder: Path) -> bool:
    """Whether a name of ``--supply`` is the UID, number, description or file of a header's series."""
    own = [
        header.text(k)
        for k in ("SeriesInstanceUID", "SOPInstanceUID", "SeriesNumber", "SeriesDescription")
    ]
    return (name != "" and name in own) or is_file_named(file_within(header, folder), name)


def is_file_named(file: str, name: str) -> bool:
    """Whether a name is that of a file within the study, or of a folder that holds it."""
    return bool(name) and (file == name or file.startswith(f"{name.rstrip('/')}/"))


def with_names(headers: Sequence[Header]) -> Iterator[Header]:
    """The headers, each with the shortest name by which ``--supply`` can name its series alone."""
    series_of_number: dict[str, set[str]] = {}
    files_of_series: dict[str, int] = {}
    for header in headers:
        uid = header.text("SeriesInstanceUID")
        series_of_number.setdefault(header.text("SeriesNumber"), set()).add(uid)
        files_of_series[uid] = files_of_series.get(uid, 0) + 1
    for header in headers:
        number, uid = header.text("SeriesNumber"), header.text("SeriesInstanceUID")
        name = number if number and len(series_of_number[number]) == 1 else uid
        is_scan = (
            header.text("SOPClassUID") == NM and (header.number("NumberOfFrames") or 1.0) > 1.0
        )
        if not name or (is_scan and files_of_series[uid] > 1):  # each file may be a scan
            name = header.text("SOPInstanceUID")
        yield header.supplied(header.given, name)


def shown_series(header: Header, identity: Identity) -> str:
    """A series as remarks show it: number and description."""
    number, description = header.text("SeriesNumber"), header.text("SeriesDescription")
    parts = [f"series {number}" if number else "a series without number"]
    if description:
        parts.append(f"{identity.hidden(description)!r}")
    return " ".join(parts)


def short_uid(uid: str) -> str:
    """The end of a UID, which tells series apart."""
    return uid if len(uid) <= _UID_TAIL else f"{HIDDEN}{uid[-_UID_TAIL:]}"


def no_such_series(where: str, name: str, headers: Iterable[Header]) -> InvalidInput:
    """The refusal of a name that is that of no series."""
    known = dict.fromkeys(f"{header.series} ({header.text('Modality')})" for header in headers)
    shown = ", ".join(list(known)[:_MOST_KNOWN]) + (", ..." if len(known) > _MOST_KNOWN else "")
    return InvalidInput(
        f"--supply: {where} names {name!r}, which is no UID, number, description or file of a series; there are {shown}."
    )
