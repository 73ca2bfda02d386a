"""Section of the panel that shows and exports a result."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.output.summary import ORGANS, REPORT

from .chart_nodes import show_chart
from .charts import profile_chart
from .outputs import Outputs
from .results import SceneResult
from .views import show_chart_node

_EXPORTS = {
    "csvButton": (ORGANS, "CSV (*.csv)"),
    "rtdoseButton": ("dose.dcm", "DICOM (*.dcm)"),
}
_FILE_BUTTONS = ("reportButton", "csvButton", "rtdoseButton", "saveResultButton")


class ResultSection:
    """
    Organ table, plots, maps and files of a result.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    report_error : callable
        Takes a sentence for the user.
    """

    def __init__(self, ui: Any, report_error: Callable[[str], None]) -> None:
        self._ui = ui
        self._report_error = report_error
        self._outputs: Outputs | None = None
        self._folder: Path | None = None
        self._charts: list[str] = []
        self._maps: list[str] = []
        self._showing = self._busy = False
        self._tips = {name: getattr(ui, name).toolTip for name in _FILE_BUTTONS}
        ui.reportButton.connect("clicked(bool)", self._on_report)
        ui.csvButton.connect("clicked(bool)", lambda _checked: self._on_export("csvButton"))
        ui.rtdoseButton.connect("clicked(bool)", lambda _checked: self._on_export("rtdoseButton"))
        ui.saveResultButton.connect("clicked(bool)", self._on_save_result)
        ui.profileButton.connect("clicked(bool)", self._on_profile)
        ui.chartComboBox.connect("currentIndexChanged(int)", self._on_chart)
        ui.mapComboBox.connect("currentIndexChanged(int)", self._on_map)
        self.show(None)

    def follow(self, result: SceneResult | None, renew: bool = False) -> None:
        """
        Show a result unless it is shown already.

        Parameters
        ----------
        result : SceneResult or None
        renew : bool
            Show it again in any case.
        """
        dose = None if result is None else result.outputs.dose
        shown = None if self._outputs is None else self._outputs.dose
        if renew or dose != shown:
            self.show(result)
        else:
            self._enable()

    def show(self, result: SceneResult | None) -> None:
        """Show a result, or that there is none."""
        ui = self._ui
        outputs = None if result is None else result.outputs
        self._outputs = outputs
        self._folder = None if result is None else result.folder
        ui.organTableView.setMRMLTableNode(None if outputs is None else outputs["table.organs"])
        if result is None:
            ui.resultHint.text = _("There is no result yet.")
        else:
            texts = [
                _("Warning {number}: {text}").format(number=n, text=text)
                for n, text in enumerate(result.warnings, start=1)
            ]
            ui.resultHint.text = "\n".join(texts)
        ui.resultHint.setVisible(bool(ui.resultHint.text))
        self._fill_lists()
        for name in _FILE_BUTTONS:
            button = getattr(ui, name)
            file = _EXPORTS.get(name, (REPORT, ""))[0]
            there = self._folder is not None and (self._folder / file).exists()
            button.enabled = there
            button.toolTip = (
                self._tips[name]
                if there
                else _("Files are available only for results that were calculated in this session.")
            )
        self._enable()

    def set_busy(self, busy: bool) -> None:
        """Whether something is being calculated."""
        self._busy = busy
        self._enable()

    def _enable(self) -> None:
        """Enable what can be done with the volumes and lines that are chosen."""
        ui, there = self._ui, self._outputs is not None
        line, other = ui.profileLineSelector.currentNode(), ui.comparedDoseSelector.currentNode()
        ui.profileButton.enabled = there and line is not None
        ui.compareButton.enabled = there and other is not None and not self._busy

    def _fill_lists(self) -> None:
        self._showing = True
        ui, outputs = self._ui, self._outputs
        ui.chartComboBox.clear()
        ui.mapComboBox.clear()
        self._charts, self._maps = [], []
        if outputs is not None:
            self._charts = outputs.roles("chart.")
            order = ("dvh", "activity", "profile", "correlation", "bland-altman")
            self._charts.sort(key=lambda role: _place(role.removeprefix("chart."), order))
            for role in self._charts:
                ui.chartComboBox.addItem(outputs[role].GetName())
            self._maps = ["dose", *outputs.roles("volume."), *outputs.roles("compared.")]
            for role in self._maps:
                ui.mapComboBox.addItem(outputs[role].GetName())
        ui.chartComboBox.enabled = bool(self._charts)
        ui.mapComboBox.enabled = bool(self._maps)
        self._showing = False

    def _on_chart(self, index: int) -> None:
        if self._showing or self._outputs is None or not 0 <= index < len(self._charts):
            return
        node = self._outputs[self._charts[index]]
        if node is not None:
            show_chart_node(node)

    def _on_map(self, index: int) -> None:
        if self._showing or self._outputs is None or not 0 <= index < len(self._maps):
            return
        node = self._outputs[self._maps[index]]
        if node is not None:
            slicer.util.setSliceViewerLayers(foreground=node)

    def _on_profile(self, _checked: bool = False) -> None:
        outputs, line = self._outputs, self._ui.profileLineSelector.currentNode()
        if outputs is None or line is None:
            return
        roles = ["dose", *(r for r in outputs.roles("volume.dose_") if not r.endswith("_error"))]
        try:
            chart = profile_chart(line, {outputs[r].GetName(): outputs[r] for r in roles})
        except InvalidInput as error:
            self._report_error(str(error))
            return
        node = show_chart(chart, outputs)
        self._fill_lists()
        self._showing = True
        self._ui.chartComboBox.currentIndex = self._charts.index("chart.profile")
        self._showing = False
        show_chart_node(node)

    def _on_report(self, _checked: bool = False) -> None:
        if self._folder is not None:
            path = self._folder / REPORT
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))

    def _on_export(self, button: str) -> None:
        if self._folder is None:
            return
        name, kinds = _EXPORTS[button]
        path = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), _("Save"), name, kinds)
        if not path:
            return
        try:
            shutil.copyfile(self._folder / name, path)
        except OSError as error:
            self._report_error(_cannot_save(path, error))

    def _on_save_result(self, _checked: bool = False) -> None:
        if self._folder is None:
            return
        parent = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Folder in which the result folder is written"), ""
        )
        if not parent:
            return
        folder = _free_name(Path(parent))
        try:
            with slicer.util.WaitCursor():
                shutil.copytree(self._folder, folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            self._report_error(_cannot_save(str(folder), error))
            return
        slicer.util.showStatusMessage(_("Saved {folder}").format(folder=folder), 5000)


def _place(name: str, order: tuple[str, ...]) -> tuple[int, int]:
    """Place of a chart, and its number among several of its kind."""
    kind, _dash, count = name.rpartition("-")
    if not count.isdigit():
        kind, count = name, "1"
    return order.index(kind) if kind in order else len(order), int(count)


def _free_name(parent: Path) -> Path:
    folder, n = parent / "LuDosimetry-result", 2
    while folder.exists():
        folder, n = parent / f"LuDosimetry-result-{n}", n + 1
    return folder


def _cannot_save(path: str, error: OSError) -> str:
    return _("{path} cannot be written: {reason}; choose another place or make room.").format(
        path=path, reason=error.strerror or str(error)
    )
