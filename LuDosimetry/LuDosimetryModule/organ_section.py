"""Section of the panel with the segmentation and its segments."""

from typing import Any

from slicer.i18n import tr as _

from LuDosimetryLib.voi.groups import FEW

from .panel import Panel


class OrganSection:
    """
    Selection of segments.

    Parameters
    ----------
    panel : Panel
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._showing = False
        panel.ui.segmentsTableView.connect(
            "selectionChanged(QItemSelection,QItemSelection)", self._on_selected
        )

    def show(self, parameters: Any) -> None:
        """Show the parameters."""
        node, table = parameters.segmentation, self._panel.ui.segmentsTableView
        chosen = list(parameters.segmentIDs)
        self._showing = True
        if table.segmentationNode() != node:
            table.setSegmentationNode(node)
        if sorted(table.selectedSegmentIDs()) != sorted(chosen):
            if chosen:
                table.setSelectedSegmentIDs(chosen)
            else:
                table.clearSelection()
        table.filterBarVisible = len(_segments(node)) > FEW
        self._showing = False
        self._panel.ui.segmentsHint.text = _hint(node, chosen)

    def _on_selected(self, *_selections: Any) -> None:
        if not self._showing:
            identities = list(self._panel.ui.segmentsTableView.selectedSegmentIDs())
            self._panel.set_parameter("segmentIDs", identities)


def _hint(node: Any, chosen: list[str]) -> str:
    if node is None:
        return _("Without a segmentation there are dose maps but no organ doses.")
    known = _segments(node)
    if not known:
        return _("The segmentation has no segments; add some in the module Segment Editor.")
    count = len([identity for identity in chosen if identity in known]) or len(known)
    used = _("{count} of {known} segments are used.").format(count=count, known=len(known))
    if count <= FEW:
        return used
    return f"{used} " + _(
        "The report and the plots show the organs at risk and the largest tumours; organs.csv lists all segments."
    )


def _segments(node: Any) -> list[str]:
    """IDs of the segments of a segmentation node; none without one."""
    if node is None:
        return []
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
