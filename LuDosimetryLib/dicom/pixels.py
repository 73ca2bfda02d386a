"""Stored values of DICOM images, of any transfer syntax."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..dicom_files.availability import quiet
from ..dicom_files.header import Header
from ..image.whole_files import native_messages

Stored = NDArray[Any]
"""As small as the file keeps them, since a CT may have hundreds of frames."""

_MOST_VOXELS = 1 << 30
_PLAIN_SYNTAXES = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)


def stored_values(header: Header) -> Stored:
    """
    The values of an image as stored, before any rescaling.

    Parameters
    ----------
    header : Header
        With its pixels.

    Returns
    -------
    ndarray, shape (frame, row, column)

    Raises
    ------
    InvalidInput
        For images in colour, pixels that are missing or cut short, and those no decoder reads.
    """
    rows, columns = header.needed_whole("Rows"), header.needed_whole("Columns")
    frames = 1 if header.get("NumberOfFrames") is None else header.needed_whole("NumberOfFrames")
    if (samples := header.get("SamplesPerPixel")) not in (None, 1):
        raise header.refused("SamplesPerPixel", f"is {samples}; expected 1 (no colour)")
    if rows * columns * frames > _MOST_VOXELS:
        raise header.refused("NumberOfFrames", f"makes {rows * columns * frames} voxels: too many")
    shape = (frames, rows, columns)
    syntax = str(header.dataset.file_meta.TransferSyntaxUID)
    order = ">" if syntax == "1.2.840.10008.1.2.2" else "<"
    for keyword, kind in (("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")):
        if header.dataset.get(keyword) is not None:
            return _floating(header, keyword, np.dtype(order + kind), shape)
    if header.dataset.get("PixelData") is None:
        raise header.refused("PixelData", "is missing: the file holds no image or is cut short")
    if syntax not in _PLAIN_SYNTAXES:
        return _decompressed(header, shape)
    return _plain(header, order, shape)


def _floating(
    header: Header, keyword: str, kind: np.dtype[np.floating], shape: tuple[int, int, int]
) -> Stored:
    content = header.dataset.get(keyword)
    if len(content) < kind.itemsize * int(np.prod(shape)):
        raise header.refused(keyword, f"has {len(content)} bytes; too few for {shape} values")
    return np.frombuffer(content, kind, int(np.prod(shape))).reshape(shape)


def _plain(header: Header, order: str, shape: tuple[int, int, int]) -> Stored:
    bits = header.needed_whole("BitsAllocated", 8, 32)
    if bits not in (8, 16, 32):
        raise header.refused("BitsAllocated", f"is {bits}; expected 8, 16 or 32")
    content = header.dataset.PixelData
    count = int(np.prod(shape))
    # exact but for the one byte that makes the length even: else the size told is a wrong one
    if not 0 <= len(content) - count * bits // 8 <= 1:
        raise header.refused(
            "PixelData",
            f"has {len(content)} bytes; {shape[0]} frames of {shape[1]} rows and {shape[2]} columns of "
            f"{bits} bits have {count * bits // 8}",
        )
    if bits == 8 and order == ">" and header.dataset["PixelData"].VR == "OW":
        content = np.frombuffer(content[: len(content) & ~1], "<u2").byteswap().tobytes()
    wide = np.int64 if bits == 32 else np.int32
    values = np.frombuffer(content, f"{order}u{bits // 8}", count).astype(wide)
    return _of_bits(header, values, bits).reshape(shape)


def _of_bits(header: Header, values: Stored, allocated: int) -> Stored:
    """The stored bits of allocated ones, with their sign."""
    stored = allocated
    if header.get("BitsStored") is not None:
        stored = header.needed_whole("BitsStored", 1, allocated)
    high = header.number("HighBit")
    if high is not None and int(high) != stored - 1:
        raise header.refused("HighBit", f"is {high:g}; expected {stored - 1}, BitsStored less 1")
    values &= (1 << stored) - 1
    if _signed(header):
        values = (values ^ (1 << (stored - 1))) - (1 << (stored - 1))
    return values


def _signed(header: Header) -> bool:
    if header.get("PixelRepresentation") is None:
        raise header.lacking("PixelRepresentation")
    return header.needed_whole("PixelRepresentation", 0, 1) == 1


def _decompressed(header: Header, shape: tuple[int, int, int]) -> Stored:
    """By GDCM, from a copy of the pixels without the rest, so that nothing is rescaled."""
    from pydicom.dataset import Dataset

    bare = Dataset()
    bare.file_meta = header.dataset.file_meta
    bare.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    bare.SOPInstanceUID = "2.25.1"
    try:
        with quiet(), tempfile.TemporaryDirectory() as folder:
            for keyword in (
                *("SamplesPerPixel", "Rows", "Columns"),
                *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
                *("NumberOfFrames", "PixelData"),
            ):
                if keyword in header.dataset:
                    bare[keyword] = header.dataset[keyword]
            bare.PhotometricInterpretation = "MONOCHROME2"  # else GDCM inverts the other kind
            meta = bare.file_meta
            meta.MediaStorageSOPClassUID = bare.SOPClassUID
            meta.MediaStorageSOPInstanceUID = bare.SOPInstanceUID
            path = Path(folder) / "pixels.dcm"
            bare.save_as(path, enforce_file_format=True)
            with native_messages() as said:
                image = sitk.ReadImage(str(path))
    except Exception as error:
        raise header.refused(
            "PixelData", f"cannot be decompressed ({str(error).strip().splitlines()[-1][:120]})"
        ) from None
    if said:
        raise header.refused("PixelData", f"is damaged ({said[-1][:120]})")
    values = sitk.GetArrayFromImage(image)
    if values.size != int(np.prod(shape)) or image.GetNumberOfComponentsPerPixel() != 1:
        raise header.refused("PixelData", f"holds {values.shape} values; expected {shape}")
    return np.asarray(values.reshape(shape))
