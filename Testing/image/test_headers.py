"""What files state of themselves: the voxels of detached headers, units and grids."""

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.case.case import Case
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.headers import data_files, stated_grid, stated_unit
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.result.provenance import inputs_sha256

GRID = Grid.axial((3, 4, 5), (2.0, 3.0, 4.0))


@pytest.mark.parametrize("ending", ["mhd", "nhdr", "hdr", "nrrd", "nii", "mha"])
def test_data_files(tmp_path, ending):
    image = Volume(np.ones(GRID.shape, np.float32), GRID).to_sitk()
    path = tmp_path / f"image.{ending}"
    sitk.WriteImage(image, str(path))
    beside = sorted(set(tmp_path.iterdir()) - {path})
    assert sorted(data_files(path)) == beside
    assert bool(beside) == (ending in ("mhd", "nhdr", "hdr"))


def test_unit_and_grid(tmp_path):
    path = tmp_path / "a.nrrd"
    write_volume(path, Volume(np.ones(GRID.shape, np.float32), GRID), "Bq/mL")
    assert stated_unit(path) == "Bq/mL"
    found = stated_grid(path)
    assert found is not None
    assert found.same_as(GRID)
    assert stated_grid(tmp_path) is None
    assert not GRID.is_sheared
    assert not GRID.is_default


def test_sheared_and_default_grids():
    tilted = (1.0, 0.5, 0.0, 0.0, 0.75**0.5, 0.0, 0.0, 0.0, 1.0)
    assert Grid((3, 3, 3), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), tilted).is_sheared
    assert Grid.of(sitk.GetImageFromArray(np.ones((3, 3, 3)))).is_default


@pytest.mark.parametrize("ending", ["mhd", "nhdr"])
def test_voxels_of_a_detached_header_are_hashed(case_folder, ending):
    """A result is that of the voxels, wherever they lie."""
    values = case_folder.values("ct.nrrd")
    grid = Grid.of(sitk.ReadImage(str(case_folder.folder / "ct.nrrd")))
    path = case_folder.folder / f"ct.{ending}"
    sitk.WriteImage(Volume(values, grid).to_sitk(), str(path))
    for point in case_folder.data["time_points"]:
        point["ct"] = path.name
    case_folder.write()
    before = inputs_sha256(Case.read(case_folder.file))
    (beside,) = data_files(path)
    assert beside.name in before
    content = bytearray(beside.read_bytes())
    content[-1] ^= 1
    beside.write_bytes(content)
    after = inputs_sha256(Case.read(case_folder.file))
    assert {name for name in before if before[name] != after[name]} == {beside.name}
