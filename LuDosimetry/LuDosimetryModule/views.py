"""Contents of the views: dose over CT or SPECT, one chart and the organ table."""

from typing import Any

import numpy as np
import slicer
import vtk

_OPACITY = 0.4


def show_dose_over(dose: Any, below: Any, fit: bool = True) -> None:
    """
    Show the dose in the foreground of all slice views, with the CT, or the SPECT, behind it.

    Parameters
    ----------
    dose, below : vtkMRMLScalarVolumeNode
    fit : bool
        Fit the views to what is behind and go to the highest dose; else leave them as they are.
    """
    slicer.util.setSliceViewerLayers(
        background=below, foreground=dose, foregroundOpacity=_OPACITY, fit=fit
    )
    if fit:
        place = position_of_highest_dose(dose)
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *place)


def position_of_highest_dose(dose: Any) -> tuple[float, float, float]:
    """Centre of the voxel with the highest dose: right, anterior, superior [mm]."""
    values = slicer.util.arrayFromVolume(dose)
    k, j, i = np.unravel_index(int(values.argmax()), values.shape)
    matrix = vtk.vtkMatrix4x4()
    dose.GetIJKToRASMatrix(matrix)
    right, anterior, superior, _one = matrix.MultiplyPoint((float(i), float(j), float(k), 1.0))
    return right, anterior, superior


def outline_segments(segmentation: Any) -> None:
    """Show segments as outlines in the slice views, since their filling hides the dose."""
    display = None if segmentation is None else segmentation.GetDisplayNode()
    if display is not None:
        display.SetVisibility2DFill(False)
        display.SetVisibility2DOutline(True)


def show_layout() -> None:
    """Show slices, 3D view, a plot and a table together; does nothing without a main window."""
    manager = slicer.app.layoutManager()
    if manager is not None:
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)


def show_table(table: Any) -> None:
    """Show a table in the table view."""
    logic = slicer.app.applicationLogic()
    logic.GetSelectionNode().SetActiveTableID(table.GetID())
    logic.PropagateTableSelection()


def show_chart_node(chart: Any) -> None:
    """Show a chart in the plot view."""
    logic = slicer.app.applicationLogic()
    logic.GetSelectionNode().SetActivePlotChartID(chart.GetID())
    logic.PropagatePlotChartSelection()
