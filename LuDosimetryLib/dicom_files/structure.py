"""Whether a DICOM file is whole: every element within the file, in order, to the last byte."""

import struct

_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_PIXELS = (0x7FE0, 0x0010)
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_DEEPEST = 40
_META = 132
"""Where the file meta information begins: after the preamble and DICM."""


class DamagedError(Exception):
    """The file is cut short or damaged; the message says where."""


def check_structure(content: bytes, start: int, explicit: bool, little_endian: bool) -> None:
    """
    Walk through a data set (DICOM PS3.5, section 7).

    pydicom reads a file that ends within an element or a sequence without a word, and a contour or
    a time that is cut off is a wrong number.

    Parameters
    ----------
    content : bytes
        The file.
    start : int
        Where the data set begins, after the file meta information.
    explicit, little_endian : bool
        Properties of the transfer syntax.

    Raises
    ------
    DamagedError
        With the tag at which the file is damaged.
    """
    walk = _Walk(content, explicit, "<" if little_endian else ">")
    end = walk.elements(start, len(content), explicit, 0)
    if content[end:].strip(b"\0"):
        raise DamagedError(f"byte {end} begins no element")


def meta_end(content: bytes) -> int:
    """
    Where the file meta information ends, by its elements: some files tell no group length.

    Raises
    ------
    DamagedError
    """
    walk, at = _Walk(content, True, "<"), _META
    while content[at : at + 2] == b"\x02\x00":
        at = walk.next_element(at)
    return at


def has_known_vr(content: bytes, at: int) -> bool:
    """Whether the element that begins at a byte has a value representation of DICOM."""
    vr = content[at + 4 : at + 6]
    return len(vr) == 2 and (vr in _LONG or vr in _SHORT)


def tag_text(tag: tuple[int, int]) -> str:
    """A tag as (gggg,eeee)."""
    return f"({tag[0]:04X},{tag[1]:04X})"


class _Walk:
    def __init__(self, content: bytes, explicit: bool, order: str) -> None:
        self._content = content
        self._order = order

    def elements(self, at: int, end: int, explicit: bool, depth: int) -> int:
        """Walk over elements up to `end`, or to an item's delimiter; where they stop."""
        last = (0, 0)
        if depth > _DEEPEST:
            raise DamagedError(f"sequences lie more than {_DEEPEST} deep")
        while at < end:
            if depth == 0 and not self._content[at:end].strip(b"\0"):
                return at  # padding at the end of the file
            tag, at = self._tag(at, end, last)
            if tag == _ITEM_END:
                return at + 4
            if tag <= last:
                raise DamagedError(f"{tag_text(tag)} follows {tag_text(last)}, out of order")
            vr, length, at = self._length(at, end, tag, explicit)
            if length == _UNDEFINED:
                if tag == _PIXELS:
                    at = self._fragments(at, end)
                else:
                    at = self._items(at, end, tag, explicit and vr != b"UN", depth, False)
            elif at + length > end:
                raise DamagedError(
                    f"{tag_text(tag)} has {length} bytes, of which {end - at} are there"
                )
            elif vr == b"SQ":
                at = self._items(at, at + length, tag, explicit, depth, True)
            else:
                at += length
            last = tag
        return at

    def next_element(self, at: int) -> int:
        """Walk over one plain element."""
        end = len(self._content)
        tag, at = self._tag(at, end, (0, 0))
        _, length, at = self._length(at, end, tag, True)
        if at + length > end:
            raise DamagedError(f"{tag_text(tag)} has {length} bytes, of which {end - at} are there")
        return at + length

    def _tag(self, at: int, end: int, last: tuple[int, int]) -> tuple[tuple[int, int], int]:
        if at + 8 > end:
            raise DamagedError(f"the file ends after {tag_text(last)}, within an element")
        group, element = struct.unpack_from(self._order + "HH", self._content, at)
        return (group, element), at + 4

    def _length(
        self, at: int, end: int, tag: tuple[int, int], explicit: bool
    ) -> tuple[bytes, int, int]:
        if not explicit:
            return b"", struct.unpack_from(self._order + "I", self._content, at)[0], at + 4
        vr = self._content[at : at + 2]
        if vr in _LONG:
            if at + 8 > end:
                raise DamagedError(f"the file ends within {tag_text(tag)}")
            return vr, struct.unpack_from(self._order + "I", self._content, at + 4)[0], at + 8
        if vr not in _SHORT:
            raise DamagedError(f"{tag_text(tag)} has no value representation that DICOM knows")
        return vr, struct.unpack_from(self._order + "H", self._content, at + 2)[0], at + 4

    def _items(
        self, at: int, end: int, tag: tuple[int, int], explicit: bool, depth: int, bounded: bool
    ) -> int:
        while at < end:
            item, at = self._tag(at, end, tag)
            length = struct.unpack_from(self._order + "I", self._content, at)[0]
            at += 4
            if item == _SEQUENCE_END and not bounded:
                return at
            if item == _SEQUENCE_END:
                continue
            if item != _ITEM:
                raise DamagedError(f"{tag_text(tag)} holds {tag_text(item)}, which is no item")
            if length == _UNDEFINED:
                at = self.elements(at, end, explicit, depth + 1)
            elif at + length > end:
                raise DamagedError(f"an item of {tag_text(tag)} goes beyond the end")
            else:
                at = self.elements(at, at + length, explicit, depth + 1)
        if not bounded:
            raise DamagedError(f"{tag_text(tag)} has no end")
        return at

    def _fragments(self, at: int, end: int) -> int:
        while True:
            item, at = self._tag(at, end, _PIXELS)
            length = struct.unpack_from(self._order + "I", self._content, at)[0]
            at += 4
            if item == _SEQUENCE_END:
                return at
            if item != _ITEM or at + length > end:
                raise DamagedError(f"the compressed pixels {tag_text(_PIXELS)} have no end")
            at += length
