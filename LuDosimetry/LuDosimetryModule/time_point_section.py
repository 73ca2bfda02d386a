"""Section of the panel with the time points."""

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.dicom.spect_scan import why_apart

from .case_loading import fill_parameters, load_case
from .dicom_times import DicomTimes, read_dicom_times
from .panel import Panel
from .parameters import TimePoint
from .scan_table import ScanTable
from .time_point_table import TimePointTable


class TimePointSection:
    """
    Table of time points, its buttons, and the reference scan.

    Parameters
    ----------
    panel : Panel
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._showing = False
        ui = panel.ui
        self.table = TimePointTable(ui.timePointTable, self._on_edited)
        self.scans = ScanTable(ui.scanTable, ui.timePointHint)
        for button, slot in (
            (ui.addTimePointButton, self._on_add),
            (ui.removeTimePointButton, self._on_remove),
            (ui.sortTimePointsButton, self._on_sort),
            (ui.fillFromDicomButton, self._on_fill_from_dicom),
            (ui.loadCaseButton, self._on_load_case),
        ):
            button.connect("clicked(bool)", slot)
        ui.referenceComboBox.connect("currentIndexChanged(int)", self._on_reference)

    def show(self, parameters: Any) -> None:
        """Show the parameters."""
        points = parameters.timePoints
        self.table.show(points)
        self.scans.follow(points)
        ui = self._panel.ui
        ui.removeTimePointButton.enabled = len(points) > 0
        ui.sortTimePointsButton.enabled = len(points) > 1
        ui.fillFromDicomButton.enabled = any(point.spect is not None for point in points)
        names = [
            _("{n}: {name}").format(
                n=n, name=_("none") if point.spect is None else point.spect.GetName()
            )
            for n, point in enumerate(points, start=1)
        ]
        box = ui.referenceComboBox
        self._showing = True
        if [box.itemText(n) for n in range(box.count)] != names:
            box.clear()
            for name in names:
                box.addItem(name)
        box.currentIndex = min(parameters.referenceTimePoint, len(names) - 1)
        self._showing = False

    def forget_hint(self) -> None:
        """Clear the list of scans and the remarks, which belong to another scene."""
        self.scans.clear()

    def _on_edited(self) -> None:
        self._panel.set_parameter("timePoints", self.table.points())

    def _on_add(self, _checked: bool = False) -> None:
        points = self.table.points()
        ct = points[-1].ct if points else None
        self._panel.set_parameter("timePoints", [*points, TimePoint(None, ct)])

    def _on_remove(self, _checked: bool = False) -> None:
        points = self.table.points()
        rows = self.table.selected() or [len(points) - 1]
        self._order([n for n in range(len(points)) if n not in rows])

    def _on_sort(self, _checked: bool = False) -> None:
        points = self.table.points()
        self._order(sorted(range(len(points)), key=lambda n: points[n].hours))

    def _order(self, order: list[int]) -> None:
        """Keep some of the rows, in an order; the reference remains the same scan if it is kept."""
        parameters = self._panel.parameters
        if parameters is None:
            return
        points = self.table.points()
        reference = parameters.referenceTimePoint
        with slicer.util.NodeModify(parameters):
            parameters.timePoints = [points[n] for n in order]
            parameters.referenceTimePoint = order.index(reference) if reference in order else 0

    def _on_fill_from_dicom(self, _checked: bool = False) -> None:
        parameters = self._panel.parameters
        if parameters is None:
            return
        points = self.table.points()
        with slicer.util.WaitCursor():
            found = read_dicom_times(points, cts=not parameters.water)
        for n, point in enumerate(points):
            point.hours = found.hours.get(n, point.hours)
            point.unit = found.units.get(n, point.unit)
            point.spect = found.volumes.get(n, point.spect)
            if n in found.cts:
                point.ct = found.ct_node(n, point.ct)
        registration = _registration(parameters.registration, len(points), found)
        with slicer.util.NodeModify(parameters):
            parameters.timePoints = points
            parameters.registration = registration
            if found.administered_MBq is not None:
                parameters.administeredActivity = found.administered_MBq
        self.scans.show(found, points, registration)

    def _on_load_case(self, _checked: bool = False) -> None:
        path = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(), _("Case file"), "", _("Case (*.json)")
        )
        if not path or self._panel.parameters is None:
            return
        try:
            with slicer.util.WaitCursor():
                fill_parameters(load_case(path), self._panel.parameters)
        except InvalidInput as error:
            self._panel.report_error(str(error))

    def _on_reference(self, index: int) -> None:
        if not self._showing and index >= 0:
            self._panel.set_parameter("referenceTimePoint", index)


def _registration(chosen: str, points: int, found: DicomTimes) -> str:
    """
    The registration that an import would ask for; another than none or the default stays.

    Parameters
    ----------
    chosen : str
    points : int
        Number of time points; nothing follows if not all of them were loaded from DICOM.
    found : DicomTimes
        Takes a remark if it is changed.
    """
    default = Options().registration
    if points < 2 or len(found.scans) < points:
        return chosen
    apart = why_apart(list(found.scans.values()))
    if apart and chosen == "none":
        found.log.remark(
            _("The scans {what}; they are to be registered with each other, rigidly.").format(
                what=apart
            )
        )
        return default
    if not apart and chosen == default:
        found.log.remark(
            _(
                "The scans have the same frame of reference and are taken as aligned with each other."
            )
        )
        return "none"
    return chosen
