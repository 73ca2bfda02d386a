"""Whether a file is DICOM: with or without the preamble that says so, damaged, or something else."""

from enum import Enum

from .structure import has_known_vr

_PREFIX = b"DICM"
_PREAMBLE = 128
_META_AT = _PREAMBLE + len(_PREFIX)
_RESOURCE_FORKS = (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00")
"""First bytes of AppleDouble and AppleSingle files."""
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
_LONGEST_FIRST_VALUE = 1024
"""Bytes of the first element of group 0008, which is a date, a character set or a group length."""


class Content(Enum):
    """Kind of a file by its bytes; the value is the word for it in remarks."""

    DICOM = "a DICOM file"
    DAMAGED = "a damaged DICOM file"
    RESOURCE_FORK = "resource forks of macOS"
    EMPTY = "empty"
    FOREIGN = "no DICOM files"


def content_of(content: bytes) -> Content:
    """Recognise a file by its first bytes."""
    if (
        content[_PREAMBLE:_META_AT] == _PREFIX
        or _bare_syntax(content)
        or _begins_with_meta(content, 0)
    ):
        return Content.DICOM
    if content[:4] in _RESOURCE_FORKS:
        return Content.RESOURCE_FORK
    if not content.strip(b"\0"):
        return Content.EMPTY
    if _PREFIX in content[: 2 * _META_AT] or _begins_with_meta(content, _META_AT):
        return Content.DAMAGED
    return Content.FOREIGN


def with_preamble(content: bytes) -> bytes:
    """A DICOM file with preamble and file meta information, where it comes without."""
    if content[_PREAMBLE:_META_AT] == _PREFIX:
        return content
    start = bytes(_PREAMBLE) + _PREFIX
    if _begins_with_meta(content, 0):
        return start + content
    syntax = _bare_syntax(content).encode()
    syntax += b"\0" * (len(syntax) % 2)
    element = b"\x02\x00\x10\x00UI" + len(syntax).to_bytes(2, "little") + syntax
    return start + element + content


def _begins_with_meta(content: bytes, at: int) -> bool:
    return content[at : at + 2] == b"\x02\x00" and has_known_vr(content, at)


def _bare_syntax(content: bytes) -> str:
    """The transfer syntax of a data set that begins with the file's first byte; empty if none does."""
    if content[:2] == b"\x08\x00":
        if has_known_vr(content, 0):
            return EXPLICIT
        if int.from_bytes(content[4:8], "little") <= min(_LONGEST_FIRST_VALUE, len(content) - 8):
            return IMPLICIT
    if content[:2] == b"\x00\x08" and has_known_vr(content, 0):
        return BIG_ENDIAN
    return ""
