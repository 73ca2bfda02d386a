import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.image.arrays import bounding_box
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.resampling import average_onto, resample
from LuDosimetryLib.image.volume import Volume, read_image, read_volume, write_volume

RNG = np.random.default_rng(3)


def turned(grid: Grid, degrees: tuple[float, float, float]) -> Grid:
    """The grid turned about its centre."""
    turn = Rotation.from_euler("zyx", degrees, degrees=True).as_matrix()
    direction = turn @ np.array(grid.direction).reshape(3, 3)
    middle = np.array([[0.5 * (n - 1)] for n in grid.shape[::-1]])
    centre = grid.positions(middle)[:, 0]
    origin = centre + turn @ (np.array(grid.origin_mm) - centre)
    return Grid(grid.shape, grid.spacing_mm, tuple(origin), tuple(direction.reshape(-1)))


def integral(values: np.ndarray, grid: Grid) -> float:
    return float(values.sum(dtype=np.float64)) * grid.voxel_volume_mL


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(*[st.floats(1.0, 5.0)] * 3),
    st.tuples(*[st.floats(2.0, 6.0)] * 3),
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.tuples(*[st.floats(-5, 5)] * 3),
)
def test_an_average_conserves_the_integral(source_mm, target_mm, degrees, centre):
    source = turned(Grid.axial((14, 15, 16), source_mm, centre), degrees)
    spots = np.zeros(source.shape, np.float32)
    spots[4:-4, 4:-4, 4:-4] = np.random.default_rng(8).random((6, 7, 8)) ** 4
    values = ndimage.gaussian_filter(spots, 1.0, mode="constant")
    reach = max(n * s for n, s in zip(source.shape, source.spacing_mm, strict=True)) * 1.5 + 20
    target = Grid.axial(tuple(int(reach / s) + 1 for s in target_mm), target_mm)
    mean = average_onto(Volume(values, source), target, 0.0)
    assert mean.dtype == np.float32
    assert integral(mean, target) == pytest.approx(integral(values, source), rel=0.01)


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(), (0,), (1, 2), (0, 1, 2)])
def test_the_order_and_direction_of_axes_do_not_matter(axes, flips):
    grid = Grid.axial((6, 8, 10), (4.0, 3.0, 2.0))
    values = RNG.random(grid.shape, np.float32)
    target = Grid.axial((4, 4, 4), (4.5, 4.5, 4.5), (0.3, 0.2, 0.1))
    image = sitk.PermuteAxes(Volume(values, grid).to_sitk(), [2 - a for a in axes[::-1]])
    image = sitk.Flip(image, [2 - axis in flips for axis in range(3)])
    other = Volume(sitk.GetArrayFromImage(image), Grid.of(image))
    for function in (average_onto, resample):
        expected = function(Volume(values, grid), target, 0.0)
        np.testing.assert_allclose(function(other, target, 0.0), expected, atol=2e-6)


def test_whole_blocks_are_averaged_exactly():
    fine = Grid.axial((12, 12, 12), (2.0, 1.0, 1.0))
    coarse = Grid.axial((4, 3, 2), (6.0, 4.0, 6.0))
    values = RNG.random(fine.shape, np.float32)
    blocks = values.reshape(4, 3, 3, 4, 2, 6).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(average_onto(Volume(values, fine), coarse, 0.0), blocks, rtol=1e-5)


def overlap(source_n: int, source_mm: float, target_n: int, target_mm: float) -> np.ndarray:
    """Part of each target voxel that each source voxel fills, both centred on 0, along an axis."""
    a = (np.arange(source_n + 1) - source_n / 2) * source_mm
    b = (np.arange(target_n + 1) - target_n / 2) * target_mm
    common = np.minimum(a[None, 1:], b[1:, None]) - np.maximum(a[None, :-1], b[:-1, None])
    return np.maximum(common, 0.0) / target_mm


@pytest.mark.parametrize("target_mm", [1.4, 2.6, 3.87, 5.3])
def test_an_average_is_that_by_overlap(target_mm):
    source = Grid.axial((30, 40, 50), (2.0, 1.0, 0.98))
    smooth = ndimage.gaussian_filter(RNG.random(source.shape), 2.0).astype(np.float32)
    target = Grid.axial((8, 9, 7), (target_mm,) * 3)
    weights = [
        overlap(n, s, m, target_mm)
        for n, s, m in zip(source.shape, source.spacing_mm, target.shape, strict=True)
    ]
    exact = np.einsum("ka,jb,ic,abc->kji", *weights, smooth)
    mean = average_onto(Volume(smooth, source), target, 0.0)
    inside = np.einsum("ka,jb,ic->kji", *weights) > 0.999
    assert inside.any()
    np.testing.assert_allclose(mean[inside], exact[inside], rtol=0.01)


def test_beyond_the_volume_there_is_what_is_outside():
    volume = Volume(np.ones((4, 4, 4), np.float32), Grid.axial((4,) * 3, (2.0,) * 3))
    target = Grid.axial((6,) * 3, (4.0,) * 3)
    mean = average_onto(volume, target, -5.0)
    assert (mean[2:4, 2:4, 2:4] == 1.0).all()
    assert mean[0].max() == mean[-1].max() == mean[:, 0].max() == -5.0
    far = Grid.axial((3,) * 3, (2.0,) * 3, (99.0, 0.0, 0.0))
    assert (average_onto(volume, far, -5.0) == -5.0).all()
    assert (resample(volume, far, -5.0) == -5.0).all()


@given(
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.floats(-10, 10),
)
def test_linear_fields_are_resampled_exactly(degrees, gradient, offset):
    def field(grid: Grid) -> np.ndarray:
        index = np.indices(grid.shape).reshape(3, -1)[::-1]
        return (np.array(gradient) @ grid.positions(index) + offset).reshape(grid.shape)

    source = turned(Grid.axial((20, 20, 20), (2.0, 3.0, 2.5)), degrees)
    target = Grid.axial((5, 4, 3), (3.0, 4.0, 5.0))
    volume = Volume(field(source).astype(np.float32), source)
    np.testing.assert_allclose(resample(volume, target, 0.0), field(target), atol=1e-3)
    np.testing.assert_allclose(average_onto(volume, target, 0.0), field(target), atol=1e-3)


def test_labels_keep_their_values():
    source = Grid.axial((6, 6, 6), (2.0, 2.0, 2.0))
    labels = RNG.integers(0, 9, source.shape).astype(np.int32)
    near = resample(Volume(labels, source), source.refined((2, 2, 2)), 0, "nearest")
    np.testing.assert_array_equal(near, labels.repeat(2, 0).repeat(2, 1).repeat(2, 2))


@pytest.mark.parametrize("extension", ["nrrd", "nii", "nii.gz", "mha"])
def test_a_volume_survives_its_file(tmp_path, extension):
    grid = turned(Grid.axial((3, 4, 5), (3.0, 2.0, 1.5), (10.0, 20.0, 30.0)), (10, 20, 30))
    volume = Volume(RNG.random(grid.shape, np.float32), grid)
    path = tmp_path / f"a.{extension}"
    write_volume(path, volume, "Gy")
    read = read_volume(path, "dose")
    np.testing.assert_array_equal(read.values, volume.values)
    assert read.values.dtype == np.float32
    assert read.grid.same_as(grid, 1e-3)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    if extension == "nrrd":
        assert sitk.ReadImage(str(path)).GetMetaData("unit") == "Gy"


def test_a_fourth_axis_of_one_is_none(tmp_path):
    image = sitk.JoinSeries([sitk.GetImageFromArray(np.ones((3, 4, 5), np.float32))])
    sitk.WriteImage(image, str(tmp_path / "a.nii"))
    assert read_image(tmp_path / "a.nii", "SPECT").GetSize() == (5, 4, 3)


def test_a_volume_that_cannot_be_written_leaves_nothing(tmp_path):
    volume = Volume(np.ones((3, 3, 3), np.float32), Grid.axial((3,) * 3, (1.0,) * 3))
    with pytest.raises(OSError, match="cannot be written"):
        write_volume(tmp_path / "none" / "a.nrrd", volume, "Gy")
    assert list(tmp_path.iterdir()) == []


def test_the_box_of_a_mask():
    mask = np.zeros((4, 5, 6), bool)
    assert bounding_box(mask) == (slice(0, 1),) * 3
    mask[1, 2, 3] = mask[2, 4, 3] = True
    assert bounding_box(mask) == (slice(1, 3), slice(2, 5), slice(3, 4))


def write_dicom(folder, heights) -> None:
    folder.mkdir()
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for n, z in enumerate(heights):
        image = sitk.GetImageFromArray(np.full((4, 5), 100 * n - 1000, np.int16))
        image.SetSpacing((2.0, 2.0))
        for tag, value in {
            "0008|0060": "CT",
            "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
            "0008|0018": f"1.2.3.{n + 1}",
            "0020|000d": "1.2.3",
            "0020|000e": "1.2.3.99",
            "0020|0013": str(n + 1),
            "0020|0032": f"0\\0\\{z}",
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0018|0050": "3",
        }.items():
            image.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{n}.dcm"))
        writer.Execute(image)


def test_a_dicom_folder(tmp_path):
    write_dicom(tmp_path / "ct", [0.0, 3.0, 6.0, 9.0])
    volume = read_volume(tmp_path / "ct", "CT")
    assert volume.grid.shape == (4, 4, 5)
    assert volume.grid.spacing_mm == pytest.approx((3.0, 2.0, 2.0))
    assert volume.values[:, 0, 0].tolist() == [-1000.0, -900.0, -800.0, -700.0]


@pytest.mark.parametrize("heights", [(0.0, 3.0, 9.0, 12.0), (0.0, 3.0, 3.0, 6.0)])
def test_a_dicom_folder_with_a_slice_missing_or_repeated(tmp_path, heights, capfd):
    write_dicom(tmp_path / "ct", heights)
    capfd.readouterr()
    with pytest.raises(InvalidInput, match="its 4 slices lie"):
        read_volume(tmp_path / "ct", "CT")
    assert capfd.readouterr().err == ""
