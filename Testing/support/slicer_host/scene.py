"""A fresh MRML scene with what Slicer has at its start: logics, layout, slice views, units."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import slicer
import vtk

LOGICS = {
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Colors": "vtkSlicerColorLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Models": "vtkSlicerModelsLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Data": "vtkSlicerDataModuleLogic",
}
SLICE_VIEWS = ("Red", "Green", "Yellow")


@contextmanager
def quiet() -> Iterator[None]:
    """VTK's warnings off."""
    before = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.SetGlobalWarningDisplay(0)
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(before)


@dataclass
class Scene:
    """The scene and the logics that watch it."""

    node: Any
    application_logic: Any
    layout_logic: Any
    logics: dict[str, Any]
    slice_logics: dict[str, Any] = field(default_factory=dict)

    def close(self) -> None:
        """Empty the scene and let go of the logics."""
        # as closing the scene in Slicer; removing singletons too would go on for ever, because
        # their logics make them again
        self.node.Clear(0)
        with quiet():
            for logic in [*self.logics.values(), *self.slice_logics.values(), self.layout_logic]:
                logic.SetMRMLScene(None)


def fresh() -> Scene:
    """Make a scene as Slicer's start leaves it."""
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    # without these a scene bundle cannot be read
    cache, data_io = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
    data_io.SetCacheManager(cache)
    scene.SetCacheManager(cache)
    scene.SetDataIOManager(data_io)
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    logics: dict[str, Any] = {}
    with quiet():  # Colors misses its files, which the wheel has not
        for name, class_name in LOGICS.items():
            logic = getattr(slicer, class_name)()
            logic.SetMRMLApplicationLogic(application)
            logic.SetMRMLScene(scene)
            application.SetModuleLogic(name, logic)
            logics[name] = logic
        application.GetColorLogic().SetMRMLScene(scene)
        application.GetColorLogic().AddDefaultColorNodes()
    layout = slicer.vtkMRMLLayoutLogic()
    layout.SetMRMLApplicationLogic(application)
    layout.SetMRMLScene(scene)
    whole = Scene(scene, application, layout, logics)
    for view in SLICE_VIEWS:
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        logic.SetSliceNode(scene.GetNodeByID(f"vtkMRMLSliceNode{view}"))
        logic.ResizeSliceNode(400, 400)
        application.GetSliceLogics().AddItem(logic)
        whole.slice_logics[view] = logic
    return whole


def add_file_colors(scene: Scene) -> None:
    """The two colour tables that Slicer has from its files and the wheel has not, like them.

    Only for pictures: tests show that the module does without them.
    """
    from matplotlib import colormaps

    for name, like in (("Plasma", "plasma"), ("DivergingBlueRed", "bwr")):
        node = slicer.vtkMRMLColorTableNode()
        node.SetTypeToFile()
        node.SetName(name)
        node.SetSingletonTag(f"File{name}.txt")
        node.SetHideFromEditors(False)
        node.SetSaveWithScene(False)
        node.SetNumberOfColors(256)
        for index in range(256):
            node.SetColor(index, f"{index}", *colormaps[like](index / 255.0))
        scene.node.AddNode(node)
