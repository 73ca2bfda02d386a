import struct

import pytest
from pydicom import dcmread

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.dicom_files.folder import read_header
from LuDosimetryLib.dicom_files.structure import DamagedError, check_structure, meta_end


@pytest.mark.parametrize("syntax", ["implicit", "explicit", "big"])
def test_every_cut_is_found(study, syntax):
    """But for one after the pixels, where nothing is missing."""
    study.syntax = syntax
    (path, *_) = study.nm_scans()
    whole = path.read_bytes()
    start = meta_end(whole)
    check_structure(whole, start, syntax != "implicit", syntax != "big")
    pixels = len(whole) - len(dcmread(path).PixelData)
    boundaries = 0
    for end in range(start + 1, pixels + 1, 7):
        try:
            check_structure(whole[:end], start, syntax != "implicit", syntax != "big")
            boundaries += 1  # between two elements: the pixels are found missing later
        except DamagedError:
            pass
    assert boundaries < 20


def test_a_file_without_group_length(study):
    (path, *_) = study.nm_scans()
    whole = path.read_bytes()
    assert whole[132:140] == b"\x02\0\0\0UL\x04\0"
    path.write_bytes(whole[:132] + whole[144:])
    header = read_header(path)
    assert header is not None
    assert header.text("Modality") == "NM"


def test_padding_at_the_end_is_no_damage(study):
    (path, *_) = study.nm_scans()
    whole = path.read_bytes()
    padding = struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 6) + b"abcdef"
    for more in (b"\0" * 50, padding):
        path.write_bytes(whole + more)
        assert read_header(path) is not None
    path.write_bytes(whole + b"garbage at the end of the file")
    with pytest.raises(InvalidInput, match="damaged or cut short"):
        read_header(path)


def test_sequences_within_sequences(study):
    study.anatomy(contours=True)
    path = study.folder / "organs.dcm"
    whole = path.read_bytes()
    start, between = meta_end(whole), 0
    for end in range(start + 1, len(whole), 97):
        try:
            check_structure(whole[:end], start, True, True)
            between += 1
        except DamagedError:
            pass
    assert between < 3
