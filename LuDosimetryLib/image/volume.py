"""Volumes: values on a grid with axes (k, j, i), reading and writing of image files."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..base.checks import check_path
from ..base.errors import InvalidInput
from ..base.storage import check_replaceable
from ..dicom_files.plain_image import check_plain_reading
from .arrays import Array
from .grid import Grid
from .nifti import ContradictionError, check_nifti
from .whole_files import IncompleteError, check_evenly_spaced, native_messages


@dataclass(frozen=True)
class Volume:
    """
    Scalar image.

    Attributes
    ----------
    values : ndarray, shape (k, j, i)
    grid : Grid
    """

    values: Array
    grid: Grid

    def to_sitk(self) -> sitk.Image:
        """Convert to a SimpleITK image; the values are copied."""
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
        Description for error messages, for example "SPECT of time point 2".

    Raises
    ------
    InvalidInput
        If the file is missing or unreadable, or is not a three-dimensional image.
    """
    check_path(path, what)
    try:
        if not path.exists():
            raise InvalidInput(f"{what}: there is no file {path}; check the path.")
        if not (path.is_file() or path.is_dir()):
            raise InvalidInput(
                f"{what}: {path} is a device or a pipe; give a file or a DICOM folder."
            )
        image = _read(path, what)
    except IncompleteError as error:
        raise InvalidInput(
            f"{what}: {path} is not complete: {error}; copy or export it again."
        ) from None
    except ContradictionError as error:
        raise InvalidInput(
            f"{what}: {path} contradicts itself: {error}; save it again from the program that made it."
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
    if Grid.of(image).is_sheared:
        raise InvalidInput(
            f"{what}: {path} has axes that are not at right angles (a sheared grid); resample it to a grid with right angles."
        )
    return image


def _read(path: Path, what: str) -> sitk.Image:
    if not path.is_dir():
        check_plain_reading(path)
        if path.name.lower().endswith((".nii", ".nii.gz")):
            check_nifti(path)
        with native_messages() as printed:
            try:
                return sitk.ReadImage(str(path))
            except RuntimeError as error:
                known = error
        raise RuntimeError(printed[-1] if printed else str(known))
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
    with np.errstate(over="ignore"):  # what float32 cannot hold counts as infinite
        values = values.astype(np.float32, copy=False)
    bad = int(values.size - np.isfinite(values).sum())
    if bad:
        raise InvalidInput(
            f"{what}: {path} has {bad} voxels that are not finite (NaN or infinite); every voxel must be a finite number."
        )
    return Volume(values, Grid.of(image))


def write_volume(path: Path, volume: Volume, unit: str) -> None:
    """
    Write an image; its unit is written into the header of a NRRD file.

    Parameters
    ----------
    path : Path
        NRRD (``.nrrd``) or any format that SimpleITK writes; the file is complete or absent.
    volume : Volume
    unit : str
        UCUM unit of the values, for example ``"Gy"``.
    """
    check_replaceable(path)
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
