"""A result compared with any other dose volume of the scene, calculated in the background."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.jobs.job_folder import COMPARISON

from .background import BackgroundJob
from .chart_nodes import show_chart
from .charts import comparison_charts
from .hierarchy import arrange
from .outputs import Outputs
from .result_files import Image, read_image
from .segmentation_export import export_segmentation, segment_ids
from .tables import show_difference_table
from .views import show_chart_node, show_table
from .volume_export import check_volume, export_volume
from .volumes import show_error_maps


class DoseComparison(BackgroundJob):
    """
    Comparison of another dose volume with the dose of a result.

    Parameters
    ----------
    other : vtkMRMLScalarVolumeNode
        Absorbed dose [Gy] on any grid.
    outputs : Outputs
        The result, whose dose is the reference.
    segmentation : vtkMRMLSegmentationNode or None
    segments : sequence of str
        IDs; all if empty.

    Raises
    ------
    InvalidInput
        If there is nothing to compare.
    """

    def __init__(
        self, other: Any, outputs: Outputs, segmentation: Any = None, segments: Any = ()
    ) -> None:
        if other.GetID() == outputs.dose.GetID():
            raise InvalidInput(
                _("{name} is the dose itself; choose another dose volume to compare with.").format(
                    name=other.GetName()
                )
            )
        check_volume(other, _("dose to compare with"))
        check_volume(outputs.dose, _("dose"))
        self.outputs = outputs
        self._other, self._other_name = other, other.GetName()
        if segmentation is not None and not segmentation.GetSegmentation().GetNumberOfSegments():
            segmentation = None
        self._segmentation, self._segments = segmentation, tuple(segments)
        self._summary: dict[str, Any] = {}
        self._images: dict[str, Image] = {}
        nodes = [other, outputs.dose] + ([] if segmentation is None else [segmentation])
        super().__init__(nodes, self._write, self._read_result, self._show_result)

    def _write(self, folder: Path) -> Iterator[str]:
        asked = {}
        volumes = {
            "dose": self._other,
            "reference": self.outputs.dose,
            "density": self.outputs["volume.density"],
            "reference_standard_error": self.outputs["volume.dose_standard_error"],
        }
        for key, node in volumes.items():
            if node is None or node.GetImageData() is None:
                continue
            asked[key] = f"{key}.nrrd"
            for _piece in export_volume(node, folder / asked[key]):
                yield _("copying {name}").format(name=node.GetName())
        if self._segmentation is not None:
            asked["segmentation"] = "organs.seg.nrrd"
            identities = segment_ids(self._segmentation, self._segments)
            for _piece in export_segmentation(
                self._segmentation, identities, folder / asked["segmentation"]
            ):
                yield _("copying {name}").format(name=self._segmentation.GetName())
        (folder / COMPARISON).write_text(json.dumps(asked), encoding="utf-8")

    def _read_result(self, result: Path) -> Iterator[str]:
        self._summary = json.loads((result / "comparison.json").read_text(encoding="utf-8"))
        assert self.folder is not None
        for key, path in (
            ("error", result / "error.nrrd"),
            ("relative_error", result / "relative_error.nrrd"),
            ("reference", self.folder / "reference.nrrd"),
        ):
            yield _("reading {name}").format(name=path.name)
            self._images[key] = read_image(path)

    def _show_result(self) -> Iterator[str]:
        outputs, name = self.outputs, self._other_name
        show_error_maps(outputs, self._images["error"], self._images["relative_error"], name)
        table = show_difference_table(self._summary, name, outputs)
        yield _("drawing the plots")
        reference = self._images["reference"].values.reshape(-1)
        other = reference + self._images["error"].values.reshape(-1)
        for chart in comparison_charts(name, self._summary, other, reference):
            show_chart(chart, outputs)
            yield _("drawing the plots")
        arrange(outputs, None, outputs.dose)
        show_table(table)
        show_chart_node(outputs["chart.compared-correlation"])
