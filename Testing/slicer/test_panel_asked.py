"""What a calculation from the panel is asked for: segments, differences, transforms, options."""

from typing import Any

import numpy as np
import pytest
import slicer

from .conftest import errors, parameters, run_to_the_end


@pytest.mark.slow
def test_input_that_only_the_library_can_refuse(loaded, wait_until, caplog):
    ct = parameters(loaded).timePoints[0].ct
    slicer.util.updateVolumeFromArray(ct, np.full((48, 48, 48), 40.0, np.float32) + 5000.0)
    slicer.util.arrayFromVolume(ct)[:] = -1000
    slicer.util.arrayFromVolumeModified(ct)
    run_to_the_end(loaded, wait_until)
    assert "the CT shows no patient" in errors(caplog)[-1].lower().replace("ct", "CT")
    assert parameters(loaded).dose is None


def test_a_segmentation_without_segments(loaded, caplog):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "empty")
    loaded.ui.segmentationSelector.setCurrentNode(node)
    loaded.ui.runButton.click()
    assert errors(caplog)[-1].startswith("the segmentation empty has no segments; add some")
    assert loaded.job is None


@pytest.mark.slow
def test_a_segmentation_outside_the_volume(loaded, wait_until, caplog):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[0, 3] = 5000.0
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    parameters(loaded).segmentation.SetAndObserveTransformNodeID(transform.GetID())
    run_to_the_end(loaded, wait_until)
    assert "have no voxel on the SPECT grid" in errors(caplog)[-1]


@pytest.mark.slow
def test_segments_that_are_chosen(loaded, wait_until):
    segmentation = parameters(loaded).segmentation.GetSegmentation()
    loaded.ui.segmentsTableView.setSelectedSegmentIDs([segmentation.GetNthSegmentID(1)])
    loaded.ui.differencesLineEdit.text = ""
    run_to_the_end(loaded, wait_until)
    table = loaded.ui.organTableView.mrmlTableNode()
    assert [table.GetCellText(row, 0) for row in range(table.GetNumberOfRows())] == ["tumour"]


@pytest.mark.slow
def test_without_segmentation_there_are_maps_alone(loaded, wait_until):
    loaded.ui.segmentationSelector.setCurrentNode(None)
    run_to_the_end(loaded, wait_until)
    assert parameters(loaded).dose is not None
    assert loaded.ui.organTableView.mrmlTableNode().GetNumberOfRows() == 0


@pytest.mark.slow
def test_differences(loaded, wait_until, caplog):
    loaded.ui.differencesLineEdit.text = "rest = liver - tumour"
    loaded.ui.runButton.click()
    assert 'differences: "rest = liver - tumour" is not of the form' in errors(caplog)[-1]
    loaded.ui.differencesLineEdit.text = "kidney alone = kidney - tumour"
    run_to_the_end(loaded, wait_until)
    table = loaded.ui.organTableView.mrmlTableNode()
    assert table.GetCellText(3, 0) == "kidney alone"


def moved(name: str, shift_mm: float) -> Any:
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
    matrix = np.eye(4)
    matrix[2, 3] = shift_mm
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return transform


@pytest.mark.slow
def test_transforms_are_hardened_on_copies(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    still = slicer.util.arrayFromVolume(parameters(loaded).dose).copy()
    transform = moved("moved", 12.0)
    point = parameters(loaded).timePoints[0]
    nodes = [p.spect for p in parameters(loaded).timePoints]
    nodes += [point.ct, parameters(loaded).segmentation]
    before = [node.GetImageData().GetMTime() for node in nodes[:-1]]
    place = point.spect.GetOrigin()
    for node in nodes:
        node.SetAndObserveTransformNodeID(transform.GetID())
    run_to_the_end(loaded, wait_until)
    assert all(node.GetTransformNodeID() == transform.GetID() for node in nodes)
    assert [node.GetImageData().GetMTime() for node in nodes[:-1]] == before
    assert point.spect.GetOrigin() == place
    dose = parameters(loaded).dose
    assert dose.GetParentTransformNode() is None
    assert dose.GetOrigin()[2] == pytest.approx(place[2] + 12.0)
    assert np.allclose(slicer.util.arrayFromVolume(dose), still, rtol=1e-4, atol=1e-6)


def test_the_output_must_not_be_an_input(loaded, caplog):
    parameters(loaded).dose = parameters(loaded).timePoints[0].ct
    loaded.ui.runButton.click()
    assert "the volume CT is an input and cannot take the dose" in errors(caplog)[-1]
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "MR")
    slicer.util.updateVolumeFromArray(other, np.zeros((3, 3, 3)))
    parameters(loaded).dose = other
    loaded.ui.runButton.click()
    assert (
        "the volume MR is not a dose of this module and would be overwritten" in errors(caplog)[-1]
    )
    assert loaded.job is None


def test_wrong_further_options(loaded, wait_until, caplog):
    loaded.ui.furtherLineEdit.text = "{histories"
    assert "this is no JSON" in loaded.ui.runButton.toolTip
    assert not loaded.ui.runButton.enabled
    loaded.ui.furtherLineEdit.text = '{"histries": 5}'
    loaded.ui.runButton.click()
    assert "did you mean 'histories'?" in errors(caplog)[-1]
