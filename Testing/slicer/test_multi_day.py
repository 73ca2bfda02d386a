"""A study of three days in the panel: loaded volumes, Fill from DICOM, Run; nothing else is clicked."""

from pathlib import Path
from typing import Any

import pytest
import slicer

from ..conftest import read_folder
from .conftest import parameters, run_to_the_end
from .dicom_loading import LoadedStudy

pytestmark = pytest.mark.slow


def _segmentation(path: Path) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    return node


def test_organ_doses_of_a_patient_who_lies_elsewhere_each_day(
    panel, multi_day, monkeypatch, wait_until
):
    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)
    study = LoadedStudy(multi_day.folder)
    monkeypatch.setattr(slicer, "dicomDatabase", study.database, raising=False)
    for row, scan in enumerate(study.scans):
        panel.ui.addTimePointButton.click()
        panel.ui.timePointTable.cellWidget(row, 0).setCurrentNode(scan)
        # the first day's CT, as the button itself proposes it for the next row
        panel.ui.timePointTable.cellWidget(row, 1).setCurrentNode(study.cts[0])
    panel.ui.fillFromDicomButton.click()
    points = parameters(panel).timePoints
    assert [round(point.hours, 2) for point in points] == [24.0, 96.0, 168.0]
    assert [point.ct for point in points] == study.cts
    assert [point.spect for point in points] == study.scans
    assert parameters(panel).registration == "rigid"
    parameters(panel).segmentation = _segmentation(multi_day.segmentation)
    run_to_the_end(panel, wait_until)
    content, _ = read_folder(panel.logic.resultOf(parameters(panel)).folder)
    assert [scan["method"] for scan in content["registration"]] == ["reference", "rigid", "rigid"]
    multi_day.check({organ["name"]: organ["mean_dose_Gy"] for organ in content["organs"]})
