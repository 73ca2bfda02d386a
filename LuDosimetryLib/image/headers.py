"""What image files state of themselves beside their voxels: unit, grid, data files of their own."""

import re
from pathlib import Path

import SimpleITK as sitk

from .grid import Grid
from .whole_files import native_messages

__all__ = ["data_files", "stated_grid", "stated_unit"]

_DETACHED = {
    ".mhd": re.compile(r"^\s*ElementDataFile\s*=\s*(.+?)\s*$", re.MULTILINE),
    ".nhdr": re.compile(r"^\s*data ?file\s*:\s*(.+?)\s*$", re.MULTILINE),
}
_PAIRED = {".img": ".hdr", ".hdr": ".img"}
_HEADER_BYTES = 1 << 20


def data_files(path: Path) -> list[Path]:
    """
    Files beside an image file that hold its voxels or its header; none where it is one file.

    Parameters
    ----------
    path : Path
        Image file; the data files of ``.mhd``, ``.nhdr`` and Analyze or NIfTI pairs are found.
    """
    suffix = path.suffix.lower()
    if suffix in _PAIRED:
        partner = path.with_suffix(_PAIRED[suffix])
        return [partner] if partner.is_file() else []
    if suffix not in _DETACHED or not path.is_file():
        return []
    with path.open("rb") as file:
        text = file.read(_HEADER_BYTES).decode("utf-8", "replace")
    named = _DETACHED[suffix].search(text)
    if named is None:
        return []
    first, *_ = named[1].split()
    if first in ("LIST", "list"):
        names = [line.strip() for line in text[named.end() :].splitlines() if line.strip()]
    elif "%" in named[1]:
        names = sorted(
            p.name for p in path.parent.glob(re.sub(r"%\d*d", "*", first)) if p.is_file()
        )
    else:
        names = [named[1]]
    files = [path.parent / name for name in names]
    return [file for file in files if file.is_file()]


def _header(path: Path) -> sitk.ImageFileReader | None:
    """Reader of the header of an image file; None for a folder and for what is no image."""
    if not path.is_file():
        return None
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with native_messages():
            reader.ReadImageInformation()
    except RuntimeError:
        return None
    return reader


def stated_unit(path: Path) -> str:
    """Unit that the header of an image file states, as `write_volume` writes it; empty if none."""
    reader = _header(path)
    if reader is None or not reader.HasMetaDataKey("unit"):
        return ""
    return str(reader.GetMetaData("unit")).strip()


def stated_grid(path: Path) -> Grid | None:
    """Grid by the header of a three-dimensional image file; None for anything else."""
    reader = _header(path)
    if reader is None or reader.GetDimension() != 3:
        return None
    return Grid(
        reader.GetSize()[::-1],
        reader.GetSpacing()[::-1],
        reader.GetOrigin(),
        reader.GetDirection(),
    )
