"""The panel's list of segments."""

from typing import Any

import pytest
import slicer
import vtk

from .conftest import parameters


def a_segmentation(*names: str) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    for n, name in enumerate(names):
        sphere = vtk.vtkSphereSource()
        sphere.SetCenter(20.0 * n, 0.0, 0.0)
        sphere.SetRadius(8.0)
        sphere.Update()
        node.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), name)
    return node


@pytest.mark.slow
def test_segments(panel):
    assert "Without a segmentation" in panel.ui.segmentsHint.text
    node = a_segmentation("liver", "spleen", "kidney")
    panel.ui.segmentationSelector.setCurrentNode(node)
    assert panel.ui.segmentsTableView.segmentationNode() == node
    assert panel.ui.segmentsHint.text == "3 of 3 segments are used."
    identities = [node.GetSegmentation().GetNthSegmentID(n) for n in range(3)]
    panel.ui.segmentsTableView.setSelectedSegmentIDs(identities[:2])
    assert list(parameters(panel).segmentIDs) == identities[:2]
    assert panel.ui.segmentsHint.text == "2 of 3 segments are used."
    parameters(panel).segmentIDs = []
    assert panel.ui.segmentsTableView.selectedSegmentIDs() == ()
    slicer.mrmlScene.RemoveNode(node)
    assert "Without a segmentation" in panel.ui.segmentsHint.text


def test_a_segmentation_without_segments_is_remarked(panel):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "empty")
    panel.ui.segmentationSelector.setCurrentNode(node)
    assert "has no segments" in panel.ui.segmentsHint.text
