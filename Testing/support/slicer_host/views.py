"""The slice views, drawn by Slicer's own displayable managers off screen, to look at and to save.

Open them right after the scene is made: the manager of colour legends only knows of legends that
are added while it watches.
"""

from pathlib import Path
from typing import Any

import slicer
import vtk

from .scene import Scene

MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)


class SliceView:
    """One slice view with its render window."""

    def __init__(self, scene: Scene, name: str, width: int, height: int) -> None:
        self.logic = scene.slice_logics[name]
        self._size = (width, height)
        self._renderer = vtk.vtkRenderer()
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetSize(width, height)
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(scene.application_logic)
        for manager in MANAGERS:
            if not factory.IsDisplayableManagerRegistered(manager):
                factory.RegisterDisplayableManager(manager)
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.SetRenderer(self._renderer)
        self._managers.Initialize(factory, self._renderer)
        self._managers.SetMRMLDisplayableNode(self.logic.GetSliceNode())
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetDisplayLocationToBackground()
        self._actor.VisibilityOff()
        self._renderer.AddViewProp(self._actor)

    def show(self, place: tuple[float, float, float] | None = None) -> None:
        """Fit the view to its volumes, and go to the slice through a place (R, A, S) [mm]."""
        self.logic.ResizeSliceNode(*self._size)
        self.logic.FitSliceToBackground(True)
        if place is not None:
            self.logic.GetSliceNode().JumpSliceByOffsetting(*place)

    def image(self) -> Any:
        """What is seen, as RGB vtkImageData."""
        connection = self.logic.GetImageDataConnection()
        self._actor.SetVisibility(connection is not None)
        if connection is not None:
            self._mapper.SetInputConnection(connection)
        for legend in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode"):
            legend.Modified()  # Slicer's views bring the legends up to date at every render
        self._window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.ReadFrontBufferOff()
        grab.SetInputBufferTypeToRGB()
        grab.Update()
        return grab.GetOutput()

    def save(self, path: str | Path) -> None:
        """Write what is seen as PNG."""
        writer = vtk.vtkPNGWriter()
        writer.SetFileName(str(path))
        writer.SetInputData(self.image())
        writer.Write()

    def close(self) -> None:
        """Give the window back."""
        self._managers.SetMRMLDisplayableNode(None)
        self._window.Finalize()


def open_views(scene: Scene, width: int, height: int) -> dict[str, SliceView]:
    """All slice views of the scene."""
    return {name: SliceView(scene, name, width, height) for name in scene.slice_logics}
