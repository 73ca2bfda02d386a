"""Enhanced multi-frame CT and PET: written by hand, and converted from classic ones by highdicom."""

import datetime

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from LuDosimetryLib.dicom_files.kinds import ENHANCED_CT
from LuDosimetryLib.image.grid import Grid

from .enhanced_writer import converted, enhanced
from .study_writer import LAMBDA_PER_H

pytest.importorskip("highdicom")


@pytest.fixture
def classic(study):
    """Paths of the slices of each PT series, and of the CT."""

    def write(**options):
        scans = study.pt_scans(**options)
        study.anatomy()
        return scans, sorted((study.folder / "ct").iterdir())

    return write


@pytest.mark.slow
@pytest.mark.parametrize("decay", ["NONE", "START", "ADMIN"])
def test_enhanced(study, classic, imported, same_doses, decay):
    beds = 2
    scans, ct = classic(decay=decay, beds=beds)
    for n, (paths, hours) in enumerate(zip(scans, study.hours, strict=True)):
        begun = study.injected + datetime.timedelta(hours=hours)
        to = {"NONE": None, "START": begun, "ADMIN": study.injected}[decay]
        told = "NO" if decay == "NONE" else "YES"
        enhanced(study, paths, f"pt{n}.dcm", decay_corrected=told, corrected_to=to)
    enhanced(study, ct, "ct.dcm")
    case = imported(study.folder)
    written = sitk.ReadImage(str(case.parent / "ct_1.nrrd"))
    hu, grid = study.volume("ct.nrrd")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written), hu)
    assert Grid.of(written).same_as(grid)
    same_doses(case)


@pytest.mark.slow
def test_classic_ones_converted_by_highdicom(study, classic, imported, same_doses):
    scans, ct = classic(decay="ADMIN")
    for n, paths in enumerate(scans):
        converted(study, paths, f"pt{n}.dcm")
    path = converted(study, ct, "ct.dcm")
    case = imported(study.folder)
    written = sitk.ReadImage(str(case.parent / "ct_1.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written), study.volume("ct.nrrd")[0])
    same_doses(case)
    assert pydicom.dcmread(path).SOPClassUID == ENHANCED_CT[1]


@pytest.mark.parametrize("syntax", ["jpeg2000", "rle", "big"])
def test_compressed_and_big_endian(study, classic, imported, syntax):
    _, ct = classic()
    study.syntax = syntax
    enhanced(study, ct, "ct.dcm")
    case = imported(study.folder)
    written = sitk.GetArrayFromImage(sitk.ReadImage(str(case.parent / "ct_1.nrrd")))
    np.testing.assert_array_equal(written, study.volume("ct.nrrd")[0])


def test_a_frame_for_each_group(study, classic, refused_import):
    def short(ds):
        del ds.PerFrameFunctionalGroupsSequence[3]

    _, ct = classic()
    enhanced(study, ct, "ct.dcm", change=short)
    message = refused_import(study.folder)
    assert "ct.dcm: PerFrameFunctionalGroupsSequence (5200,9230) has 47 items for 48" in message


def test_corrected_to_some_other_time(study, classic, imported, refused_import, same_doses):
    scans, _ = classic(decay="START")
    for n, (paths, hours) in enumerate(zip(scans, study.hours, strict=True)):
        to = study.injected + datetime.timedelta(hours=hours + 3.0)
        enhanced(study, paths, f"pt{n}.dcm", decay_corrected="YES", corrected_to=to)
    message = refused_import(study.folder)
    assert (
        "pt0.dcm: DecayCorrectionDateTime (0018,9701) is neither the start of the scan" in message
    )
    same_doses(imported(study.folder, {"time_points": [{"decay_correction": "START"}] * 3}))


def test_two_volumes_in_one_object(study, classic, refused_import):
    def twice(ds):
        ds.NumberOfFrames *= 2
        ds.PixelData += ds.PixelData
        ds.PerFrameFunctionalGroupsSequence += list(ds.PerFrameFunctionalGroupsSequence)

    _, ct = classic()
    enhanced(study, ct, "ct.dcm", change=twice)
    assert "missing, repeated or displaced" in refused_import(study.folder)


def test_the_decay_between_the_beds_is_that_of_their_frames(study, classic, imported):
    """Half an hour between beds, not corrected: the second is brought back to the first's start."""
    scans, _ = classic(decay="NONE", beds=2)
    enhanced(study, scans[0], "pt0.dcm", decay_corrected="NO")
    case = imported(study.folder)
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(case.parent / "spect_1.nrrd")))
    expected, _ = study.volume("spect_1.nrrd")
    assert 0.5 * LAMBDA_PER_H > 2e-3
    for half in (slice(0, 12), slice(12, 24)):
        assert found[half].sum() == pytest.approx(expected[half].sum(), rel=1e-4)
