import gzip
import os
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.image.whole_files import IncompleteError, check_nifti_complete, native_messages


@pytest.fixture(params=["nii", "nii.gz"])
def nifti(tmp_path, request):
    path = tmp_path / f"image.{request.param}"
    values = np.random.default_rng(2).integers(0, 999, (7, 8, 9)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
    return path


def test_whole_files_pass(nifti):
    check_nifti_complete(nifti)


@pytest.mark.parametrize("missing", [1, 9, 400])
def test_cut_files_do_not(nifti, missing):
    nifti.write_bytes(nifti.read_bytes()[:-missing])
    with pytest.raises(IncompleteError, match=r"cut short|bytes that its header demands"):
        check_nifti_complete(nifti)


def test_damaged_compression(tmp_path):
    path = tmp_path / "image.nii.gz"
    content = bytearray(gzip.compress(bytes(5000)))
    content[-6] ^= 1
    path.write_bytes(content)
    with pytest.raises(IncompleteError, match="damaged"):
        check_nifti_complete(path)


def test_big_endian_and_version_2():
    """Sizes from the headers of the two versions, by their own definition of the fields."""
    from LuDosimetryLib.image.whole_files import _nifti_bytes

    one = np.zeros(
        1,
        np.dtype(
            {
                "names": ["n", "dim", "bits", "off"],
                "formats": [">i4", "8>i2", ">i2", ">f4"],
                "offsets": [0, 40, 72, 108],
                "itemsize": 352,
            }
        ),
    )
    one["n"], one["dim"], one["bits"], one["off"] = 348, (3, 4, 5, 6, 1, 1, 1, 1), 32, 352
    assert _nifti_bytes(one.tobytes()) == 352 + 4 * 5 * 6 * 4
    two = np.zeros(
        1,
        np.dtype(
            {
                "names": ["n", "dim", "bits", "off"],
                "formats": ["<i4", "8<i8", "<i2", "<i8"],
                "offsets": [0, 16, 14, 168],
                "itemsize": 544,
            }
        ),
    )
    two["n"], two["dim"], two["bits"], two["off"] = 540, (3, 4, 5, 6, 1, 1, 1, 1), 16, 544
    assert _nifti_bytes(two.tobytes()) == 544 + 4 * 5 * 6 * 2
    assert _nifti_bytes(b"no header") is None


def test_messages_of_c_libraries_stay_off_the_console(capfd):
    with native_messages() as said:
        os.write(2, b"MetaImage: broken\n\n")
    assert said == ["MetaImage: broken"]
    print("after", file=sys.stderr)
    assert capfd.readouterr().err == "after\n"
