"""A module small enough to prove the host with: a .ui file, a parameter node, a button, a timer."""

import ctk
import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper, parameterPack
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Small(ScriptedLoadableModule):
    """Says what the module is."""

    def __init__(self, parent):
        super().__init__(parent)
        self.parent.title = _("Small")
        self.parent.categories = ["Testing"]
        self.parent.contributors = ["The LuDosimetry contributors"]


@parameterPack
class Scan:
    """A volume and when it was taken."""

    volume: slicer.vtkMRMLScalarVolumeNode
    hours: float


@parameterNodeWrapper
class SmallParameterNode:
    """The panel's state."""

    volume: slicer.vtkMRMLScalarVolumeNode
    activity: float = 7400.0
    histories: int = 5
    compare: bool = False
    name: str = "patient"
    scans: list[Scan]


class SmallLogic(ScriptedLoadableModuleLogic):
    """The parameter node."""

    def getParameterNode(self):
        """Typed."""
        return SmallParameterNode(super().getParameterNode())


class SmallWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.parameters = None
        self._tag = None

    def setup(self):
        """Load the .ui file and connect."""
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath("UI/Small.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.logic = SmallLogic()
        self.ui.runButton.connect("clicked(bool)", self.onRun)
        self.timer = qt.QTimer()
        self.timer.setInterval(10)
        self.timer.connect("timeout()", self.onTimer)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneClosed)
        self.begin()

    def begin(self):
        """Bind a parameter node."""
        if self.parameters is not None:
            self.parameters.disconnectGui(self._tag)
        self.parameters = self.logic.getParameterNode()
        self._tag = self.parameters.connectGui(self.ui)

    def onSceneClosed(self, _caller, _event):
        """A new parameter node for the new scene."""
        self.begin()

    def onRun(self, checked):
        """Start the timer."""
        self.ui.progress.value = 0
        self.timer.start()

    def onTimer(self):
        """Count to ten."""
        self.ui.progress.value = self.ui.progress.value + 1
        if self.ui.progress.value == self.ui.progress.maximum:
            self.timer.stop()

    def cleanup(self):
        """Let go."""
        self.timer.stop()
        self.removeObservers()
        self.parameters.disconnectGui(self._tag)


class SmallTest(ScriptedLoadableModuleTest):
    """The self test."""

    def test_small(self):
        """A parameter node can be made."""
        assert SmallLogic().getParameterNode().activity == 7400.0
        assert ctk is not None
        assert vtk is not None
