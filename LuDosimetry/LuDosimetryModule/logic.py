"""Logic of the module, for the panel, the Python console and scripts."""

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
from .results import Results, SceneResult

_WAIT_S = 0.02


class LuDosimetryLogic(ScriptedLoadableModuleLogic):
    """
    The module without its panel, for the Python console and scripts.

    Examples
    --------
    >>> from LuDosimetry import LuDosimetryLogic
    >>> logic = LuDosimetryLogic()
    >>> outputs = logic.run(
    ...     timePoints=[(spect1, ct, 4.0), (spect2, None, 24.0), (spect3, None, 120.0)],
    ...     segmentation=organs, doseMethod="multi-vsv", compareWith=["local"])
    >>> dose = slicer.util.arrayFromVolume(outputs.dose)  # [Gy], axes (k, j, i)
    """

    # shared by all instances: each wrapper caches a list as it read it, whatever another one writes
    _parameterNode: LuDosimetryParameterNode | None = None

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self._results = Results()

    def getParameterNode(self) -> LuDosimetryParameterNode:
        """Return the parameters of the module in the scene."""
        node = ScriptedLoadableModuleLogic.getParameterNode(self)
        shared = LuDosimetryLogic._parameterNode
        if shared is None or shared.parameterNode != node:
            shared = LuDosimetryLogic._parameterNode = LuDosimetryParameterNode(node)
        return shared

    def readParametersAgain(self) -> None:
        """Read the parameters again, after a scene was loaded."""
        # the wrapper cached values while the nodes that they refer to were not loaded yet
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
        water: bool = False,
        administeredActivity: float = 0.0,
        patientID: str = "",
        preset: str = RECOMMENDED,
        dose: Any = None,
        progress: Any = None,
        **options: Any,
    ) -> Outputs:
        """
        Calculate the dose and add it to the scene; returns when that is done.

        A separate process calculates, and the application stays responsive.

        Parameters
        ----------
        parameterNode : LuDosimetryParameterNode, optional
            Parameters of the calculation; by default those of the scene, unless `timePoints` are
            given.
        timePoints : sequence, optional
            `Scan` objects, or tuples (SPECT node, CT node or None, hours after administration).
        segmentation : vtkMRMLSegmentationNode, optional
        segmentIDs : sequence of str
            Segments to use; all if empty.
        differences : str
            Further VOIs, as "rest = liver - tumour 1 - tumour 2; ...".
        referenceTimePoint : int
            Index of the scan on whose grid everything is calculated.
        water : bool
            Whether there is no CT, and the patient is taken as water within the outline on the SPECT.
        administeredActivity : float
            Administered activity [MBq]; 0 if it is not known.
        patientID : str
        preset : str
            Name of a preset of options; the options below override it.
        dose : vtkMRMLScalarVolumeNode, optional
            Receives the dose; by default a new volume, or that of the parameter node.
        progress : callable, optional
            Called with the finished fraction and a message; may raise `Cancelled`.
        **options
            Options of a case file: dose_method (or doseMethod), compare_with (or compareWith), media,
            device, seed, histories, uncertainty_percent, registration, integration, tail.

        Returns
        -------
        Outputs
            ``outputs.dose`` is the dose volume [Gy]; the others are ``outputs["volume.tia"]`` and so
            on, and ``outputs.roles()`` lists them.

        Raises
        ------
        InvalidInput
            If it cannot be calculated as requested; one sentence.
        RuntimeError
            If the calculation ended without a result for another reason.
        """
        if timePoints is None:
            job = self.start(parameterNode or self.getParameterNode())
        else:
            scans = [s if isinstance(s, Scan) else Scan(*s) for s in timePoints]
            named = {"doseMethod": "dose_method", "compareWith": "compare_with"}
            request = Request(
                scans=tuple(scans),
                reference=referenceTimePoint,
                water=water,
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
            Dose of a result, which is the reference.
        segmentation : vtkMRMLSegmentationNode, optional

        Returns
        -------
        Outputs
            Nodes with the roles "compared.error" [Gy], "compared.relative_error" [%] and "table.comparison".
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

        All options of the case apply, whether or not the panel has a field for them.
        """
        self.loadCase(path)
        return self.run(progress=progress)

    def saveResult(self, dose: Any, folder: str | Path) -> None:
        """Save the result folder of a dose that was calculated in this session."""
        self._results.save(dose, Path(folder))

    def start(self, parameterNode: LuDosimetryParameterNode) -> Calculation:
        """Start the calculation of a parameter node; the caller calls its ``poll``."""
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
        Wait for a job while the application stays responsive.

        Raises
        ------
        InvalidInput, Cancelled, RuntimeError
            If the job did not end with a result.
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
        """Keep the files of a finished job until the scene closes."""
        self._results.keep(job)

    def resultOf(self, parameterNode: LuDosimetryParameterNode) -> SceneResult | None:
        """Return the result in the dose volume of a parameter node."""
        return self._results.of(parameterNode.dose)

    def removeResultFolders(self) -> None:
        """Remove the files of all results; their nodes stay."""
        self._results.remove()
