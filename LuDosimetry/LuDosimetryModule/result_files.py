"""A result folder, read piece by piece into images that nodes of the scene can hold."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import vtk_to_numpy

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.output.summary import DVH, Summary, file_in, read_summary

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Image:
    """
    A volume, ready for a node.

    Attributes
    ----------
    values : ndarray, shape (k, j, i)
        The voxels of `data`.
    data : vtkImageData
        Without origin and directions, which the volume node has.
    grid : Grid
    unit : str
        UCUM unit in the header of the file.
    """

    values: np.ndarray
    data: Any
    grid: Grid
    unit: str = ""

    @property
    def ijk_to_ras(self) -> np.ndarray:
        """Matrix from voxel index to position in RAS [mm], shape (4, 4)."""
        return ijk_to_ras(self.grid)


class ResultFiles:
    """
    Files of a result folder, read piece by piece.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    summary : Summary
        Content of ``result.json``.
    images : dict of str to Image
        Volumes by the keys of ``result.json``.
    dvh : dict of str to ndarray
        Columns of ``dvh.csv``: the dose [Gy], then the volume of each organ [%].

    Raises
    ------
    InvalidInput
        If the folder holds no result that this version can read.
    """

    def __init__(self, folder: Path) -> None:
        self.summary: Summary = read_summary(folder)
        self.images: dict[str, Image] = {}
        self.dvh: dict[str, np.ndarray] = {}
        self._folder = folder

    def read(self) -> Iterator[str]:
        """Read everything, a file between two steps; each step names what is being read."""
        for key, name in self.summary.volumes.items():
            yield _("reading {name}").format(name=name)
            self.images[key] = read_image(file_in(self._folder, name))
        yield _("reading {name}").format(name=DVH)
        self.dvh = _columns(self._folder / DVH)


def read_image(path: Path) -> Image:
    """Read a volume as the image data of a node; its values are copied once."""
    volume = read_volume(path, path.name)
    data = vtk.vtkImageData()
    data.SetDimensions(*volume.grid.shape[::-1])
    data.AllocateScalars(vtk.VTK_FLOAT, 1)
    values = vtk_to_numpy(data.GetPointData().GetScalars()).reshape(volume.grid.shape)
    values[:] = volume.values
    return Image(values, data, volume.grid, _unit(path))


def _unit(path: Path) -> str:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return str(reader.GetMetaData("unit")) if reader.HasMetaDataKey("unit") else ""


def ijk_to_ras(grid: Grid) -> np.ndarray:
    """Matrix from voxel index (i, j, k) to position in RAS [mm], shape (4, 4)."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(grid.direction).reshape(3, 3) * np.array(grid.spacing_mm[::-1])
    matrix[:3, 3] = grid.origin_mm
    return _LPS_TO_RAS @ matrix


def grid_of(node: Any) -> Grid:
    """Grid of a volume node, without its transforms."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    lps = _LPS_TO_RAS @ slicer.util.arrayFromVTKMatrix(matrix)
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    shape = node.GetImageData().GetDimensions()[::-1]
    return Grid(
        tuple(int(n) for n in shape),
        tuple(float(s) for s in spacing[::-1]),
        tuple(float(x) for x in lps[:3, 3]),
        tuple(float(x) for x in (lps[:3, :3] / spacing).reshape(-1)),
    )


def _columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    values = np.array(rows[1:], float).reshape(-1, len(rows[0]))
    return {name: values[:, n] for n, name in enumerate(rows[0])}
