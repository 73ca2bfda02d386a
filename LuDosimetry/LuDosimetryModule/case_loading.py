"""Loading of a case file: its images as nodes of the scene, its settings into the parameters."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _
from vtk.util.numpy_support import numpy_to_vtk

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.case import Case
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.parts import WATER, Segmentation
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import read_image
from LuDosimetryLib.voi.totalsegmentator import class_list, label_table

from .choices import WITH_PARAMETER
from .parameters import TimePoint
from .result_files import ijk_to_ras

_UNITS = {
    "Bq/mL": ("Bq/mL", "becquerel per millilitre"),
    "Bq": ("Bq", "becquerel"),
    "counts": ("{counts}", "counts"),
}


@dataclass(frozen=True)
class LoadedCase:
    """
    Nodes of a case.

    Attributes
    ----------
    case : Case
    spects, cts : list of vtkMRMLScalarVolumeNode, with None for an absent CT
    segmentation : vtkMRMLSegmentationNode or None
    """

    case: Case
    spects: list[Any]
    cts: list[Any]
    segmentation: Any


def load_case(path: Path) -> LoadedCase:
    """
    Load the images of a case file, or of the ``case.json`` of a folder, into the scene.

    Raises
    ------
    InvalidInput
        If it cannot be read; the scene is then unchanged.
    """
    case = Case.read(path)
    made: list[Any] = []
    volumes: dict[Path, Any] = {}

    def volume(image: Path | None, name: str, unit: tuple[str, str]) -> Any:
        if image in (None, WATER):
            return None
        if image not in volumes:
            volumes[image] = _volume(image, name, unit)
            made.append(volumes[image])
        return volumes[image]

    try:
        spects = [
            volume(
                point.spect, _("SPECT {hours:g} h").format(hours=point.hours), _UNITS[point.unit]
            )
            for point in case.time_points
        ]
        known = {point.ct for point in case.time_points if point.ct not in (None, WATER)}
        cts = []
        for point in case.time_points:
            name = _("CT") if len(known) == 1 else _("CT {hours:g} h").format(hours=point.hours)
            cts.append(volume(point.ct, name, ("[hnsf'U]", "Hounsfield unit")))
        segmentation = None
        if case.segmentation is not None:
            segmentation = _segmentation(case.segmentation)
            made.append(segmentation)
    except InvalidInput:
        for node in made:
            _remove(node)
        raise
    return LoadedCase(case, spects, cts, segmentation)


def fill_parameters(loaded: LoadedCase, parameters: Any) -> None:
    """Transfer a loaded case to a parameter node."""
    case, options = loaded.case, loaded.case.options
    with slicer.util.NodeModify(parameters):
        parameters.timePoints = [
            TimePoint(spect, ct, point.hours, point.unit, _Bq_per_count(point))
            for point, spect, ct in zip(case.time_points, loaded.spects, loaded.cts, strict=True)
        ]
        parameters.referenceTimePoint = case.reference_time_point
        parameters.water = case.ct is None
        parameters.administeredActivity = case.administered_activity_MBq or 0.0
        parameters.patientID = case.patient_id
        parameters.segmentation = loaded.segmentation
        parameters.segmentIDs = _chosen(loaded)
        parameters.differences = _differences(case.segmentation)
        parameters.preset = case.preset
        parameters.registration = options.registration
        parameters.integration = options.integration
        parameters.tail = options.tail
        parameters.doseMethod = options.dose_method
        parameters.device = options.device
        parameters.media = options.media
        parameters.uncertaintyPercent = options.uncertainty_percent or 0.0
        parameters.furtherOptions = _further_options(case)
        parameters.seed = options.seed
        parameters.compareWith = list(options.compare_with)


def _further_options(case: Case) -> str:
    """Options without a parameter that differ from their defaults, as JSON."""
    given, default = case.options.to_dict(), Options().to_dict()  # with whole paths
    further = {
        key: value
        for key, value in given.items()
        if key not in WITH_PARAMETER and value != default[key]
    }
    return json.dumps(further) if further else ""


def _Bq_per_count(point: Any) -> float:
    return 0.0 if point.calibration is None else point.calibration.activity_per_count_Bq


def _differences(segmentation: Segmentation | None) -> str:
    if segmentation is None:
        return ""
    return "; ".join(
        f"{name} = {' - '.join(parts)}" for name, parts in segmentation.differences.items()
    )


def _chosen(loaded: LoadedCase) -> list[str]:
    """IDs of the segments that the case names; none if it names all."""
    node = loaded.segmentation
    if node is None or loaded.case.segmentation is None or not loaded.case.segmentation.names:
        return []
    segmentation = node.GetSegmentation()
    wanted = set(loaded.case.segmentation.names.values())
    known = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    chosen = [i for i in known if segmentation.GetSegment(i).GetName() in wanted]
    return [] if len(chosen) == len(known) else chosen


def _volume(path: Path, name: str, unit: tuple[str, str]) -> Any:
    image = read_image(path, name)
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InvalidInput(
            _("{name}: {path} has several values per voxel; expected one.").format(
                name=name, path=path
            )
        )
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, sitk.GetArrayFromImage(image))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras(Grid.of(image))))
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(unit[0], "UCUM", unit[1])
    node.SetVoxelValueUnits(entry)
    node.CreateDefaultDisplayNodes()
    return node


def _segmentation(given: Segmentation) -> Any:
    """Load the segments of a case under the names that it gives them."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", _("Organs"))
    node.CreateDefaultDisplayNodes()
    try:
        if given.file.name.lower().endswith((".seg.nrrd", ".seg.nhdr")):
            storage = slicer.vtkMRMLSegmentationStorageNode()
            storage.SetFileName(str(given.file))
            if not (given.file.exists() and storage.ReadData(node)):
                raise InvalidInput(
                    _("segmentation: {path} cannot be read; check the path.").format(
                        path=given.file
                    )
                )
            _rename(node.GetSegmentation(), given)
        else:
            _add_labels(node, given)
    except InvalidInput:
        _remove(node)
        raise
    return node


def _remove(node: Any) -> None:
    """Remove a node and its display nodes, which the scene would otherwise keep."""
    for n in reversed(range(node.GetNumberOfDisplayNodes())):
        slicer.mrmlScene.RemoveNode(node.GetNthDisplayNode(n))
    slicer.mrmlScene.RemoveNode(node)


def _rename(segmentation: Any, given: Segmentation) -> None:
    for n in range(segmentation.GetNumberOfSegments()):
        identity, segment = segmentation.GetNthSegmentID(n), segmentation.GetNthSegment(n)
        for key in (identity, segment.GetName(), str(segment.GetLabelValue())):
            if key in given.names:
                segment.SetName(given.names[key])
                break


def _add_labels(node: Any, given: Segmentation) -> None:
    image = read_image(given.file, _("segmentation"))
    values = sitk.GetArrayFromImage(image)
    present = [int(value) for value in np.unique(values) if value != 0]
    matrix = slicer.util.vtkMatrixFromArray(ijk_to_ras(Grid.of(image)))
    known = label_table(given.file)
    if given.class_list is not None:
        known = dict(class_list(given.class_list, given.file, present).names)
    labels = given.names or {
        str(value): known.get(value, f"label {value}")
        for value in present
        if value in known or given.class_list is None
    }
    for key, name in labels.items():
        if not key.isdecimal() or int(key) not in present:
            raise InvalidInput(
                _("segmentation: label {key!r} is not in {path}; it has: {known}.").format(
                    key=key, path=given.file, known=", ".join(map(str, present))
                )
            )
        mask = slicer.vtkOrientedImageData()
        mask.SetDimensions(*values.shape[::-1])
        scalars = numpy_to_vtk((values == int(key)).astype(np.uint8).reshape(-1), deep=True)
        scalars.SetName("ImageScalars")
        mask.GetPointData().SetScalars(scalars)
        mask.SetGeometryFromImageToWorldMatrix(matrix)
        node.AddSegmentFromBinaryLabelmapRepresentation(mask, name)
