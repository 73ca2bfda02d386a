"""A case may name DICOM images itself; those that would mislead are refused."""

import pytest

from LuDosimetryLib.errors import InvalidInput
from LuDosimetryLib.image import read_volume


def test_plain_images_are_read(study):
    values, grid = study.volume("spect_1.nrrd")
    for path in (*study.nm_scans(decay="START", backwards=True), study.pt_scans()[0][0].parent):
        if "1" in path.name:
            volume = read_volume(path, "SPECT")
            # not turned to head first, as an import would: the same place all the same
            assert sorted(volume.grid.spacing_mm) == sorted(grid.spacing_mm)
            assert volume.values.sum() == pytest.approx(values.sum(), rel=1e-4)


def test_misleading_images_are_refused(study):
    (mapped, *_) = study.nm_scans(real_world=True)
    with pytest.raises(InvalidInput, match=r"\(0040,9096\) gives the unit.*dicom-import"):
        read_volume(mapped, "SPECT")
    (corrected, *_) = study.pt_scans(decay="ADMIN")
    with pytest.raises(InvalidInput, match=r"is ADMIN.*dicom-import"):
        read_volume(corrected[0].parent, "SPECT")

    def planar(ds):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]

    (flat, *_) = study.nm_scans(change=planar)
    with pytest.raises(InvalidInput, match="a planar image"):
        read_volume(flat, "SPECT")
