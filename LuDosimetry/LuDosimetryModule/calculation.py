"""Calculation of the dose, from a request to nodes of the scene."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput

from .background import BackgroundJob
from .chart_nodes import keep_charts, show_chart
from .charts import bland_altman_chart, correlation_chart
from .hierarchy import arrange
from .outputs import RESULT_ATTRIBUTE, Outputs
from .request import Request
from .result_files import ResultFiles
from .tables import show_organ_table
from .views import (
    outline_segments,
    show_chart_node,
    show_dose_over,
    show_layout,
    show_table,
)
from .voi_charts import activity_charts, dvh_charts
from .volumes import show_volumes


class Calculation(BackgroundJob):
    """
    Calculation of the dose in the background; see `BackgroundJob`.

    Parameters
    ----------
    request : Request
    dose : vtkMRMLScalarVolumeNode or None
        Receives the dose; a new volume if None. The other nodes of a result are referenced by it
        and updated.

    Attributes
    ----------
    outputs : Outputs or None
        Nodes of the result, once it is in the scene.
    files : ResultFiles or None
        Files of the result.

    Raises
    ------
    InvalidInput
        If the request cannot be calculated.
    """

    def __init__(self, request: Request, dose: Any = None) -> None:
        request.check()
        if dose is not None:
            _check_output(dose, request)
        self.outputs: Outputs | None = None
        self.files: ResultFiles | None = None
        self._request = request
        self._dose_id = None if dose is None else dose.GetID()
        super().__init__(request.nodes(), request.write_job, self._read_result, self._show_result)

    def _read_result(self, result: Path) -> Iterator[str]:
        files = ResultFiles(result)
        yield from files.read()
        self.files = files

    def _show_result(self) -> Iterator[str]:
        files, request = self.files, self._request
        assert files is not None
        dose = None if self._dose_id is None else slicer.mrmlScene.GetNodeByID(self._dose_id)
        if dose is None:
            dose = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", _("Dose"))
        outputs, new = Outputs(dose), dose.GetImageData() is None
        for _volume in show_volumes(files, outputs):
            yield _("showing the volumes")
        self.outputs = outputs
        table = show_organ_table(files, outputs)
        yield _("drawing the plots")
        colours = _segment_colours(request.segmentation)
        drawn = (
            *dvh_charts(files, colours),
            *activity_charts(files, colours),
            correlation_chart(files),
            bland_altman_chart(files),
        )
        charts = [chart for chart in drawn if chart is not None]
        _remove_comparisons(outputs)
        keep_charts([chart.role for chart in charts], outputs)
        for chart in charts:
            show_chart(chart, outputs)
            yield _("drawing the plots")
        reference = request.scans[min(request.reference, len(request.scans) - 1)]
        arrange(outputs, _study_name(request), reference.spect)
        yield _("showing the result")
        show_layout()
        yield _("showing the result")
        cts = [scan.ct for scan in (reference, *request.scans) if scan.ct is not None]
        below = cts[0] if cts else reference.spect
        if new:  # later runs keep the user's settings
            outline_segments(request.segmentation)
        show_dose_over(dose, below, fit=new)
        show_table(table)
        if charts:
            show_chart_node(outputs[f"chart.{charts[0].role}"])


def _check_output(dose: Any, request: Request) -> None:
    if dose.GetID() in [node.GetID() for node in request.nodes()]:
        raise InvalidInput(
            _(
                "the volume {name} is an input and cannot take the dose; choose another output, or a new one."
            ).format(name=dose.GetName())
        )
    if dose.GetImageData() is not None and not dose.GetAttribute(RESULT_ATTRIBUTE):
        raise InvalidInput(
            _(
                "the volume {name} is not a dose of this module and would be overwritten; choose another output, or a new one."
            ).format(name=dose.GetName())
        )


def _remove_comparisons(outputs: Outputs) -> None:
    for prefix in ("compared.", "table.comparison"):
        outputs.remove_all_but(prefix, ())


def _study_name(request: Request) -> str:
    if request.patient_id:
        return _("177Lu dosimetry, {patient}").format(patient=request.patient_id)
    return _("177Lu dosimetry")


def _segment_colours(node: Any) -> dict[str, tuple[float, float, float]]:
    if node is None:
        return {}
    segmentation = node.GetSegmentation()
    segments = [segmentation.GetNthSegment(n) for n in range(segmentation.GetNumberOfSegments())]
    return {segment.GetName(): segment.GetColor() for segment in segments}
