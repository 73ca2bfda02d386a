"""The module without its panel."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.case.presets import RECOMMENDED

from .background import BackgroundJob
from .calculation import Calculation
from .case_loading import LoadedCase, fill_parameters, load_case
from .dose_comparison import DoseComparison
from .outputs import Outputs
from .parameters import LuDosimetryParameterNode
from .request import Request, Scan
from .results import Result, Results

_WAIT_S = 0.02


class LuDosimetryLogic(ScriptedLoadableModuleLogic):
    """
    The module without its panel, for the Python console and for scripts.

    Examples
    --------
    >>> from LuDosimetry import LuDosimetryLogic
    >>> logic = LuDosimetryLogic()
    >>> outputs = logic.run(
    ...     timePoints=[(spect1, ct, 4.0), (spect2, None, 24.0), (spect3, None, 120.0)],
    ...     segmentation=organs, doseMethod="multi-vsv", compareWith=["local"])
    >>> dose = slicer.util.arrayFromVolume(outputs.dose)  # [Gy], axes (k, j, i)
    """

    # one for all instances: each wrapper keeps a list as it read it, whatever another one writes
    _parameterNode: LuDosimetryParameterNode | None = None

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self._results = Results()

    def getParameterNode(self) -> LuDosimetryParameterNode:
        """The module's parameters in the scene."""
        node = ScriptedLoadableModuleLogic.getParameterNode(self)
        shared = LuDosimetryLogic._parameterNode
        if shared is None or shared.parameterNode != node:
            shared = LuDosimetryLogic._parameterNode = LuDosimetryParameterNode(node)
        return shared

    def readParametersAgain(self) -> None:
        """Forget what was read of the parameters; for after a scene was loaded."""
        # the wrapper keeps what it read while the nodes that it refers to were not there yet
        LuDosimetryLogic._parameterNode = None

    def run(
        self,
        parameterNode: LuDosimetryParameterNode | None = None,
        *,
        timePoints: Sequence[Any] | None = None,
        segmentation: Any = None,
        segmentIDs: Sequence[str] = (),
        differences: str = "",
        referenceTimePoint: int = 0,
        administeredActivity: float = 0.0,
        patientID: str = "",
        preset: str = RECOMMENDED,
        dose: Any = None,
        progress: Any = None,
        **options: Any,
    ) -> Outputs:
        """
        Calculate the dose and put it into the scene; returns when it is there.

        It is calculated in a process of its own; the application goes on meanwhile.

        Parameters
        ----------
        parameterNode : LuDosimetryParameterNode, optional
            What to calculate; by default that of the scene, unless `timePoints` are given.
        timePoints : sequence, optional
            Of `Scan`, or of (SPECT node, CT node or None, hours after administration).
        segmentation : vtkMRMLSegmentationNode, optional
        segmentIDs : sequence of str
            Segments that count; all if empty.
        differences : str
            Further volumes of interest, as "rest = liver - tumour 1 - tumour 2; ...".
        referenceTimePoint : int
            Index of the scan on whose grid everything is calculated.
        administeredActivity : float
            [MBq]; 0 if it is not known.
        patientID : str
        preset : str
            Name of a preset of options; the options below override it.
        dose : vtkMRMLScalarVolumeNode, optional
            Takes the dose; a new volume by default, or that of the parameter node.
        progress : callable, optional
            Of the finished fraction and a message; may raise `Cancelled`.
        **options
            As in a case file: dose_method (or doseMethod), compare_with (or compareWith), media,
            device, seed, histories, uncertainty_percent, registration, integration, tail.

        Returns
        -------
        Outputs
            ``outputs.dose`` is the dose volume [Gy]; ``outputs["volume.tia"]`` and so on are the
            others, ``outputs.roles()`` lists them.

        Raises
        ------
        InvalidInput
            One sentence, if it cannot be calculated as asked.
        RuntimeError
            If the calculation ended otherwise without a result.
        """
        if timePoints is None:
            job = self.start(parameterNode or self.getParameterNode())
        else:
            scans = [s if isinstance(s, Scan) else Scan(*s) for s in timePoints]
            named = {"doseMethod": "dose_method", "compareWith": "compare_with"}
            request = Request(
                scans=tuple(scans),
                reference=referenceTimePoint,
                segmentation=segmentation,
                segments=tuple(segmentIDs),
                differences=differences,
                administered_MBq=administeredActivity,
                patient_id=patientID,
                preset=preset,
                options={named.get(key, key): value for key, value in options.items()},
            )
            job = Calculation(request, dose)
        self.finish(job, progress)
        return job.outputs

    def compare(self, other: Any, dose: Any, segmentation: Any = None) -> Outputs:
        """
        Compare another dose volume of the scene with a result.

        Parameters
        ----------
        other : vtkMRMLScalarVolumeNode
            Absorbed dose [Gy], on any grid.
        dose : vtkMRMLScalarVolumeNode
            That of a result, which is the reference.
        segmentation : vtkMRMLSegmentationNode, optional

        Returns
        -------
        Outputs
            With "compared.error" [Gy], "compared.relative_error" [%] and "table.comparison".
        """
        job = DoseComparison(other, Outputs(dose), segmentation)
        self.finish(job)
        return job.outputs

    def loadCase(
        self, path: str | Path, parameterNode: LuDosimetryParameterNode | None = None
    ) -> LoadedCase:
        """Load a case file, or the case.json of a folder, into the scene and the parameters."""
        loaded = load_case(Path(path))
        fill_parameters(loaded, parameterNode or self.getParameterNode())
        return loaded

    def runCase(self, path: str | Path, progress: Any = None) -> Outputs:
        """
        Load a case file into the scene and calculate it; see `run`.

        What the case asks for is what is calculated, whether or not the panel has a field for it.
        """
        self.loadCase(path)
        return self.run(progress=progress)

    def saveResult(self, dose: Any, folder: str | Path) -> None:
        """Save the result folder of a dose that was calculated in this session."""
        self._results.save(dose, Path(folder))

    def start(self, parameterNode: LuDosimetryParameterNode) -> Calculation:
        """Start what a parameter node asks for; whoever calls it goes on with ``poll``."""
        return Calculation(Request.of(parameterNode), parameterNode.dose)

    def startComparison(self, parameterNode: LuDosimetryParameterNode) -> DoseComparison:
        """Start the comparison of a result with another dose volume."""
        result, other = self.resultOf(parameterNode), parameterNode.comparedDose
        if result is None or other is None:
            raise InvalidInput(_("There is no result, or no other dose, to compare."))
        return DoseComparison(
            other, result.outputs, parameterNode.segmentation, parameterNode.segmentIDs
        )

    def finish(self, job: BackgroundJob, progress: Any = None) -> None:
        """
        Wait for a job while the application goes on.

        Raises
        ------
        InvalidInput, Cancelled, RuntimeError
            As the job ended.
        """
        try:
            while job.running:
                job.poll()
                if progress is not None:
                    progress(job.fraction, job.stage)
                slicer.app.processEvents()
                time.sleep(_WAIT_S)
        finally:
            job.stop()
        outcome = job.outcome
        if outcome.kind == "done":
            self.keep(job)
        elif outcome.kind == "invalid":
            raise InvalidInput(outcome.text)
        elif outcome.kind == "cancelled":
            raise Cancelled
        else:
            raise RuntimeError("\n".join(filter(None, [outcome.text, outcome.details])))

    def keep(self, job: BackgroundJob) -> None:
        """Keep the files of a job that is done, until the scene closes."""
        self._results.keep(job)

    def resultOf(self, parameterNode: LuDosimetryParameterNode) -> Result | None:
        """The result in the dose volume that a parameter node names."""
        return self._results.of(parameterNode.dose)

    def removeResultFolders(self) -> None:
        """Remove the files of all results; their nodes stay."""
        self._results.remove()
