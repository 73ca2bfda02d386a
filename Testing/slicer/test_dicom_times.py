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
LOADED = 2.0 * np.arange(8, dtype=np.float32).reshape(2, 2, 2)
"""Stored values by RescaleSlope, as the application loads them."""


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
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    d.DetectorInformationSequence = [detector]
    d.PixelSpacing, d.SpacingBetweenSlices, d.SliceVector = [2, 2], 3, [1, 2]
    d.RescaleSlope, d.RescaleIntercept = "2", "0"
    d.NumberOfFrames, d.Rows, d.Columns = 2, 2, 2
    d.BitsAllocated = d.BitsStored = 16
    d.HighBit, d.PixelRepresentation, d.SamplesPerPixel = 15, 0, 1
    d.PhotometricInterpretation = "MONOCHROME2"
    d.PixelData = np.arange(8, dtype=np.uint16).tobytes()
    for key, value in more.items():
        setattr(d, key, value)
        if value is None:
            delattr(d, key)
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

    def add(name: str, date: str, time: str, loaded: np.ndarray = LOADED, **more: Any) -> Any:
        uid = write_nm(tmp_path / f"{name}.dcm", date, time, **more)
        files[uid] = str(tmp_path / f"{name}.dcm")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        slicer.util.updateVolumeFromArray(node, loaded)
        node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.diag([-2.0, -2.0, 3.0, 1.0])))
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


def test_voxels_that_were_loaded_right_stay(panel, database):
    node = database("pet", "20240131", "120000", DecayCorrection="START")
    parameters = fill(panel, node)
    assert parameters.timePoints[0].spect == node
    assert "takes its place" not in panel.ui.timePointHint.text


def test_slices_in_reverse_order_are_the_same(panel, database):
    node = database("turned", "20240131", "120000", LOADED[::-1].copy(), DecayCorrection="START")
    matrix = np.diag([-2.0, -2.0, -3.0, 1.0])
    matrix[2, 3] = 3.0
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
    assert fill(panel, node).timePoints[0].spect == node


def test_decay_correction_is_undone(panel, database):
    node = database("admin", "20240131", "200000", DecayCorrection="ADMIN")
    parameters = fill(panel, node)
    instead = parameters.timePoints[0].spect
    assert instead.GetName() == "admin, activity at the scan"
    decayed = LOADED * 2.0 ** (-12.0 / (6.647 * 24.0))
    np.testing.assert_allclose(slicer.util.arrayFromVolume(instead), decayed, rtol=1e-6)
    assert "admin was loaded with other values" in panel.ui.timePointHint.text
    panel.ui.fillFromDicomButton.click()
    assert panel.logic.getParameterNode().timePoints[0].spect == instead


def test_a_real_world_mapping_is_applied(panel, database):
    """Which the application does not: its voxels would be a thousandth of the activity."""
    item, unit = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "Bq/ml", "UCUM", "Bq/ml"
    item.MeasurementUnitsCodeSequence = [unit]
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 2000.0, 0.0
    more = {"Units": None, "RescaleSlope": None, "DecayCorrection": "START"}
    node = database(
        "mapped", "20240131", "120000", LOADED / 2.0, RealWorldValueMappingSequence=[item], **more
    )
    parameters = fill(panel, node)
    assert parameters.timePoints[0].unit == "Bq/mL"
    instead = parameters.timePoints[0].spect
    np.testing.assert_allclose(slicer.util.arrayFromVolume(instead), 1000.0 * LOADED)
    image = np.eye(4)
    matrix = slicer.util.vtkMatrixFromArray(image)
    instead.GetIJKToRASMatrix(matrix)
    found = slicer.util.arrayFromVTKMatrix(matrix)
    np.testing.assert_allclose(found, np.diag([-2.0, -2.0, 3.0, 1.0]), atol=1e-9)


def test_files_that_cannot_be_read_as_an_import_would(panel, database):
    node = database("nowhere", "20240131", "120000", SpacingBetweenSlices=None)
    parameters = fill(panel, node)
    assert parameters.timePoints[0].spect == node
    assert parameters.timePoints[0].hours == 4.0
    assert "SpacingBetweenSlices (0018,0088) is missing" in panel.ui.timePointHint.text


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
