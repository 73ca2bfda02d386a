"""Hours, unit and activity of volumes that were loaded from the DICOM database."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import slicer
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

NM = "1.2.840.10008.5.1.4.1.1.20"


def write_nm(path: Path, date: str, time: str, **more: Any) -> str:
    """A small reconstructed NM object; its UID."""
    d = Dataset()
    d.SOPClassUID, d.SOPInstanceUID = NM, generate_uid()
    d.Modality, d.PatientID = "NM", "p"
    d.AcquisitionDate, d.AcquisitionTime = date, time
    d.StudyInstanceUID, d.SeriesInstanceUID = generate_uid(), generate_uid()
    item = Dataset()
    item.RadiopharmaceuticalStartDateTime = "20240131080000"
    item.RadionuclideTotalDose = "7400"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = (
        "C-113B0",
        "SRT",
        "^177^Lutetium",
    )
    item.RadionuclideCodeSequence = [code]
    d.RadiopharmaceuticalInformationSequence = [item]
    d.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    d.Units = "BQML"
    d.NumberOfFrames, d.Rows, d.Columns = 2, 2, 2
    d.BitsAllocated = d.BitsStored = 16
    d.HighBit, d.PixelRepresentation, d.SamplesPerPixel = 15, 0, 1
    d.PhotometricInterpretation = "MONOCHROME2"
    d.PixelData = np.zeros(8, np.uint16).tobytes()
    for key, value in more.items():
        setattr(d, key, value)
    d.file_meta = FileMetaDataset()
    d.file_meta.MediaStorageSOPClassUID = NM
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.save_as(path, enforce_file_format=True)
    return str(d.SOPInstanceUID)


@pytest.fixture
def database(tmp_path, monkeypatch):
    """Stands for the DICOM database: files by instance UID."""
    files: dict[str, str] = {}
    stand_in = SimpleNamespace(fileForInstance=lambda uid: files.get(uid, ""))
    monkeypatch.setattr(slicer, "dicomDatabase", stand_in, raising=False)

    def add(name: str, date: str, time: str, **more: Any) -> Any:
        uid = write_nm(tmp_path / f"{name}.dcm", date, time, **more)
        files[uid] = str(tmp_path / f"{name}.dcm")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        slicer.util.updateVolumeFromArray(node, np.zeros((2, 2, 2), np.float32))
        node.SetAttribute("DICOM.instanceUIDs", uid)
        return node

    return add


def fill(panel: Any, *nodes: Any) -> Any:
    for row, node in enumerate(nodes):
        panel.ui.addTimePointButton.click()
        panel.ui.timePointTable.cellWidget(row, 0).setCurrentNode(node)
    panel.ui.fillFromDicomButton.click()
    return panel.logic.getParameterNode()


def test_hours_unit_and_activity(panel, database):
    first = database("first", "20240131", "120000")
    second = database("second", "20240201", "083000")
    parameters = fill(panel, first, second)
    assert [point.hours for point in parameters.timePoints] == [4.0, 24.5]
    assert [point.unit for point in parameters.timePoints] == ["Bq/mL", "Bq/mL"]
    assert parameters.administeredActivity == 7400.0


def test_what_is_corrected_for_decay_is_said(panel, database):
    fill(panel, database("pet", "20240131", "120000", DecayCorrection="START"))
    assert "pet is corrected for decay, but the activity at the time of the scan" in (
        panel.ui.timePointHint.text
    )


def test_a_scan_before_the_administration(panel, database):
    parameters = fill(panel, database("early", "20240130", "120000"))
    assert parameters.timePoints[0].hours == 0.0
    assert "early starts before the administration" in panel.ui.timePointHint.text


def test_a_missing_unit_is_left_to_the_user(panel, database):
    node = database("counts", "20240131", "120000", Units="CNTS")
    panel.ui.addTimePointButton.click()
    panel.ui.timePointTable.cellWidget(0, 0).setCurrentNode(node)
    panel.ui.timePointTable.cellWidget(0, 3).currentIndex = 1
    panel.ui.fillFromDicomButton.click()
    assert panel.logic.getParameterNode().timePoints[0].hours == 4.0
