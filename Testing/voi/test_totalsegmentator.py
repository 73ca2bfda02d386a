"""Label images as TotalSegmentator writes them: with and without names, a file each class, in a case."""

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.parts import Segmentation
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.voi.read import read_vois
from LuDosimetryLib.voi.totalsegmentator import CLASS_LISTS, class_list, label_table

GRID = Grid.axial((6, 8, 10), (4.0, 4.0, 4.0))


def labels(**at):
    """A label image with boxes: label value by its range of k."""
    values = np.zeros(GRID.shape, np.uint8)
    for value, k in at.items():
        values[k, 2:6, 2:7] = int(value[1:])
    return values


def write(path, values, names=None):
    """A NIfTI label image; names go into its header extension, as TotalSegmentator writes them."""
    sitk.WriteImage(Volume(values, GRID).to_sitk(), str(path))
    if names is None:
        return path
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    entries = "\n".join(
        f'<Label Key="{key}" Red="1" Green="0" Blue="0" Alpha="1"><![CDATA[{name}]]></Label>'
        for key, name in names.items()
    )
    table = f'<?xml version="1.0"?> <CaretExtension><VolumeInformation Index="0"><LabelTable>{entries}</LabelTable></VolumeInformation></CaretExtension>'.encode()
    table += b"\0" * (-(len(table) + 8) % 16)
    start = 352 + 8 + len(table)
    extension = b"\1\0\0\0" + struct.pack("<ii", 8 + len(table), 0) + table
    header = content[:108] + struct.pack("<f", start) + content[112:348]
    content = header + extension + content[352:]
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def vois(path, wanted="totalsegmentator", log=None, **more):
    return read_vois(Segmentation(path, wanted, **more), GRID, log)


def test_numbers_of_the_class_list(tmp_path):
    path = write(tmp_path / "seg.nii.gz", labels(v2=1, v3=2, v5=4))
    log = Log()
    found = vois(path, log=log)
    assert list(found) == ["kidney_right", "kidney_left", "liver"]
    assert found["liver"].sum() == 20
    assert log.remarks == [
        "The labels of the segmentation were named by TotalSegmentator: task total of version 2."
    ]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("totalsegmentator", "pancreas"),
        ("totalsegmentator-v2", "pancreas"),
        ("totalsegmentator-v1", "aorta"),
        ("totalsegmentator-mr", "pancreas"),
    ],
)
def test_versions(tmp_path, wanted, name):
    assert list(vois(write(tmp_path / "seg.nii", labels(v7=3)), wanted)) == [name]


def test_numbers_that_the_list_does_not_know(tmp_path):
    path = write(tmp_path / "seg.nii.gz", labels(v110=3))
    assert list(vois(path)) == ["rib_right_7"]
    with pytest.raises(
        InvalidInput, match=r"label 110.*version 1 does not have.*allowed: totalsegmentator-v2"
    ):
        vois(path, "totalsegmentator-v1")
    with pytest.raises(
        InvalidInput, match=r"label 200.*has 117 classes.*allowed: labels by number"
    ):
        vois(write(path, labels(v200=3)))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_names_that_the_file_brings_along(tmp_path, suffix):
    names = {1: "spleen", 2: "my tumour", 9: "absent"}
    path = write(tmp_path / f"seg{suffix}", labels(v1=1, v2=3), names)
    assert label_table(path) == names
    log = Log()
    assert list(vois(path, log=log)) == ["spleen", "my tumour"]
    assert "named by TotalSegmentator: the file's own table" in log.remarks[0]
    # without a list of classes too, and by their names in labels
    assert list(vois(path, {})) == ["spleen", "my tumour"]
    assert list(vois(path, {"my tumour": "tumour"})) == ["tumour"]
    with pytest.raises(InvalidInput, match="contains other names, for example label 1 'spleen'"):
        vois(path, "totalsegmentator-v1")


def test_tables_that_agree_with_the_list(tmp_path):
    names = {1: "spleen", 2: "kidney_right"}
    path = write(tmp_path / "seg.nii.gz", labels(v2=3), names)
    assert list(vois(path, "totalsegmentator-v1")) == ["kidney_right"]


def test_a_file_each_class(tmp_path):
    for name, k in (("kidney_left", 1), ("kidney_right", 2), ("face", None)):
        values = np.zeros(GRID.shape, np.uint8)
        if k is not None:
            values[k, 2:6, 2:7] = 1
        write(tmp_path / f"{name}.nii.gz", values)
    (tmp_path / "statistics.json").write_text("{}", encoding="utf-8")
    found = vois(tmp_path, differences={"kidneys": ["kidney_left", "kidney_right"]})
    assert list(found) == ["kidney_left", "kidney_right", "kidneys"]
    with pytest.raises(InvalidInput, match="holds no masks"):
        vois(tmp_path / "..")


def test_classes_beyond_the_grid_are_left_out(tmp_path):
    path = write(tmp_path / "seg.nii.gz", labels(v90=0, v5=4))
    small = GRID.crop((slice(3, 6), slice(0, 8), slice(0, 10)))
    log = Log()
    found = read_vois(Segmentation(path, "totalsegmentator"), small, log)
    assert list(found) == ["liver"]
    assert "1 classes of the segmentation lie beyond the SPECT's field of view" in log.remarks[-1]
    with pytest.raises(InvalidInput, match="has no class with a voxel on the SPECT grid"):
        vois(write(path, labels()))


def test_slicers_segmentation_has_names_of_its_own(tmp_path):
    from LuDosimetryLib.voi.write import Segment, write_segmentation

    mask = labels(v1=2) > 0
    write_segmentation(tmp_path / "a.seg.nrrd", [Segment("left kidney", mask)], GRID)
    assert list(vois(tmp_path / "a.seg.nrrd")) == ["left kidney"]


def test_no_such_list():
    with pytest.raises(
        InvalidInput, match="labels is 'totalsegmentor'; did you mean 'totalsegmentator'"
    ):
        Segmentation("a.nii", "totalsegmentor")
    with pytest.raises(InvalidInput, match=r"labels is 5; it must be a JSON object"):
        Segmentation("a.nii", 5)
    known = class_list("totalsegmentator", Path("organs.nrrd"), [1])
    assert known.title == "task total of version 2"


def test_the_lists():
    """As published: how many, and some by their numbers."""
    known = {name: of.names for name, of in CLASS_LISTS.items()}
    assert {name: len(of) for name, of in known.items()} == {
        "totalsegmentator-v2": 117,
        "totalsegmentator-v1": 104,
        "totalsegmentator-mr": 50,
    }
    for of in known.values():
        assert sorted(of) == list(range(1, len(of) + 1))
        assert len(set(of.values())) == len(of)
        assert [of[n] for n in (1, 2, 3, 5)] == ["spleen", "kidney_right", "kidney_left", "liver"]
    v2, v1 = known["totalsegmentator-v2"], known["totalsegmentator-v1"]
    assert [v2[n] for n in (17, 21, 26, 51, 79, 90, 117)] == [
        *("thyroid_gland", "urinary_bladder", "vertebrae_S1", "heart", "spinal_cord", "brain"),
        "costal_cartilages",
    ]
    assert [v1[n] for n in (18, 50, 57, 93, 104)] == [
        *("vertebrae_L5", "brain", "colon", "face", "urinary_bladder"),
    ]


def test_a_case(case_folder):
    """Absent classes, one of air and one outside the patient do not stop the run; kidneys have their BED."""
    organs = sitk.ReadImage(str(case_folder.folder / "organs.nrrd"))
    values = sitk.GetArrayFromImage(organs)
    of = {1: 3, 2: 5, 3: 10}
    renamed = np.zeros_like(values)
    for old, new in of.items():
        renamed[values == old] = new
    renamed[:2, :2, :2] = 16  # the trachea, in the air beside the patient
    image = sitk.GetImageFromArray(renamed)
    image.CopyInformation(organs)
    sitk.WriteImage(image, str(case_folder.folder / "seg.nii.gz"))
    case_folder.change("segmentation", to={"file": "seg.nii.gz", "labels": "totalsegmentator"})
    case_folder.change("options", "dose_method", to="local")
    case = Case.read(case_folder.file)
    assert json.loads(json.dumps(case.to_dict()))["segmentation"]["labels"] == "totalsegmentator"
    result = run_case(case)
    assert [organ.name for organ in result.organs] == [
        "kidney_left",
        "liver",
        "lung_upper_lobe_left",
    ]
    assert result.organs[0].BED_Gy is not None
    assert result.organs[1].BED_Gy is None
    assert any("were left out: trachea" in remark for remark in result.warnings)
