"""What the shell's command refuses of images, volumes of interest and devices: real files."""

import re

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.image.grid import Grid

POINT = ("time_points", 1)


@pytest.mark.parametrize("name", ["spect_2.nrrd", "ct.nrrd", "organs.nrrd"])
def test_an_image_that_is_missing_or_cut_short(case_folder, refused, name):
    path = case_folder.folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert str(path) in refused()
    path.write_bytes(b"no image")
    assert "cannot be read as an image" in refused()
    path.unlink()
    assert f"there is no file {path}" in refused()


@pytest.mark.parametrize("extension", ["nii", "nii.gz", "mha"])
@pytest.mark.parametrize("part", [0.1, 0.7, 0.9999])
def test_files_cut_short_in_other_formats(case_folder, refused, extension, part):
    """ITK itself reads a cut NIfTI file without a word and fills it with zeros."""
    path = case_folder.folder / f"spect.{extension}"
    sitk.WriteImage(sitk.ReadImage(str(case_folder.folder / "spect_2.nrrd")), str(path))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    case_folder.change(*POINT, "spect", to=path.name)
    assert str(path) in refused()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_activity_that_is_not_finite(case_folder, refused, value):
    values = case_folder.values("spect_2.nrrd")
    values[3, 4, 5] = value
    case_folder.put("spect_2.nrrd", values)
    assert "1 voxels that are not finite" in refused()


def test_activity_too_large_for_float32(case_folder, refused, capfd):
    case_folder.put("spect_2.nrrd", np.full((24, 24, 24), 1e300))
    assert "not finite" in refused()
    case_folder.put("spect_2.nrrd", np.full((24, 24, 24), 3e38, np.float32))
    case_folder.change(*POINT, "unit", to="Bq")
    assert "more activity than can be" in refused()


def test_strongly_negative_activity(case_folder, refused):
    values = case_folder.values("spect_2.nrrd")
    values[0] = -1e5
    case_folder.put("spect_2.nrrd", values)
    message = refused()
    assert "576 negative voxels (least -100000 Bq/mL)" in message
    assert "allowed: 1 %" in message
    case_folder.put("spect_2.nrrd", -values.clip(1.0))
    assert "more than the positive ones" in refused()


def test_no_activity_at_all(case_folder, refused):
    for n in (1, 2, 3):
        case_folder.put(f"spect_{n}.nrrd", np.zeros((24, 24, 24), np.float32))
    assert "no activity at all" in refused()


def test_images_of_the_wrong_kind(case_folder, refused):
    spect = sitk.ReadImage(str(case_folder.folder / "spect_2.nrrd"))
    kinds = {
        "four.nrrd": (sitk.JoinSeries([spect, spect]), "4 dimensions"),
        "colour.nrrd": (sitk.Compose(spect, spect, spect), "3 values per voxel"),
        "flat.nrrd": (spect[:, :, 3], "2 dimensions"),
        "complex.nrrd": (sitk.RealAndImaginaryToComplex(spect, spect), "complex values"),
    }
    for name, (image, expected) in kinds.items():
        sitk.WriteImage(image, str(case_folder.folder / name))
        case_folder.change(*POINT, "spect", to=name)
        assert expected in refused()
    (case_folder.folder / "empty").mkdir()
    case_folder.change(*POINT, "spect", to="empty")
    assert "0 DICOM series" in refused()


def test_a_ct_in_other_units(case_folder, refused):
    hu = case_folder.values("ct.nrrd").astype(np.float32)
    grid = Grid.axial((48, 48, 48), (3.0, 3.0, 3.0))
    for values, expected in (
        (hu + 1024.0, "offset of 1000 or 1024"),
        (1.0 + hu / 1000.0, "map of density"),
        (0.096 * (1.0 + hu / 1000.0), "map of density or attenuation"),
        (hu * 1e3, "values from -1e+06"),
        (hu + 1e5, "expected CT numbers in HU"),
    ):
        case_folder.put("ct.nrrd", values, grid)
        assert expected in refused()


def test_a_ct_elsewhere(case_folder, refused):
    hu = case_folder.values("ct.nrrd")
    case_folder.put("ct.nrrd", hu, Grid.axial((48,) * 3, (3.0,) * 3, (500.0, 0.0, 0.0)))
    assert "do not overlap anywhere" in refused()
    case_folder.put("ct.nrrd", hu, Grid.axial((48,) * 3, (3.0,) * 3, (100.0, 0.0, 0.0)))
    assert re.search(r"the CT does not cover the SPECT: \d+\.\d %.* allowed: 5 %", refused())
    case_folder.put("ct.nrrd", np.full_like(hu, -1000), Grid.axial((48,) * 3, (3.0,) * 3))
    assert "shows no patient" in refused()


def test_a_scan_that_misses_the_reference(case_folder, refused):
    away = Grid.axial((24,) * 3, (6.0,) * 3, (40.0, 0.0, 0.0))
    case_folder.put("spect_2.nrrd", case_folder.values("spect_2.nrrd"), away)
    assert "SPECT at 24 h (spect_2.nrrd) does not cover the reference" in refused()


@pytest.mark.parametrize(
    ("labels", "differences", "expected"),
    [
        ({"9": "liver"}, {}, "label '9' is not in"),
        (
            {"1": "kidney"},
            {"rest": ["kidney", "liver"]},
            "needs 'liver', which is not among kidney",
        ),
        ({"1": "kidney"}, {"none": ["kidney", "kidney"]}, "nothing is left of 'none'"),
        ({"1": "kidney"}, {"kidney": ["kidney", "kidney"]}, "is already the name of a label"),
    ],
)
def test_volumes_of_interest_that_are_not_allowed(
    case_folder, refused, labels, differences, expected
):
    case_folder.change("segmentation", "labels", to=labels)
    case_folder.change("segmentation", "differences", to=differences)
    assert expected in refused()


def test_volumes_of_interest_without_voxels_or_mass(case_folder, refused):
    grid = Grid.axial((48, 48, 48), (3.0, 3.0, 3.0))
    labels = np.zeros(grid.shape, np.uint8)
    labels[1:3, 1:3, 1:3] = 4  # a corner: air
    case_folder.put("organs.nrrd", labels, grid)
    case_folder.change("segmentation", "labels", to={"4": "corner"})
    assert "'corner' has no mass" in refused()
    far = Grid.axial((48,) * 3, (3.0,) * 3, (900.0, 0.0, 0.0))
    case_folder.put("organs.nrrd", labels, far)
    assert "'corner' (label 4) of " in refused()
    case_folder.put("organs.nrrd", labels * np.float32(0.3), grid)
    assert "not whole numbers" in refused()


def test_no_cuda_device(case_folder, refused):
    try:
        import torch

        if torch.cuda.is_available():
            pytest.skip("there is a CUDA device")
    except ImportError:
        pass
    assert "device is 'cuda' but" in refused("--device", "cuda")


def test_a_dose_method_asked_for_by_the_wrong_name(refused):
    assert "did you mean 'split-vsv'?" in refused("--dose-method", "split")
