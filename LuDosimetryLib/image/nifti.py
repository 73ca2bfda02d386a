"""Checks of NIfTI files that ITK reads without an error and wrongly: cut, misplaced or contradictory."""

import gzip
import struct
import zlib
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .whole_files import IncompleteError

_CHUNK = 1 << 20
_APART_MM = 1.0
"""Distance between the two positions that a header states for a voxel that is tolerated."""
_SHEAR = 1e-3


class ContradictionError(Exception):
    """A header that contradicts itself; the message says how."""


@dataclass(frozen=True)
class _Layout:
    """Where versions 1 and 2 of NIfTI keep what is checked: byte offsets and formats."""

    length: int
    sizes: tuple[int, str]
    bits: int
    offset: tuple[int, str]
    spacing: tuple[int, str]
    codes: tuple[int, str]
    quaternion: tuple[int, str]
    rows: tuple[int, str]


_LAYOUTS = (
    _Layout(348, (40, "8h"), 72, (108, "f"), (76, "8f"), (252, "2h"), (256, "6f"), (280, "12f")),
    _Layout(540, (16, "8q"), 14, (168, "q"), (104, "8d"), (344, "2i"), (352, "6d"), (400, "12d")),
)


class _Header:
    """The header of a single NIfTI file."""

    def __init__(self, content: bytes, layout: _Layout, order: str) -> None:
        self._content, self._layout, self._order = content, layout, order

    @classmethod
    def of(cls, content: bytes) -> "_Header | None":
        """Header of a file of version 1 or 2; None for any other."""
        for order in "<>":
            for layout in _LAYOUTS:
                long = len(content) >= layout.length
                if long and struct.unpack_from(order + "i", content)[0] == layout.length:
                    return cls(content, layout, order)
        return None

    def _read(self, field: tuple[int, str]) -> tuple[float, ...]:
        at, kind = field
        return struct.unpack_from(self._order + kind, self._content, at)

    @property
    def data_bytes(self) -> int:
        """Size of the voxels."""
        sizes = [int(size) for size in self._read(self._layout.sizes)]
        count = max(0, min(sizes[0], 7))
        (bits,) = self._read((self._layout.bits, "h"))
        return int(prod(max(1, size) for size in sizes[1 : 1 + count]) * bits // 8)

    @property
    def offset(self) -> float:
        """Where the voxels begin, as stated."""
        return self._read(self._layout.offset)[0]

    @property
    def least_offset(self) -> int:
        """End of the header and of what tells of extensions."""
        return self._layout.length + 4

    def affines(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Index to position [mm] by qform and by sform, shapes (3, 4); None if one is not given."""
        by_q, by_s = self._read(self._layout.codes)
        if by_q <= 0 or by_s <= 0:
            return None
        qfac, *spacing = self._read(self._layout.spacing)[:4]
        b, c, d, *origin = self._read(self._layout.quaternion)
        a = max(0.0, 1.0 - b * b - c * c - d * d) ** 0.5
        turn = np.array(
            [
                [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
            ]
        )
        scale = np.array(spacing) * (1.0, 1.0, -1.0 if qfac < 0.0 else 1.0)
        qform = np.column_stack([turn * scale, origin])
        return qform, np.array(self._read(self._layout.rows)).reshape(3, 4)

    def sform(self) -> NDArray[np.float64] | None:
        """Index to position [mm] by sform, shape (3, 4); None if it is not given."""
        _, by_s = self._read(self._layout.codes)
        return np.array(self._read(self._layout.rows)).reshape(3, 4) if by_s > 0 else None

    def corners(self) -> NDArray[np.float64]:
        """Indices (i, j, k, 1) of the corners, shape (4, 8)."""
        sizes = [max(1.0, size) for size in self._read(self._layout.sizes)[1:4]]
        grid = np.array(np.meshgrid(*[(0.0, n - 1.0) for n in sizes])).reshape(3, -1)
        return np.vstack([grid, np.ones(8)])


def check_nifti(path: Path) -> None:
    """
    Refuse a NIfTI file that is cut short, misplaced or contradictory, which ITK reads all the same.

    Raises
    ------
    IncompleteError
        If the file has fewer bytes than its header demands, or its compression is damaged.
    ContradictionError
        If its voxels begin where they cannot (``vox_offset``), its two positions (``qform`` and
        ``sform``) disagree by more than 1 mm, or its axes are not at right angles.
    """
    packed = path.name.lower().endswith(".gz")
    opener = gzip.open if packed else open
    try:
        with opener(path, "rb") as file:
            content = file.read(_LAYOUTS[1].length + 4)
            length = len(content)
            while chunk := file.read(_CHUNK):
                length += len(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IncompleteError(f"its compressed data are damaged or cut short: {error}") from None
    header = _Header.of(content)
    if header is None:
        return
    _check_offset(header)
    needed = int(header.offset) + header.data_bytes
    if length < needed:
        raise IncompleteError(f"it has {length} of the {needed} bytes that its header demands")
    _check_positions(header)


def _check_offset(header: _Header) -> None:
    offset, least = header.offset, header.least_offset
    if not (isfinite(offset) and offset >= least and offset % 4 == 0):
        raise ContradictionError(
            f"its vox_offset, where the voxels begin, is {offset:g}; allowed: from {least} in steps of 4"
        )


def _check_positions(header: _Header) -> None:
    sform = header.sform()
    if sform is not None:
        axes = sform[:, :3] / np.maximum(np.linalg.norm(sform[:, :3], axis=0), 1e-30)
        if np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR:
            raise ContradictionError("its sform has axes that are not at right angles")
    both = header.affines()
    if both is None:
        return
    corners = header.corners()
    apart = float(np.linalg.norm((both[0] - both[1]) @ corners, axis=0).max())
    if not apart <= _APART_MM:
        raise ContradictionError(
            f"its qform and sform put a corner {apart:.3g} mm apart; allowed: {_APART_MM:g} mm"
        )
