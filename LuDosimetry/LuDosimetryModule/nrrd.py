"""Writing of images piece by piece, which never blocks the event loop for long."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

_TYPES = {
    "i1": "signed char",
    "u1": "unsigned char",
    "i2": "short",
    "u2": "unsigned short",
    "i4": "int",
    "u4": "unsigned int",
    "i8": "long long",
    "u8": "unsigned long long",
    "f4": "float",
    "f8": "double",
}
_PIECE_BYTES = 8 << 20
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


def write_pieces(
    path: Path,
    values: np.ndarray,
    ijk_to_ras: np.ndarray,
    fields: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """
    Write an uncompressed NRRD file, a few megabytes per step.

    The writers of Slicer and SimpleITK block for the whole volume, a second for a large CT.

    Parameters
    ----------
    path : Path
    values : ndarray, shape (k, j, i), or (k, j, i, layer) for a segmentation
    ijk_to_ras : ndarray, shape (4, 4)
        From voxel index (i, j, k) to position in RAS [mm].
    fields : mapping of str to str, optional
        Further entries of the header.
    """
    layered = values.ndim == 4
    sizes = [*values.shape[3:], *values.shape[2::-1]]
    origin = _RAS_TO_LPS @ ijk_to_ras[:3, 3]
    directions = [_vector(_RAS_TO_LPS @ ijk_to_ras[:3, axis]) for axis in range(3)]
    lines = [
        "NRRD0004",
        f"type: {_TYPES[values.dtype.str[1:]]}",
        f"dimension: {len(sizes)}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, sizes))}",
        f"space directions: {' '.join(['none'] * layered + directions)}",
        f"kinds: {' '.join(['list'] * layered + ['domain'] * 3)}",
        f"endian: {'big' if values.dtype.newbyteorder('=').str[0] == '>' else 'little'}",
        "encoding: raw",
        f"space origin: {_vector(origin)}",
        *(f"{key}:={value}" for key, value in (fields or {}).items()),
    ]
    data = memoryview(np.ascontiguousarray(values).reshape(-1).view(np.uint8))
    with path.open("wb", buffering=0) as file:
        file.write(("\n".join(lines) + "\n\n").encode("utf-8"))
        for start in range(0, len(data), _PIECE_BYTES):
            file.write(data[start : start + _PIECE_BYTES])
            yield


def _vector(values: np.ndarray) -> str:
    return f"({','.join(f'{float(value):.17g}' for value in values)})"
