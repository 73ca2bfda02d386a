"""What the views show: dose over CT, one chart and the organ table."""

from typing import Any

import slicer

_OPACITY = 0.4


def show_dose_over_ct(dose: Any, ct: Any) -> None:
    """The dose in the foreground of all slice views, the CT behind it."""
    slicer.util.setSliceViewerLayers(
        background=ct, foreground=dose, foregroundOpacity=_OPACITY, fit=True
    )


def show_layout() -> None:
    """Slices, 3D view, a plot and a table together; nothing without a main window."""
    manager = slicer.app.layoutManager()
    if manager is not None:
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)


def show_table(table: Any) -> None:
    """A table in the table view."""
    logic = slicer.app.applicationLogic()
    logic.GetSelectionNode().SetActiveTableID(table.GetID())
    logic.PropagateTableSelection()


def show_chart_node(chart: Any) -> None:
    """A chart in the plot view."""
    logic = slicer.app.applicationLogic()
    logic.GetSelectionNode().SetActivePlotChartID(chart.GetID())
    logic.PropagatePlotChartSelection()
