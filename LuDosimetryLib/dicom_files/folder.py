"""The DICOM files of a folder, whatever their names."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base.errors import InvalidInput
from .availability import quiet, require_pydicom
from .header import Header
from .kinds import NM
from .structure import DamagedError, check_structure, meta_end

_PREFIX = b"DICM"
_SUFFIXES = (".dcm", ".dicom", ".ima")
_SCANS = ("NM", "PT")
_DIRECTORY = "1.2.840.10008.1.3.10"
_IMPLICIT = "1.2.840.10008.1.2"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"


def dicom_files(
    folder: Path,
    given: Mapping[str, Any],
    assumptions: list[str],
    progress: Callable[[float], object],
) -> list[Header]:
    """
    Headers, without pixels, of every DICOM file below a folder, each checked to be whole.

    Parameters
    ----------
    folder : Path
    given : mapping of str to value
        Attributes of the SPECT that the user supplies, by keyword.
    assumptions : list of str
        Added to where files are no DICOM files.
    progress : callable
        Of the part that is read.

    Raises
    ------
    InvalidInput
        If there is no such folder, it has no DICOM file, or one is damaged.
    """
    require_pydicom()
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {folder}; give one that holds DICOM files.")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    headers: list[Header] = []
    others: list[Path] = []
    for n, path in enumerate(paths):
        progress(n / len(paths))
        header = read_header(path, given)
        if header is None:
            others.append(path)
        elif header.text("SOPClassUID") != _DIRECTORY:
            headers.append(header)
    if not headers:
        raise InvalidInput(f"the folder {folder} holds no DICOM file among {len(paths)} files.")
    strange = [path.name for path in others if path.suffix.lower() not in (".json", ".txt")]
    if strange:
        assumptions.append(f"{len(strange)} files that are no DICOM files were left out.")
    return headers


def read_header(path: Path, given: Mapping[str, Any], pixels: bool = False) -> Header | None:
    """
    Read a DICOM file; None for one that is none.

    Parameters
    ----------
    path : Path
    given : mapping of str to value
    pixels : bool
        Keep the pixels; the header alone needs far less memory.

    Raises
    ------
    InvalidInput
        If the file is damaged or cut short, or claims by its name to be DICOM and is not.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None
    if content[128:132] != _PREFIX:
        if path.suffix.lower() in _SUFFIXES:
            raise InvalidInput(
                f"{path} is no DICOM file, or a damaged one: it lacks the prefix DICM."
            )
        return None
    dataset = _dataset(path, content, pixels)
    header = Header(path, dataset)
    if not header.text("SOPClassUID"):  # as some tools for pseudonyms leave it
        dataset.SOPClassUID = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    if not header.text("SOPInstanceUID"):
        dataset.SOPInstanceUID = str(dataset.file_meta.get("MediaStorageSOPInstanceUID", ""))
    is_scan = header.text("Modality") in _SCANS or header.text("SOPClassUID") == NM
    return Header(path, dataset, given) if is_scan else header


def _dataset(path: Path, content: bytes, pixels: bool) -> Any:
    from io import BytesIO

    from pydicom import dcmread

    try:
        with quiet():
            dataset = dcmread(BytesIO(content), stop_before_pixels=not pixels)
            syntax = dataset.file_meta.get("TransferSyntaxUID")
    except Exception as error:
        raise InvalidInput(
            f"{path} cannot be read as DICOM ({type(error).__name__}: {_first(str(error))}); it is damaged or cut "
            "short, or its file meta information (group 0002) is."
        ) from None
    if syntax is None:
        raise InvalidInput(f"{path}: TransferSyntaxUID (0002,0010) is missing; export it again.")
    if syntax != _DEFLATED:
        try:
            check_structure(content, meta_end(content), syntax != _IMPLICIT, syntax != _BIG_ENDIAN)
        except DamagedError as error:
            raise InvalidInput(
                f"{path} is damaged or cut short: {error}; copy or export it again."
            ) from None
    return dataset


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
