"""The masks of a result folder: volumes of interest as a Slicer segmentation, voxels with a dose."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..case.parts import Segmentation
from ..image.arrays import Mask
from ..image.grid import Grid
from ..image.volume import Volume, write_volume
from ..result.result import ResultData
from ..voi.read import read_vois
from ..voi.write import Segment, write_segmentation
from .volumes import read_on_grid

VOIS, REPORTED = "vois.seg.nrrd", "reported.nrrd"


def write_masks(result: ResultData, folder: Path) -> None:
    """Write the volumes of interest, if there are any, and the voxels that have a dose."""
    reported = Volume(result.reported.astype(np.uint8), result.grid)
    write_volume(folder / REPORTED, reported, "1")
    if result.vois:
        write_segmentation(folder / VOIS, list(_segments(result.vois).values()), result.grid)


def segment_names(vois: Mapping[str, Mask]) -> dict[str, str]:
    """Names of the volumes of interest by the ID of their segment in the file."""
    return {segment.identity: name for name, segment in _segments(vois).items()}


def read_reported(folder: Path, grid: Grid) -> Mask:
    """Read which voxels have a dose."""
    return read_on_grid(folder / REPORTED, "reported", grid) > 0.5


def read_masks(folder: Path, names: Mapping[str, str], grid: Grid) -> dict[str, Mask]:
    """
    Read the volumes of interest.

    Parameters
    ----------
    folder : Path
    names : mapping of str to str
        As `segment_names` gave them.
    grid : Grid

    Raises
    ------
    InvalidInput
        If the file cannot be read, or lacks one of them.
    """
    return read_vois(Segmentation(folder / VOIS, names), grid) if names else {}


def _segments(vois: Mapping[str, Mask]) -> dict[str, Segment]:
    """Segments by the name of their volume; their names fit into a header, and their IDs differ."""
    segments: dict[str, Segment] = {}
    taken: set[str] = set()
    for n, (name, mask) in enumerate(vois.items(), start=1):
        plain = "".join(c if c.isprintable() else " " for c in name).strip() or f"VOI {n}"
        segment = Segment(plain, mask)
        while segment.identity in taken:
            plain = f"{plain} {n}"
            segment = Segment(plain, mask)
        taken.add(segment.identity)
        segments[name] = segment
    return segments
