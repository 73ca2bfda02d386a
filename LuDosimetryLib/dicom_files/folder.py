"""The DICOM files of a folder, whatever their names."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base.errors import InvalidInput
from ..base.log import Log
from .availability import quiet, require_pydicom
from .header import Header
from .kinds import is_needed
from .recognition import BIG_ENDIAN, IMPLICIT, Content, content_of, with_preamble
from .structure import DamagedError, check_structure, meta_end

_DIRECTORY = "1.2.840.10008.1.3.10"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_UNMENTIONED = (".json", ".txt")
_MOST_NAMED = 4
_HEAD_BYTES = 4096
"""Enough of a file to tell whether it is DICOM."""
_SOP_CLASS = b"\x02\x00\x02\x00UI"
_META_WITHIN = 2048


class DamagedFile(InvalidInput):
    """
    A DICOM file that is damaged or cut short.

    Attributes
    ----------
    sop_class : str
        What the file meta information says that it is; empty if that cannot be read.
    """

    def __init__(self, message: str, sop_class: str = "") -> None:
        super().__init__(message)
        self.sop_class = sop_class


def dicom_files(
    folder: Path,
    log: Log,
    left_out: Callable[[str], bool] = lambda name: False,
    hidden: Callable[[str, list[Header]], str] = lambda name, headers: name,
) -> list[Header]:
    """
    Headers, without pixels, of every DICOM file below a folder, each checked to be whole.

    Parameters
    ----------
    folder : Path
    log : Log
        Takes the part that is read, and a remark on every file that is left out.
    left_out : callable
        Whether a file is to be left out unread, by its path within the folder.
    hidden : callable
        A file's name as remarks may show it, given all headers.

    Raises
    ------
    InvalidInput
        If there is no such folder, it has no DICOM file, or one that is needed is damaged.
    """
    require_pydicom()
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {folder}; give one that holds DICOM files.")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    headers: list[Header] = []
    others: dict[str, list[str]] = {}
    damaged: list[str] = []
    for n, path in enumerate(paths):
        log.at(n / len(paths))
        name = path.relative_to(folder).as_posix()
        if left_out(name):
            continue
        try:
            header = read_header(path)
        except DamagedFile as error:
            if is_needed(error.sop_class):
                message = f"{str(error).removesuffix('.')}, or leave it out"
                raise InvalidInput(
                    f'{message} by {{"leave_out": ["{name}"]}} with --supply FILE.json.'
                ) from None
            damaged.append(name)
            continue
        if header is None:
            if path.suffix.lower() not in _UNMENTIONED:
                others.setdefault(_kind(path).value, []).append(name)
        elif header.text("SOPClassUID") != _DIRECTORY:
            headers.append(header)
    if not headers:
        raise InvalidInput(f"the folder {folder} holds no DICOM file among {len(paths)} files.")
    for kind in sorted(others):
        names = [hidden(name, headers) for name in others[kind]]
        log.remark(f"Files that are {kind} were left out: {_named(names)}.")
    if damaged:
        names = [hidden(name, headers) for name in damaged]
        log.remark(f"Damaged files of a kind that is not needed were left out: {_named(names)}.")
    return headers


def _named(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def read_header(
    path: Path, given: Mapping[str, Any] | None = None, pixels: bool = False
) -> Header | None:
    """
    Read a DICOM file, also one without preamble; None for one that is no DICOM file.

    Parameters
    ----------
    path : Path
    given : mapping of str to value, optional
        Attributes that the user supplies, by keyword.
    pixels : bool
        Keep the pixels; the header alone needs far less memory.

    Raises
    ------
    InvalidInput
        If the file cannot be read; `DamagedFile` if it is damaged or cut short.
    """
    kind = _kind(path)
    if kind is Content.DAMAGED:
        raise DamagedFile(
            f"{path} is a damaged DICOM file: it lacks the prefix DICM; copy or export it again."
        )
    if kind is not Content.DICOM:
        return None
    content = path.read_bytes()
    dataset = _dataset(path, with_preamble(content), pixels)
    header = Header(path, dataset)
    if not header.text("SOPClassUID"):  # as some tools for pseudonyms leave it
        dataset.SOPClassUID = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    if not header.text("SOPInstanceUID"):
        dataset.SOPInstanceUID = str(dataset.file_meta.get("MediaStorageSOPInstanceUID", ""))
    return Header(path, dataset, given or {})


def _kind(path: Path) -> Content:
    try:
        with path.open("rb") as file:
            return content_of(file.read(_HEAD_BYTES))
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read: {error.strerror or error}; make it readable, or move it away."
        ) from None


def _dataset(path: Path, content: bytes, pixels: bool) -> Any:
    from io import BytesIO

    from pydicom import dcmread

    try:
        with quiet():
            dataset = dcmread(BytesIO(content), stop_before_pixels=not pixels)
            syntax = dataset.file_meta.get("TransferSyntaxUID")
    except Exception as error:
        raise DamagedFile(
            f"{path} cannot be read as DICOM ({type(error).__name__}: {_first(str(error))}); it is damaged or cut "
            "short, or its file meta information (group 0002) is: copy or export it again.",
            _sop_class(content),
        ) from None
    if syntax is None:
        raise DamagedFile(
            f"{path}: TransferSyntaxUID (0002,0010) is missing; export it again.",
            _sop_class(content),
        )
    if syntax != _DEFLATED:
        try:
            check_structure(content, meta_end(content), syntax != IMPLICIT, syntax != BIG_ENDIAN)
        except DamagedError as error:
            raise DamagedFile(
                f"{path} is damaged or cut short: {error}; copy or export it again.",
                _sop_class(content),
            ) from None
    return dataset


def _sop_class(content: bytes) -> str:
    """MediaStorageSOPClassUID of a damaged file, if its meta information can be read."""
    at = content.find(_SOP_CLASS, 0, _META_WITHIN)
    if at < 0:
        return ""
    start = at + len(_SOP_CLASS) + 2
    length = int.from_bytes(content[start - 2 : start], "little")
    return content[start : start + length].decode("ascii", "replace").strip("\0 ")


def _first(message: str) -> str:
    return message.splitlines()[0][:120] if message else "unreadable"


def series_of(headers: list[Header]) -> Iterator[list[Header]]:
    """The files of each series; those without a series' UID go by what else tells series apart."""
    series: dict[tuple[str, ...], list[Header]] = {}
    for header in headers:
        uid = header.text("SeriesInstanceUID")
        key: tuple[str, ...] = (header.text("SOPClassUID"), uid)
        if not uid:
            keywords = ("FrameOfReferenceUID", "SeriesDescription", "SeriesNumber", "SeriesTime")
            key += (str(header.path.parent), *(header.text(keyword) for keyword in keywords))
        series.setdefault(key, []).append(header)
    yield from series.values()
