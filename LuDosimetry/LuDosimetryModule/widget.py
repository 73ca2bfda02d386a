"""Panel of the module: assembles its sections and follows a calculation."""

from typing import Any

import qt
import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from LuDosimetryLib.base.errors import InvalidInput

from .background import BackgroundJob
from .logic import LuDosimetryLogic
from .method_section import MethodSection
from .organ_section import OrganSection
from .outputs import RESULT_ATTRIBUTE
from .panel import Panel
from .parameters import LuDosimetryParameterNode
from .request import Request
from .result_section import ResultSection
from .run_section import RunSection
from .time_point_section import TimePointSection

_POLL_MS = 15
_AFTER_SELECTORS = -20.0
"""Priority of an observer that is called after the node selectors have updated."""


class LuDosimetryWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Panel that Slicer shows when the user opens the module."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic: LuDosimetryLogic | None = None
        self.panel: Panel | None = None
        self.job: BackgroundJob | None = None
        self._guiTag = None
        self._entered = False

    def setup(self) -> None:
        """Make the panel; called once, when it is first shown."""
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath("UI/LuDosimetry.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        self.ui.doseSelector.addAttribute("vtkMRMLScalarVolumeNode", RESULT_ATTRIBUTE, "dose")
        widget.setMRMLScene(slicer.mrmlScene)
        self.logic = LuDosimetryLogic()
        self.panel = Panel(self.ui, self.showError)
        self.timePointSection = TimePointSection(self.panel)
        self.organSection = OrganSection(self.panel)
        self.methodSection = MethodSection(self.panel)
        self.runSection = RunSection(self.ui)
        self.resultSection = ResultSection(self.ui, self.showError)
        self.ui.runButton.connect("clicked(bool)", self.onRun)
        self.ui.compareButton.connect("clicked(bool)", self.onCompare)
        self.timer = qt.QTimer()
        self.timer.setInterval(_POLL_MS)
        self.timer.connect("timeout()", self.onPoll)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        for event, slot in (
            (scene.EndCloseEvent, self.onSceneEnd),
            (scene.EndImportEvent, self.onSceneEnd),
            (scene.EndBatchProcessEvent, self.onParameterNodeModified),
        ):
            self.addObserver(scene, event, slot, priority=_AFTER_SELECTORS)
        self.initializeParameterNode()

    def enter(self) -> None:
        """Called when the user opens the module."""
        self._entered = True
        self.initializeParameterNode()
        if self.methodSection.look_for_devices():
            self.timer.start()

    def exit(self) -> None:
        """Called when the user opens another module; a calculation continues."""
        self._entered = False
        if self.panel is not None:
            self.setParameterNode(None)

    def cleanup(self) -> None:
        """Called when the application closes or the module is reloaded; leaves nothing running."""
        if self.panel is None:  # setup failed
            return
        self.timer.stop()
        self.methodSection.stop()
        self.stopJob()
        self.logic.removeResultFolders()
        self.setParameterNode(None)
        self.removeObservers()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """Stop the calculation of a scene that is closed."""
        self.stopJob()
        self.setParameterNode(None)
        self.resultSection.show(None)
        self.logic.removeResultFolders()

    def onSceneEnd(self, caller: Any, event: Any) -> None:
        """Show the parameters of a new or loaded scene."""
        self.setParameterNode(None)
        self.timePointSection.forget_hint()
        self.logic.readParametersAgain()
        if self._entered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller: Any, event: Any, node: Any) -> None:
        """Clear selectors of a node that is removed; they would select its neighbour instead."""
        if self.panel.parameters is None:
            return
        ui = self.ui
        selectors = (
            *self.timePointSection.table.selectors(),
            ui.segmentationSelector,
            ui.doseSelector,
            ui.profileLineSelector,
            ui.comparedDoseSelector,
        )
        for selector in selectors:
            if selector.currentNode() == node:
                selector.setCurrentNode(None)

    def initializeParameterNode(self) -> None:
        """Show the parameter node, which is made if need be."""
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameters: LuDosimetryParameterNode | None) -> None:
        """Show a parameter node and follow its changes."""
        shown = self.panel.parameters
        if shown is parameters:
            return
        modified = vtk.vtkCommand.ModifiedEvent
        if shown is not None:
            shown.disconnectGui(self._guiTag)
            self.removeObserver(shown, modified, self.onParameterNodeModified)
        self.panel.parameters = parameters
        if parameters is not None:
            self._guiTag = parameters.connectGui(self.ui)
            self.addObserver(parameters, modified, self.onParameterNodeModified)
            self.onParameterNodeModified()

    def onParameterNodeModified(self, caller: Any = None, event: Any = None) -> None:
        """Show the parameters that connectGui does not."""
        parameters = self.panel.parameters
        if parameters is None:
            return
        for section in (self.timePointSection, self.organSection, self.methodSection):
            section.show(parameters)
        self.resultSection.follow(self.logic.resultOf(parameters))
        self.updateRun()

    def updateRun(self) -> None:
        """Enable the run button, or show what is missing."""
        parameters = self.panel.parameters
        if self.job is None and parameters is not None:
            try:
                lacking = Request.of(parameters).missing()
            except InvalidInput as error:
                lacking = [str(error).rstrip(".")]
            self.runSection.idle(lacking + self.methodSection.lacking(parameters))

    def onRun(self, checked: bool = False) -> None:
        """Start a calculation, or cancel the running one."""
        if self.job is not None:
            self.job.cancel()
            self.runSection.cancelling()
            return
        self.startJob(self.logic.start)

    def onCompare(self, checked: bool = False) -> None:
        """Compare the result with another dose volume of the scene."""
        if self.job is None:
            self.startJob(self.logic.startComparison)

    def startJob(self, start: Any) -> None:
        """Start a job and follow it."""
        try:
            self.job = start(self.panel.parameters)
        except InvalidInput as error:
            self.showError(str(error))
            return
        self.runSection.started()
        self.setInputsEnabled(False)
        self.timer.start()

    def onPoll(self) -> None:
        """Advance the running job and the search for devices."""
        waiting = self.methodSection.poll()
        job = self.job
        if job is None:
            if not waiting:
                self.timer.stop()
            return
        job.poll()
        if self.job is not job:  # the scene was closed during the poll
            return
        if job.running:
            self.runSection.follow(job)
        else:
            self.finishJob(job)

    def finishJob(self, job: BackgroundJob) -> None:
        """Show how a job ended."""
        self.job = None
        self.runSection.ended(job)
        self.setInputsEnabled(True)
        outcome = job.outcome
        parameters = self.logic.getParameterNode()
        if outcome.kind == "done":
            self.logic.keep(job)
            parameters.dose = job.outputs.dose
        self.resultSection.follow(self.logic.resultOf(parameters), renew=True)
        self.updateRun()
        if outcome.kind in ("invalid", "failed", "killed"):
            self.showError(outcome.text[:1].upper() + outcome.text[1:], outcome.details)

    def stopJob(self) -> None:
        """End a job at once and leave nothing behind."""
        job, self.job = self.job, None
        if job is not None:
            job.stop()
            self.runSection.ended(job)
            self.setInputsEnabled(True)
            self.runSection.idle([])

    def setInputsEnabled(self, enabled: bool) -> None:
        """Enable or disable the inputs."""
        ui = self.ui
        for widget in (ui.timePointsSection, ui.organsSection, ui.methodSection, ui.optionsSection):
            widget.enabled = enabled
        ui.doseSelector.enabled = enabled
        self.resultSection.set_busy(not enabled)

    def showError(self, text: str, details: str = "") -> None:
        """Show an error to the user."""
        if details:
            slicer.util.errorDisplay(text, detailedText=details)
        else:
            slicer.util.errorDisplay(text)
