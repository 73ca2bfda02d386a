"""Views: the images that registration compares."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.registration.view import view_of_ct, view_of_spect


@pytest.mark.slow
def test_a_ct_without_couch_and_merged_to_4_mm(tmp_path, moving, trunk):
    ct, _ = trunk
    still = moving.RigidMotion((0, 0, 0), (0, 0, 0), (0, 0, 0))
    scan = moving.ct(ct, moving.grid(ct.grid, still, (2.0, 1.9, 1.9)), still, seed=1)
    write_volume(tmp_path / "ct.nrrd", scan, "")
    seen = view_of_ct(tmp_path / "ct.nrrd", "CT", Log())
    assert seen.grid.spacing_mm == pytest.approx((4.0, 3.8, 3.8))
    _, y, _ = seen.grid.positions(np.argwhere(seen.values > 0.0)[:, ::-1].T)
    assert y.max() < 80.0  # the couch begins at 100 mm
    _, rim, _ = seen.grid.positions(np.argwhere(seen.compared)[:, ::-1].T)
    assert 6.0 < rim.max() - y.max() <= 10.0
    body = seen.values[seen.values > 0.9]
    assert np.median(body) == pytest.approx(1.04, abs=0.01)


def test_a_spect_without_activity_is_refused():
    scan = Volume(np.zeros((8, 8, 8), np.float32), Grid.axial((8, 8, 8), (4.0, 4.0, 4.0)))
    with pytest.raises(InvalidInput, match="SPECT at 4 h has no activity to be registered by"):
        view_of_spect(scan, "SPECT at 4 h")


def test_a_ct_without_a_patient_is_refused(tmp_path):
    air = np.full((8, 8, 8), -1000.0, np.float32)
    air[0, 0, 0] = -990.0
    write_volume(tmp_path / "ct.nrrd", Volume(air, Grid.axial((8, 8, 8), (4.0, 4.0, 4.0))), "")
    with pytest.raises(InvalidInput, match="shows no patient"):
        view_of_ct(tmp_path / "ct.nrrd", "CT at 4 h", Log())
