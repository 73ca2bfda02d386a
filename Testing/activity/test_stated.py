"""What DICOM files named directly in a case state of themselves, compared with the case."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.activity.stated import check_stated
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.case.case import Case
from LuDosimetryLib.case.parts import WATER, TimePoint

pydicom = pytest.importorskip("pydicom")


def write_pet(path: Path, moment: str, **changes: str) -> Path:
    """A slice of a PET image with an administration on 2 March 2026 at 08:00."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID, data.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    data.Modality, data.Units, data.PatientID = "PT", "BQML", "P1"
    data.AcquisitionDate, data.AcquisitionTime = moment[:8], moment[8:]
    item = Dataset()
    item.RadiopharmaceuticalStartDateTime = "20260302080000"
    data.RadiopharmaceuticalInformationSequence = Sequence([item])
    data.Rows = data.Columns = 4
    data.PixelSpacing, data.SliceThickness = [4.0, 4.0], 4.0
    data.ImagePositionPatient, data.ImageOrientationPatient = [1.0, 2.0, 3.0], [1, 0, 0, 0, 1, 0]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 0
    data.PixelData = np.ones((4, 4), np.uint16).tobytes()
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    data.save_as(path, enforce_file_format=True)
    return path


def case_of(tmp_path: Path, second: str = "20260303080000", **changes: str) -> Case:
    first = write_pet(tmp_path / "a.dcm", "20260302120000")
    later = write_pet(tmp_path / "b.dcm", second, **changes)
    points = (TimePoint(4.0, first, WATER), TimePoint(24.0, later))
    return Case(points, patient_id="P1")


def remarks(case: Case) -> str:
    log = Log()
    check_stated(case, log)
    return "\n".join(log.remarks)


def test_what_agrees_passes(tmp_path):
    assert remarks(case_of(tmp_path)) == ""
    assert remarks(case_of(tmp_path, "20260303090000")) == ""  # summer time, or a zone


def test_times_that_differ_are_warned_of(tmp_path):
    said = remarks(case_of(tmp_path, "20260306080000"))
    assert "96 h after the administration, but by the case 24 h" in said
    assert "92 h after the scan at 4 h, but by the case 20 h" in said


def test_another_unit_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"SPECT at 24 h: .*b\.dcm states the unit 'CNTS'"):
        remarks(case_of(tmp_path, Units="CNTS"))


def test_other_patients(tmp_path):
    with pytest.raises(InvalidInput, match=r"a\.dcm, b\.dcm are of different patients"):
        remarks(case_of(tmp_path, PatientID="P2"))
    assert "another PatientID" in remarks(replace(case_of(tmp_path), patient_id="else"))
    assert remarks(replace(case_of(tmp_path), patient_id="")) == ""
