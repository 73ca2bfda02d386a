"""Folders as they come: what is not needed is left out with a remark, what belongs together joined, doubts asked."""

import shutil
import zipfile

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, generate_uid

from .study_writer import code
from .tiny_study import CT, SPECT, activity, hounsfield, remedies

HOURS = (4, 24, 96)
SC = "1.2.840.10008.5.1.4.1.1.7"


def study(tiny):
    for hours in HOURS:
        tiny.spect(hours)
    tiny.tomogram(4)


def put(tiny, name, content):
    path = tiny.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def resource_forks(tiny):
    for name in ("._nm4.dcm", "ct/._003", "__MACOSX/._nm24.dcm"):
        put(tiny, name, b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(60))


def empty_and_foreign_files(tiny):
    put(tiny, "empty.dcm", b"")
    put(tiny, "zeros.ima", bytes(4000))
    put(tiny, "report.pdf", b"%PDF-1.4 " + b"x" * 300)
    put(tiny, "picture.dcm", b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"x" * 300)
    put(tiny, "page.dcm", b"<html>not found</html>")
    put(tiny, ".DS_Store", b"\x00\x00\x00\x01Bud1" + bytes(300))
    with zipfile.ZipFile(tiny.folder / "study.zip", "w") as archive:
        archive.writestr("nm.dcm", b"x")


def a_directory_file(tiny):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.1.3.10", generate_uid()
    ds.FileSetID = "DISC"
    tiny.save(ds, "DICOMDIR")


def other_objects(tiny):
    """Structured report, screen capture, presentation state, dose report."""
    for name, sop_class, modality in (
        ("sr.dcm", "1.2.840.10008.5.1.4.1.1.88.22", "SR"),
        ("sc.dcm", SC, "OT"),
        ("gsps.dcm", "1.2.840.10008.5.1.4.1.1.11.1", "PR"),
    ):
        tiny.save(tiny.base(sop_class, modality, generate_uid()), name)


def captures_as_ct(tiny):
    """Screen captures that a scanner stores in the class of CT images."""
    for n in range(8):
        ds = tiny.base("1.2.840.10008.5.1.4.1.1.2", "CT", "1.2.3.4.9")
        ds.ImageType = ["DERIVED", "SECONDARY", "SCREEN SAVE"]
        tiny.save(ds, f"capture/{n}.dcm")


def localizers(tiny):
    def scout(ds, k):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        ds.ImagePositionPatient = [0, 0, 0]

    tiny.ct("scout", hounsfield()[:6], CT, change=scout)


def projections_of_a_ct(tiny):
    def mip(ds, k):
        ds.ImageType = ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]
        ds.ImagePositionPatient = [0, 0, 0]

    tiny.ct("mip", hounsfield(), CT, change=mip)


def nm_of_kind(*values, **more):
    def write(tiny):
        def change(ds):
            ds.ImageType = ["DERIVED", "SECONDARY", *values]
            ds.SeriesNumber = 44
            for keyword, value in more.items():
                setattr(ds, keyword, value)

        tiny.spect(4, "other.dcm", change=change)

    return write


def a_gated_reconstruction_by_its_vector(tiny):
    def change(ds):
        ds.SeriesNumber = 44
        ds.NumberOfFrames = 20
        ds.TimeSlotVector = [1] * 10 + [2] * 10
        ds.SliceVector = list(range(1, 11)) * 2
        ds.PixelData = ds.PixelData * 2

    tiny.spect(4, "gated.dcm", change=change)


def pt_of_kind(**values):
    def write(tiny):
        def change(ds):
            ds.SeriesNumber = 44
            for keyword, value in values.items():
                setattr(ds, keyword, value)

        tiny.pet(4, "other", change=change)

    return write


def a_dynamic_pt(tiny):
    """The same slices several times over."""
    for n in range(3):

        def change(ds, n=n):
            ds.SeriesInstanceUID, ds.SeriesType = "1.2.3.5", ["DYNAMIC", "IMAGE"]
            ds.SeriesNumber = 44

        tiny.pet(4, f"dynamic{n}", change=change)


def gallium(tiny):
    """The patient's PET before therapy, with its CT."""
    tiny.new_visit()

    def change(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.Radiopharmaceutical, item.RadionuclideHalfLife = "68Ga-DOTATATE", 4062.6
        item.RadionuclideTotalDose = 150e6
        item.RadionuclideCodeSequence = [code("C-131A3", "SRT", "^68^Gallium")]
        item.RadiopharmaceuticalStartDateTime = "20240119080000"
        ds.SeriesDescription, ds.AcquisitionDate = "PET", "20240119"

    tiny.pet(-290, "ga", change=change)
    tiny.tomogram(-290, "ga_ct")


def gallium_without_a_half_life(tiny):
    """Named by the radiopharmaceutical alone."""

    def change(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.Radiopharmaceutical = "Ga-68 PSMA-11"
        del item.RadionuclideHalfLife, item.RadionuclideCodeSequence

    tiny.pet(-290, "ga", change=change)


def a_broken_gallium_series(tiny):
    """Which nobody needs: that a slice is missing does not matter."""
    gallium(tiny)
    (tiny.folder / "ga" / "slice004.dcm").unlink()


def copies(tiny):
    shutil.copy(tiny.folder / "nm24.dcm", tiny.folder / "copy.dcm")
    shutil.copytree(tiny.folder / "ct", tiny.folder / "ct_again")


def copies_with_other_meta_information(tiny):
    ds = pydicom.dcmread(tiny.folder / "nm24.dcm")
    ds.file_meta.SourceApplicationEntityTitle = "PACS"
    ds.save_as(tiny.folder / "copy.dcm")


def a_copy_that_an_archive_changed(tiny):
    """Other names and private elements, another transfer syntax."""
    ds = pydicom.dcmread(tiny.folder / "nm24.dcm")
    ds.AccessionNumber, ds.InstitutionName, ds.StudyDescription = "7", "Clinic", "THERAPY"
    ds.private_block(0x0031, "ARCHIVE", create=True).add_new(1, "LO", "x")
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.save_as(tiny.folder / "copy.dcm", implicit_vr=True, little_endian=True)


def a_copied_report(tiny):
    """Of a kind that is not needed, and different."""
    ds = tiny.base("1.2.840.10008.5.1.4.1.1.88.22", "SR", "1.2.3.7")
    tiny.save(ds, "sr.dcm")
    ds.SeriesDescription = "other"
    tiny.save(ds, "sr2.dcm")


def a_damaged_report(tiny):
    ds = tiny.base("1.2.840.10008.5.1.4.1.1.88.22", "SR", "1.2.3.7")
    ds.SeriesDescription = "x" * 60
    content = tiny.save(ds, "sr.dcm").read_bytes()
    put(tiny, "sr.dcm", content[:-30])


def somebody_elses_report(tiny):
    ds = tiny.base("1.2.840.10008.5.1.4.1.1.88.22", "SR", "1.2.3.7")
    ds.PatientID = "someone else"
    tiny.save(ds, "sr.dcm")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (
            resource_forks,
            "Files that are resource forks of macOS were left out: ._nm4.dcm, __MACOSX/._nm24.dcm, ct/._003.",
        ),
        (empty_and_foreign_files, "Files that are empty were left out: empty.dcm, zeros.ima."),
        (
            empty_and_foreign_files,
            "no DICOM files were left out: .DS_Store, page.dcm, picture.dcm, report.pdf and 1 more.",
        ),
        (a_directory_file, ""),
        (other_objects, "neither SPECT, CT nor segmentation were left out: 1 OT, 1 PR, 1 SR"),
        (captures_as_ct, "8 CT images were left out: images of which each is a screen capture"),
        (localizers, ""),
        (
            projections_of_a_ct,
            "20 CT images were left out: images of which each is a projection through",
        ),
        (
            nm_of_kind("STATIC", "EMISSION"),
            "the series 44 (SeriesNumber (0020,0011)) was left out: it is a planar image",
        ),
        (nm_of_kind("RECON GATED TOMO", "EMISSION"), "was left out: it is a gated reconstruction"),
        (
            nm_of_kind("RECON TOMO", "EMISSION", "MIP"),
            "was left out: it is a maximum intensity projection",
        ),
        (nm_of_kind("RECON TOMO", "TRANSMISSION"), "was left out: it is a transmission image"),
        (
            nm_of_kind("RECON TOMO", "EMISSION", SeriesDescription="CT AC Map"),
            "was left out: it is a map of attenuation",
        ),
        (
            nm_of_kind("RECON TOMO", "EMISSION", SeriesDescription="Mu-Map"),
            "was left out: it is a map of attenuation",
        ),
        (
            nm_of_kind("TOMO", "EMISSION"),
            "was left out: it is projections that are not reconstructed",
        ),
        (
            a_gated_reconstruction_by_its_vector,
            "was left out: it is a gated reconstruction (TimeSlotVector)",
        ),
        (
            pt_of_kind(SeriesType=["GATED", "IMAGE"]),
            "was left out: SeriesType (0054,1000) is gated",
        ),
        (pt_of_kind(SeriesType=["STATIC", "REPROJECTION"]), "was left out: it is a reprojection"),
        (pt_of_kind(Units="1CM"), "was left out: it is a map of attenuation (Units"),
        (pt_of_kind(NumberOfTimeSlices=3), "was left out: it is a dynamic series"),
        (a_dynamic_pt, "was left out: SeriesType (0054,1000) is dynamic"),
        (gallium, "was left out: it is of Ga-68. If it was Lu-177, give"),
        (gallium_without_a_half_life, "was left out: it is of Ga-68"),
        (a_broken_gallium_series, "was left out: it is of Ga-68"),
        (copies, "Copies of files were left out: 21."),
        (copies_with_other_meta_information, "Copies of files were left out: 1."),
        (a_copy_that_an_archive_changed, "Copies of files were left out: 1."),
        (a_copied_report, "left out: 1 SR"),
        (a_damaged_report, "Damaged files of a kind that is not needed were left out: sr.dcm."),
        (somebody_elses_report, "left out: 1 SR"),
    ],
)
def test_what_is_not_needed_is_left_out(tiny, took, write, said):
    study(tiny)
    write(tiny)
    found = took(tiny)
    found.check_scans(*HOURS)
    assert said in found.remarks


def bare(path, syntax=None):
    """A file without preamble and meta information; its name without a suffix."""
    ds = pydicom.dcmread(path)
    if syntax is not None:
        ds.file_meta.TransferSyntaxUID = syntax
        ds.save_as(path, implicit_vr=True, little_endian=True)
    raw = path.read_bytes()
    end = 144 + int.from_bytes(raw[140:144], "little")
    path.unlink()
    path.with_name(path.stem.upper()).write_bytes(raw[end:])


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian])
def test_files_without_preamble_and_suffix(tiny, took, syntax):
    study(tiny)
    tiny.organ()
    for name in ("nm24.dcm", "rs.dcm", "ct/005"):
        bare(tiny.folder / name, syntax)
    found = took(tiny)
    found.check_scans(*HOURS)
    assert found.organ_mL() > 30.0


def test_files_without_preamble_and_with_meta_information(tiny, took):
    study(tiny)
    path = tiny.folder / "nm24.dcm"
    path.write_bytes(path.read_bytes()[132:])
    took(tiny).check_scans(*HOURS)


@pytest.mark.parametrize("positions", ["each", "the first one's", "the first one's, in any order"])
def test_one_file_a_slice(tiny, took, positions):
    for hours in HOURS:
        whole = pydicom.dcmread(tiny.spect(hours, "whole.dcm"))
        stored = np.frombuffer(whole.PixelData, "<u2").reshape(SPECT.shape)
        for k in (
            np.random.default_rng(3).permutation(len(stored))
            if "any" in positions
            else range(len(stored))
        ):
            ds = pydicom.dcmread(tiny.folder / "whole.dcm")
            ds.SOPInstanceUID, ds.NumberOfFrames, ds.InstanceNumber = generate_uid(), 1, int(k) + 1
            ds.SliceVector = ds.NumberOfSlices = 1
            detector = ds.DetectorInformationSequence[0]
            if positions == "each":
                x, y, z = map(float, detector.ImagePositionPatient)
                detector.ImagePositionPatient = [x, y, z + 12.0 * int(k)]
            tiny.pixels(ds, stored[int(k)][None])
            tiny.save(ds, f"nm{hours}/{generate_uid()[-6:]}_{k}.dcm")
    (tiny.folder / "whole.dcm").unlink()
    tiny.tomogram(4)
    found = took(tiny)
    found.check_scans(*HOURS)
    assert "A scan of 10 files of one slice each was put together." in found.remarks
    assert ("its slices were put in order of their numbers" in found.remarks) == (
        positions != "each"
    )


def test_a_lonely_slice(tiny, refused):
    study(tiny)
    whole = pydicom.dcmread(tiny.folder / "nm4.dcm")
    whole.NumberOfFrames = whole.SliceVector = whole.NumberOfSlices = 1
    whole.SeriesInstanceUID, whole.SOPInstanceUID = generate_uid(), generate_uid()
    tiny.pixels(whole, np.frombuffer(whole.PixelData, "<u2").reshape(SPECT.shape)[:1])
    tiny.save(whole, "slice.dcm")
    message = refused(tiny)
    assert "no other slice of its series is there" in message
    assert remedies(message)


def windows(ds):
    ds.NumberOfFrames = 20
    ds.EnergyWindowVector = [1] * 10 + [2] * 10
    del ds.SliceVector
    ds.PixelData = ds.PixelData * 2


def frames_that_are_too_many(ds):
    del ds.SliceVector
    ds.NumberOfFrames = 20
    ds.PixelData = ds.PixelData * 2


def slices_that_are_named_twice(ds):
    ds.NumberOfFrames = 20
    ds.SliceVector = list(range(1, 11)) * 2
    ds.PixelData = ds.PixelData * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (windows, "EnergyWindowVector (0054,0010) says that the 20 frames are of 2 energy windows"),
        (
            frames_that_are_too_many,
            "NumberOfFrames (0028,0008) is 20, but NumberOfSlices (0054,0081) 10",
        ),
        (
            slices_that_are_named_twice,
            "SliceVector (0054,0080) does not name each of 20 slices once",
        ),
    ],
)
def test_several_volumes_in_one_object_are_refused_by_name(tiny, took, refused, change, said):
    study(tiny)
    tiny.spect(48, "several.dcm", change=change)
    message = refused(tiny)
    assert said in message
    assert "several.dcm" in message
    (remedy,) = remedies(message)
    took(tiny, remedy).check_scans(*HOURS)


def test_two_patient_ids_of_one_patient(tiny, took, refused):
    study(tiny)
    for path in (tiny.folder / "ct").iterdir():
        ds = pydicom.dcmread(path)
        ds.PatientID = f"00{ds.PatientID}"
        ds.save_as(path)
    message = refused(tiny)
    assert "PatientID (0010,0020) differs from that in" in message
    (remedy,) = remedies(message)
    found = took(tiny, {"header": {"PatientID": "4711"}})
    assert list(remedy) == ["header"]
    assert "taken as of one patient, as the user says" in found.remarks
    assert '"PatientID": "4711"' in (found.folder / "dicom.json").read_text(encoding="utf-8")


def test_three_patient_ids_of_one_patient(tiny, took, refused):
    """As two hospitals and a workstation give them: of a scan, of the contours and of the rest."""
    study(tiny)
    tiny.organ()
    for name, number in (("nm24.dcm", "K 17"), ("rs.dcm", "0815")):
        ds = pydicom.dcmread(tiny.folder / name)
        ds.PatientID = number
        ds.save_as(tiny.folder / name)
    assert "PatientID (0010,0020) differs" in refused(tiny)
    found = took(tiny, {"header": {"PatientID": "4711"}})
    found.check_scans(*HOURS)
    assert found.organ_mL() > 0.0


def test_another_patients_series_can_be_left_out(tiny, took, refused):
    study(tiny)
    path = tiny.spect(24, "other.dcm")
    ds = pydicom.dcmread(path)
    ds.PatientID = "someone else"
    ds.save_as(path)
    assert "PatientID" in refused(tiny)
    took(tiny, {"leave_out": ["other.dcm"]}).check_scans(*HOURS)


def test_one_object_with_two_contents(tiny, took, refused):
    study(tiny)
    ds = pydicom.dcmread(tiny.folder / "nm24.dcm")
    ds.RescaleSlope = float(ds.RescaleSlope) * 2
    ds.save_as(tiny.folder / "copy.dcm")
    message = refused(tiny)
    assert "but the files differ (RescaleSlope)" in message
    took(tiny, {"leave_out": ["copy.dcm"]}).check_scans(*HOURS)
    ds = pydicom.dcmread(tiny.folder / "nm24.dcm")
    ds.PixelData = bytes(len(ds.PixelData))
    ds.save_as(tiny.folder / "copy.dcm")
    assert "but the files differ (PixelData)" in refused(tiny)


def test_a_damaged_file_can_be_left_out(tiny, took, refused):
    study(tiny)
    put(tiny, "sub/broken.dcm", (tiny.folder / "nm24.dcm").read_bytes()[:-500])
    message = refused(tiny)
    assert "broken.dcm is damaged or cut short" in message
    (remedy,) = remedies(message)
    assert remedy == {"leave_out": ["sub/broken.dcm"]}
    took(tiny, remedy).check_scans(*HOURS)


def test_no_time_point_is_lost_without_a_word(tiny, took, refused):
    """Projections without a reconstruction; images that do not say what they are; a scan of another nuclide."""
    study(tiny)

    def raw(ds):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]

    tiny.spect(24, "raw24.dcm", change=raw)
    tiny.spect(48, "raw48.dcm", change=raw)
    found = took(tiny)
    assert (
        found.remarks.count("have no reconstruction in the folder: a time point may be missing")
        == 1
    )
    assert "of 2024-02-02 09:30 have no reconstruction" in found.remarks

    def silent(ds):
        ds.ImageType = ["DERIVED", "SECONDARY"]

    tiny.spect(48, "silent.dcm", change=silent)
    message = refused(tiny)
    assert "ImageType (0008,0008) does not say what it is" in message
    took(tiny, remedies(message)[0]).check_scans(4, 24, 48, 96)

    def default_nuclide(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.Radiopharmaceutical = "Sestamibi"
        item.RadionuclideCodeSequence = [code("C-163A8", "SRT", "^99m^Technetium")]
        del item.RadionuclideHalfLife
        window, limits = Dataset(), Dataset()
        limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = 187.0, 229.0
        window.EnergyWindowRangeSequence = [limits]
        ds.EnergyWindowInformationSequence = [window]

    tiny.spect(48, "silent.dcm", change=default_nuclide)
    message = refused(tiny)
    assert "expected Lu-177: if it was Lu-177, give" in message
    took(tiny, remedies(message)[0]).check_scans(4, 24, 48, 96)


def test_a_ct_series_of_two_acquisitions(tiny, took):
    """Chest and abdomen under one number: each is a volume, the one that covers the scan is taken."""
    tiny.spect(4)
    uid = tiny.tomogram(4)
    for path in sorted((tiny.folder / "ct").iterdir()):
        ds = pydicom.dcmread(path)
        ds.AcquisitionNumber = 1
        ds.save_as(path)

    def second(ds, k):
        ds.SeriesInstanceUID, ds.AcquisitionNumber = uid, 2
        x, y, z = map(float, ds.ImagePositionPatient)
        ds.ImagePositionPatient = [x, y, z + 300.0]

    tiny.ct("ct2", hounsfield(), CT, change=second)
    found = took(tiny)
    found.check_scans(4)
    assert "was taken apart by AcquisitionNumber" in found.remarks
    assert found.list.scans[0].ct.files == 20


def test_two_reconstructions_of_one_scan(tiny, took, refused):
    """The one that is corrected for attenuation is taken, and the other named; without a difference it is asked."""
    study(tiny)

    def other(ds):
        ds.SeriesDescription, ds.CorrectedImage = "NAC", []

    for hours in HOURS:
        path = tiny.folder / f"nm{hours}.dcm"
        ds = pydicom.dcmread(path)
        ds.CorrectedImage, ds.SeriesDescription = ["ATTN", "SCAT", "DECY"], "AC"
        ds.save_as(path)
        tiny.nm(f"nac{hours}.dcm", 0.7 * activity(hours), SPECT, hours, decay="START", change=other)
    found = took(tiny)
    found.check_scans(*HOURS)
    assert (
        "was taken (a series without number 'AC', not a series without number 'NAC')"
        in found.remarks
    )
    tiny.nm(
        "again.dcm",
        0.9 * activity(24),
        SPECT,
        24,
        decay="START",
        change=lambda ds: setattr(ds, "CorrectedImage", ["ATTN", "DECY"]),
    )
    message = refused(tiny)
    assert "nothing says which to take" in message
    took(tiny, {"leave_out": ["again.dcm"]}).check_scans(*HOURS)
