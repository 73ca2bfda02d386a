"""Images on a grid: SimpleITK to numpy and back, one axis order (k, j, i), resampling."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from .grid import Grid, Shape, Triple
from .whole_files import IncompleteError, check_evenly_spaced, check_nifti_complete, native_messages

__all__ = [
    "Array",
    "Grid",
    "Shape",
    "Triple",
    "Volume",
    "average_onto",
    "bounding_box",
    "read_image",
    "read_volume",
    "resample",
    "write_volume",
]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Volume:
    """
    A scalar image.

    Attributes
    ----------
    values : ndarray, shape (k, j, i)
    grid : Grid
    """

    values: Array
    grid: Grid

    def to_sitk(self) -> sitk.Image:
        """The same image for SimpleITK; the values are copied."""
        image = sitk.GetImageFromArray(self.values)
        image.SetSpacing(self.grid.spacing_mm[::-1])
        image.SetOrigin(self.grid.origin_mm)
        image.SetDirection(self.grid.direction)
        return image


def read_image(path: Path, what: str) -> sitk.Image:
    """
    Read a three-dimensional image file, or a folder with one DICOM series.

    Parameters
    ----------
    path : Path
    what : str
        What the image is, for error messages: "SPECT of time point 2".

    Raises
    ------
    InvalidInput
        If the file is missing or unreadable, or is not a three-dimensional image.
    """
    try:
        if not path.exists():
            raise InvalidInput(f"{what}: there is no file {path}; check the path.")
        image = _read(path, what)
    except IncompleteError as error:
        raise InvalidInput(
            f"{what}: {path} is not complete: {error}; copy or export it again."
        ) from None
    except (RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("sitk::ERROR: ")
        raise InvalidInput(
            f"{what}: {path} cannot be read as an image ({reason}); expected NRRD, NIfTI, MHA or a DICOM folder."
        ) from None
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3:
        raise InvalidInput(
            f"{what}: {path} has {image.GetDimension()} dimensions (size {image.GetSize()}); "
            "expected a three-dimensional image."
        )
    return image


def _read(path: Path, what: str) -> sitk.Image:
    from ..dicom_files.plain_image import check_plain_reading  # which needs this module

    if not path.is_dir():
        check_plain_reading(path)
        if path.name.lower().endswith((".nii", ".nii.gz")):
            check_nifti_complete(path)
        with native_messages() as said:
            try:
                return sitk.ReadImage(str(path))
            except RuntimeError as error:
                known = error
        raise RuntimeError(f"{said[-1]}" if said else str(known))
    with native_messages():
        series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(path))
        if len(series) != 1:
            raise InvalidInput(
                f"{what}: the folder {path} holds {len(series)} DICOM series; expected one."
            )
        files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path), series[0])
        check_plain_reading(Path(files[0]))
        check_evenly_spaced(files)
        return sitk.ReadImage(files)


def read_volume(path: Path, what: str) -> Volume:
    """
    Read a scalar image as float32.

    Raises
    ------
    InvalidInput
        As `read_image`; also for colour or complex images and for values that are not finite.
    """
    image = read_image(path, what)
    components = image.GetNumberOfComponentsPerPixel()
    if components != 1:
        raise InvalidInput(
            f"{what}: {path} has {components} values per voxel (a colour or vector image); expected one."
        )
    values = sitk.GetArrayFromImage(image)
    if np.iscomplexobj(values):
        raise InvalidInput(f"{what}: {path} has complex values; expected real ones.")
    with np.errstate(over="ignore"):  # what no float32 can hold counts as infinite
        values = values.astype(np.float32, copy=False)
    bad = int(values.size - np.isfinite(values).sum())
    if bad:
        raise InvalidInput(
            f"{what}: {path} has {bad} voxels that are not finite (NaN or infinite); every voxel must be a finite number."
        )
    return Volume(values, Grid.of(image))


def write_volume(path: Path, volume: Volume, unit: str) -> None:
    """
    Write an image; its unit goes into the header of a NRRD file.

    Parameters
    ----------
    path : Path
        NRRD (``.nrrd``) or any format SimpleITK writes. Complete or not there.
    volume : Volume
    unit : str
        UCUM unit of the values, for example ``"Gy"``.
    """
    image = volume.to_sitk()
    image.SetMetaData("unit", unit)
    temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        sitk.WriteImage(image, str(temporary), useCompression=volume.values.dtype == np.uint8)
        os.replace(temporary, path)
    except RuntimeError as error:
        raise OSError(f"{path} cannot be written: {str(error).strip().splitlines()[-1]}") from None
    finally:
        temporary.unlink(missing_ok=True)


_INTERPOLATORS = {
    "linear": sitk.sitkLinear,
    "nearest": sitk.sitkNearestNeighbor,
    "spline": sitk.sitkBSpline3,
}


def resample(
    volume: Volume,
    grid: Grid,
    outside: float,
    interpolation: Literal["linear", "nearest", "spline"] = "linear",
    transform: sitk.Transform | None = None,
) -> Array:
    """
    Values of a volume at the voxel centres of a grid.

    Parameters
    ----------
    volume : Volume
    grid : Grid
    outside : float
        Value where the volume does not reach.
    interpolation : {"linear", "nearest", "spline"}
        The last of third order, which blurs least.
    transform : Transform, optional
        From positions on the grid to those in the volume; the same if not given.

    Returns
    -------
    ndarray, shape ``grid.shape``
    """
    if transform is None and volume.grid.same_as(grid):
        return volume.values
    image = sitk.Resample(
        volume.to_sitk(),
        grid.shape[::-1],
        transform or sitk.Transform(3, sitk.sitkIdentity),
        _INTERPOLATORS[interpolation],
        grid.origin_mm,
        grid.spacing_mm[::-1],
        grid.direction,
        outside,
    )
    return np.asarray(sitk.GetArrayFromImage(image))


_BLOCK_VOXELS = 8_000_000


def average_onto(volume: Volume, grid: Grid, outside: float) -> Array:
    """
    Mean of a volume over each voxel of a grid, so that its integral is conserved.

    Each voxel is sampled at evenly spaced points, at least two an axis and no farther apart than
    the voxels of the volume, whatever the orientations.

    Parameters
    ----------
    volume, grid, outside
        As for `resample`.

    Returns
    -------
    ndarray of float32, shape ``grid.shape``
    """
    if volume.grid.same_as(grid):
        return volume.values
    mean = np.full(grid.shape, outside, np.float32)
    reached = grid.box_around(volume.grid)
    if any(s.start >= s.stop for s in reached):
        return mean
    factors = _sampling(volume.grid, grid)
    slices, rows, columns = reached
    per_slice = (rows.stop - rows.start) * (columns.stop - columns.start) * int(np.prod(factors))
    block = max(1, _BLOCK_VOXELS // per_slice)
    for start in range(slices.start, slices.stop, block):
        box = (slice(start, min(start + block, slices.stop)), rows, columns)
        part = grid.crop(box)
        fine = resample(volume, part.refined(factors), outside)
        k, j, i = part.shape
        fk, fj, fi = factors
        mean[box] = fine.reshape(k, fk, j, fj, i, fi).mean(axis=(1, 3, 5), dtype=np.float32)
    return mean


def _sampling(source: Grid, target: Grid) -> tuple[int, int, int]:
    """Sampling points per target voxel along (k, j, i): as fine as the source along that axis."""
    rotation = np.array(source.direction).reshape(3, 3).T @ np.array(target.direction).reshape(3, 3)
    steps = []
    for axis, spacing in enumerate(target.spacing_mm[::-1]):
        # how far a step along this target axis moves along each source axis, in source voxels
        moved = np.abs(rotation[:, axis]) * spacing / np.array(source.spacing_mm[::-1])
        steps.append(max(2, int(np.ceil(moved.max() - 1e-6))))
    i, j, k = steps
    return (k, j, i)


def bounding_box(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """Smallest array slices that hold every true voxel; the first voxel if there is none."""
    slices = []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        slices.append(slice(int(line[0]), int(line[-1]) + 1) if line.size else slice(0, 1))
    return (slices[0], slices[1], slices[2])
