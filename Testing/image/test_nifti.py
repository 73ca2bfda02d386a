import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.image.nifti import _Header, check_nifti
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.image.whole_files import IncompleteError


def _bytes(content: bytes) -> int:
    """Size of a file by its header."""
    header = _Header.of(content)
    assert header is not None
    return int(header.offset) + header.data_bytes


@pytest.fixture(params=["nii", "nii.gz"])
def nifti(tmp_path, request):
    path = tmp_path / f"image.{request.param}"
    values = np.random.default_rng(2).integers(0, 999, (7, 8, 9)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
    return path


def test_whole_files_pass(nifti):
    check_nifti(nifti)


@pytest.mark.parametrize("missing", [1, 9, 400])
def test_cut_files_do_not(nifti, missing):
    nifti.write_bytes(nifti.read_bytes()[:-missing])
    with pytest.raises(IncompleteError, match=r"cut short|bytes that its header demands"):
        check_nifti(nifti)


def test_damaged_compression(tmp_path):
    path = tmp_path / "image.nii.gz"
    content = bytearray(gzip.compress(bytes(5000)))
    content[-6] ^= 1
    path.write_bytes(content)
    with pytest.raises(IncompleteError, match="damaged"):
        check_nifti(path)


def header(formats, offsets, itemsize):
    """An empty header with the fields that sizes follow from."""
    fields = {"names": ["n", "dim", "bits", "off"], "formats": formats, "offsets": offsets}
    return np.zeros(1, np.dtype({**fields, "itemsize": itemsize}))


def test_big_endian_and_version_2():
    """Sizes from the headers of the two versions, by their own definition of the fields."""
    one = header([">i4", "8>i2", ">i2", ">f4"], [0, 40, 72, 108], 352)
    one["n"], one["dim"], one["bits"], one["off"] = 348, (3, 4, 5, 6, 1, 1, 1, 1), 32, 352
    assert _bytes(one.tobytes()) == 352 + 4 * 5 * 6 * 4
    two = header(["<i4", "8<i8", "<i2", "<i8"], [0, 16, 14, 168], 544)
    two["n"], two["dim"], two["bits"], two["off"] = 540, (3, 4, 5, 6, 1, 1, 1, 1), 16, 544
    assert _bytes(two.tobytes()) == 544 + 4 * 5 * 6 * 2
    assert _Header.of(b"no header") is None


def _moved(content: bytearray) -> None:
    (x,) = struct.unpack_from("<f", content, 268)
    struct.pack_into("<f", content, 268, x + 40.0)


def _flipped(content: bytearray) -> None:
    for k in range(4):
        (x,) = struct.unpack_from("<f", content, 280 + 4 * k)
        struct.pack_into("<f", content, 280 + 4 * k, -x)


def _sheared(content: bytearray) -> None:
    struct.pack_into("<h", content, 252, 0)
    struct.pack_into("<f", content, 284, 1.5)


def _offset(value: float):
    return lambda content: struct.pack_into("<f", content, 108, value)


CONTRADICTIONS = {
    "qform moved": (_moved, "qform and sform"),
    "sform flipped": (_flipped, "qform and sform"),
    "sform sheared": (_sheared, "right angles"),
    **{
        f"offset {value}": (_offset(value), "vox_offset")
        for value in (0.0, -352.0, 348.0, 353.0, float("nan"), float("inf"))
    },
}


@pytest.mark.parametrize("kind", CONTRADICTIONS)
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_headers_that_contradict_themselves(tmp_path, kind, ending):
    change, said = CONTRADICTIONS[kind]
    image = sitk.GetImageFromArray(np.random.default_rng(2).normal(0, 1, (7, 8, 9)).astype("f4"))
    image.SetSpacing((2.0, 3.0, 4.0))
    image.SetOrigin((-8.0, 5.0, 12.0))
    plain = tmp_path / "plain.nii"
    sitk.WriteImage(image, str(plain))
    check_nifti(plain)
    content = bytearray(plain.read_bytes())
    change(content)
    path: Path = tmp_path / f"image.{ending}"
    path.write_bytes(gzip.compress(bytes(content)) if ending == "nii.gz" else bytes(content))
    with pytest.raises(InvalidInput, match=said) as refusal:
        read_volume(path, "CT")
    assert str(path) in str(refusal.value)


def test_forms_of_turned_images_agree(tmp_path):
    """ITK writes both forms; qform by quaternion, sform by rows: of any turn they are one."""
    from scipy.spatial.transform import Rotation

    for seed in range(20):
        image = sitk.GetImageFromArray(np.ones((5, 6, 7), np.float32))
        image.SetSpacing((1.5, 2.5, 3.5))
        image.SetOrigin((100.0, -200.0, 50.0))
        turn = Rotation.random(random_state=seed).as_matrix()
        turn[:, seed % 3] *= 1.0 if seed % 2 else -1.0
        image.SetDirection(turn.reshape(-1))
        path = tmp_path / "turned.nii"
        sitk.WriteImage(image, str(path))
        check_nifti(path)
