"""Volumes, and rows of the panel's table of time points, for tests."""

from typing import Any

import numpy as np
import slicer


def volume(name: str, fill: float = 1.0) -> Any:
    """Make a small volume of one value."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, np.full((4, 5, 6), fill, np.float32))
    return node


def cell(panel: Any, row: int, column: int) -> Any:
    return panel.ui.timePointTable.cellWidget(row, column)


def fill_row(panel: Any, row: int, spect: Any, ct: Any, hours: float) -> None:
    cell(panel, row, 0).setCurrentNode(spect)
    cell(panel, row, 1).setCurrentNode(ct)
    cell(panel, row, 2).value = hours
