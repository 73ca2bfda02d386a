"""Slicer segmentation files: layers, header, reading back."""

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.case.parts import Segmentation
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.voi.read import read_vois
from LuDosimetryLib.voi.write import Segment, write_segmentation

FLIPPED = Grid(
    (12, 14, 16),
    (2.0, 3.0, 4.0),
    (10.5, -20.25, 30.0),
    (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0),
)


def box(*bounds):
    mask = np.zeros(FLIPPED.shape, bool)
    mask[tuple(slice(*b) for b in bounds)] = True
    return mask


SEGMENTS = [
    Segment("liver", box((1, 8), (2, 9), (3, 10))),
    Segment("left kidney", box((9, 11), (9, 12), (11, 15))),
    Segment("liver tumour 1", box((2, 4), (3, 5), (4, 6))),
    Segment("liver tumour 2", box((5, 7), (6, 8), (7, 9))),
]


def header(path):
    return path.read_bytes().split(b"\n\n")[0].decode().splitlines()


def test_overlapping_segments_read_back_on_their_grid(tmp_path):
    path = tmp_path / "organs.seg.nrrd"
    write_segmentation(path, SEGMENTS, FLIPPED)
    assert Grid.of(sitk.ReadImage(str(path))).same_as(FLIPPED)
    labels = {segment.identity: segment.name for segment in SEGMENTS}
    differences = {"liver without tumours": ["liver", "liver tumour 1", "liver tumour 2"]}
    vois = read_vois(Segmentation(path, labels, differences), FLIPPED)
    for segment in SEGMENTS:
        assert np.array_equal(vois[segment.name], segment.mask)
    assert vois["liver without tumours"].sum() == 7**3 - 2 * 2**3


def test_the_header_is_what_slicer_writes(tmp_path):
    path = tmp_path / "organs.seg.nrrd"
    write_segmentation(path, SEGMENTS, FLIPPED)
    lines = header(path)
    assert lines[0] == "NRRD0004"
    assert "kinds: list domain domain domain" in lines
    assert "space: left-posterior-superior" in lines
    assert "sizes: 2 16 14 12" in lines
    fields = dict(line.split(":=", 1) for line in lines if ":=" in line)
    assert [fields[f"Segment{n}_Layer"] for n in range(4)] == ["0", "0", "1", "1"]
    assert [fields[f"Segment{n}_LabelValue"] for n in range(4)] == ["1", "2", "3", "4"]
    # Slicer crops a layer to the extent of its first segment
    assert {fields[f"Segment{n}_Extent"] for n in range(4)} == {"0 15 0 13 0 11"}
    assert "SCT^64033007^Kidney~SCT^7771000^Left" in fields["Segment1_Tags"]
    assert fields["Segmentation_MasterRepresentation"] == "Binary labelmap"
    geometry = fields["Segmentation_ConversionParameters"].split("|")[1]
    # RAS: the flipped x and y axes of LPS point along +x and +y
    assert geometry == "4;0;0;-10.5;0;3;0;20.25;0;0;2;30;0;0;0;1;0;15;0;13;0;11;"


def test_segments_that_do_not_overlap_make_a_plain_label_image(tmp_path):
    path = tmp_path / "organs.seg.nrrd"
    write_segmentation(path, SEGMENTS[:2], FLIPPED)
    image = sitk.ReadImage(str(path))
    assert image.GetNumberOfComponentsPerPixel() == 1
    assert "kinds: domain domain domain" in header(path)
    assert np.array_equal(sitk.GetArrayFromImage(image) == 2, SEGMENTS[1].mask)


def test_the_same_segments_make_the_same_bytes(tmp_path):
    paths = [tmp_path / f"{n}.seg.nrrd" for n in range(2)]
    for path in paths:
        write_segmentation(path, SEGMENTS, FLIPPED)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("name", ["spine", "lumbar marrow", "lungs", "bone metastasis 1"])
def test_any_name_has_colour_and_terminology(tmp_path, name):
    path = tmp_path / "one.seg.nrrd"
    write_segmentation(path, [Segment(name, SEGMENTS[0].mask)], FLIPPED)
    fields = dict(line.split(":=", 1) for line in header(path) if ":=" in line)
    assert len(fields["Segment0_Color"].split()) == 3
    assert fields["Segment0_Tags"].startswith("TerminologyEntry:")
    assert fields["Segment0_Tags"].count("~") == 6
