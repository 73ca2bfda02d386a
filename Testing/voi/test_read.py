import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.parts import Segmentation
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.voi.read import read_vois

GRID = Grid.axial((8, 9, 10), (4.0, 4.0, 4.0))
LABELS = np.zeros(GRID.shape, np.uint8)
LABELS[1:4, 1:4, 1:4] = 1
LABELS[5:7, 5:7, 5:7] = 2
LABELS[0, 0, 0] = 7


@pytest.fixture
def label_image(tmp_path):
    write_volume(tmp_path / "labels.nrrd", Volume(LABELS, GRID), "")
    return tmp_path / "labels.nrrd"


def slicer_segmentation(path, layers, segments, **header):
    """A file as Slicer writes it: layers as components, a header entry for every property."""
    image = sitk.Compose([Volume(layer, GRID).to_sitk() for layer in layers])
    if len(layers) == 1:
        image = Volume(layers[0], GRID).to_sitk()
    for n, (identity, name, layer, value) in enumerate(segments):
        for key, entry in {
            "ID": identity,
            "Name": name,
            "Layer": str(layer),
            "LabelValue": str(value),
            "Color": "0.5 0.5 0.5",
            "Extent": "0 9 0 8 0 7",
            "Tags": "TerminologyEntry:Segmentation category and type~x|",
        }.items():
            image.SetMetaData(f"Segment{n}_{key}", entry)
    image.SetMetaData("Segmentation_MasterRepresentation", "Binary labelmap")
    for key, entry in header.items():
        image.SetMetaData(key, entry)
    sitk.WriteImage(image, str(path), useCompression=True)
    return path


@pytest.fixture
def overlapping(tmp_path):
    liver = np.zeros(GRID.shape, np.uint8)
    liver[1:7, 1:7, 1:7] = 1
    tumour = np.zeros(GRID.shape, np.uint8)
    tumour[3:5, 3:5, 3:5] = 1
    tumour[6:8, 6:8, 6:8] = 2
    segments = [
        ("Segment_1", "liver", 0, 1),
        ("Segment_2", "tumour 1", 1, 1),
        ("Segment_3", "tumour 2", 1, 2),
    ]
    return slicer_segmentation(tmp_path / "organs.seg.nrrd", [liver, tumour], segments)


def test_labels_of_an_image(label_image):
    vois = read_vois(Segmentation(label_image, {"2": "spleen", "1": "liver"}), GRID)
    assert list(vois) == ["spleen", "liver"]
    np.testing.assert_array_equal(vois["liver"], LABELS == 1)
    every = read_vois(Segmentation(label_image), GRID)
    assert list(every) == ["label 1", "label 2", "label 7"]


def test_labels_on_another_grid(label_image):
    vois = read_vois(Segmentation(label_image, {"1": "liver"}), GRID.refined((2, 2, 2)))
    np.testing.assert_array_equal(
        vois["liver"], (LABELS == 1).repeat(2, 0).repeat(2, 1).repeat(2, 2)
    )


def test_segments_may_overlap(overlapping):
    vois = read_vois(Segmentation(overlapping), GRID)
    assert {name: int(mask.sum()) for name, mask in vois.items()} == {
        "liver": 216,
        "tumour 1": 8,
        "tumour 2": 8,
    }
    assert (vois["liver"] & vois["tumour 1"]).sum() == 8
    assert (vois["liver"] & vois["tumour 2"]).sum() == 1


@pytest.mark.parametrize("key", ["Segment_3", "tumour 2", "2"])
def test_segments_by_id_name_or_label_value(overlapping, key):
    vois = read_vois(Segmentation(overlapping, {key: "metastasis"}), GRID)
    assert {name: int(mask.sum()) for name, mask in vois.items()} == {"metastasis": 8}


def test_a_segmentation_of_one_layer(tmp_path):
    path = slicer_segmentation(
        tmp_path / "a.seg.nrrd", [LABELS], [("S1", "liver", 0, 1), ("S2", "cyst", 0, 2)]
    )
    vois = read_vois(Segmentation(path), GRID)
    assert {name: int(mask.sum()) for name, mask in vois.items()} == {"liver": 27, "cyst": 8}


def test_differences(overlapping):
    rest = {"healthy": ["liver", "tumour 1", "tumour 2"]}
    vois = read_vois(Segmentation(overlapping, {}, rest), GRID)
    assert list(vois)[-1] == "healthy"
    expected = vois["liver"] & ~vois["tumour 1"] & ~vois["tumour 2"]
    np.testing.assert_array_equal(vois["healthy"], expected)
    assert expected.sum() == 216 - 8 - 1


def test_a_segment_cut_off_by_the_grid_is_worth_a_warning(label_image):
    log = Log()
    part = GRID.crop((slice(0, 8), slice(0, 9), slice(2, 10)))
    read_vois(Segmentation(label_image, {"1": "liver", "2": "spleen"}), part, log)
    assert len(log.remarks) == 1
    assert "33 % of 'liver' lies beyond" in log.remarks[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.full(GRID.shape, 0.5, np.float32), "not whole numbers"),
        (np.full(GRID.shape, np.nan, np.float32), "not whole numbers"),
        (np.full(GRID.shape, 1e12, np.float64), "at most 32 bits"),
        (np.zeros(GRID.shape, np.uint8), "it has: none"),
    ],
)
def test_images_that_are_no_segmentation(tmp_path, values, expected):
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
    with pytest.raises(InvalidInput, match=expected):
        read_vois(Segmentation(path, {"1": "liver"}), GRID)


def test_whole_numbers_may_be_stored_as_floats(tmp_path):
    write_volume(tmp_path / "labels.nrrd", Volume(LABELS.astype(np.float32), GRID), "")
    vois = read_vois(Segmentation(tmp_path / "labels.nrrd", {"1": "liver"}), GRID)
    assert vois["liver"].sum() == 27


def test_a_colour_image_is_no_segmentation(tmp_path):
    image = Volume(LABELS, GRID).to_sitk()
    sitk.WriteImage(sitk.Compose(image, image, image), str(tmp_path / "a.nrrd"))
    with pytest.raises(InvalidInput, match="3 values per voxel but describes no segments"):
        read_vois(Segmentation(tmp_path / "a.nrrd"), GRID)


@pytest.mark.parametrize(
    ("segments", "labels", "expected"),
    [
        (
            [("S1", "liver", 0, 1), ("S2", "liver", 0, 2)],
            {},
            "more than one segment called 'liver'",
        ),
        ([("S1", "liver", 0, 1), ("S2", "liver", 0, 2)], {"liver": "x"}, "more than one segment"),
        ([("S1", "liver", 3, 1)], {}, "of layer '3'"),
        ([("S1", "liver", 0, "one")], {}, "at label 'one'"),
        ([("S1", "liver", 0, 1)], {"S2": "spleen"}, "label 'S2' is not in .*; it has: S1"),
        ([("S1", "liver", 0, 5)], {}, "has no voxel on the SPECT grid"),
    ],
)
def test_segmentations_that_are_wrong(tmp_path, segments, labels, expected):
    path = slicer_segmentation(tmp_path / "a.seg.nrrd", [LABELS], segments)
    with pytest.raises(InvalidInput, match=expected):
        read_vois(Segmentation(path, labels), GRID)
