"""A case may name DICOM images itself; those that would mislead are refused."""

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.dicom_files.kinds import ENHANCED_CT
from LuDosimetryLib.image.volume import read_volume


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

    def private_scale(ds):
        del ds.RescaleSlope
        block = ds.private_block(0x0011, "GEMS_GENIE_1", create=True)
        block.add_new(0x3B, "FD", 4.18)

    (scaled, *_) = study.nm_scans(change=private_scale)
    with pytest.raises(InvalidInput, match=r"Pixel Scale \(0011,xx3B\).*dicom-import"):
        read_volume(scaled, "SPECT")


def test_a_tilted_ct_is_refused(study):
    def tilt(ds, k):
        x, y, z = map(float, ds.ImagePositionPatient)
        ds.ImagePositionPatient = [x, f"{y + 0.4 * k:.10g}", z]

    study.ct("straight", *study.volume("ct.nrrd"))
    study.ct("tilted", *study.volume("ct.nrrd"), change=tilt)
    assert read_volume(study.folder / "straight", "CT").grid.shape == (48, 48, 48)
    with pytest.raises(InvalidInput, match=r"shifted along each other.*dicom-import"):
        read_volume(study.folder / "tilted", "CT")


def test_enhanced_images_are_refused(study):
    def enhanced(ds):
        ds.SOPClassUID = ENHANCED_CT[0]

    (path, *_) = study.nm_scans(change=enhanced)
    with pytest.raises(InvalidInput, match="enhanced multi-frame image; make a case"):
        read_volume(path, "CT")
