"""The user's choices, kept in the scene."""

from typing import Annotated

from slicer import (
    vtkMRMLMarkupsLineNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
)
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper, parameterPack

from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.presets import RECOMMENDED

_MOST_MBQ = 1e6
_DEFAULT = Options()


@parameterPack
class TimePoint:
    """
    One SPECT/CT scan.

    Attributes
    ----------
    spect : volume; None if it was removed from the scene
    ct : volume; None where the CT of another time point serves
    hours : after administration [h]
    unit : of the SPECT voxels: "Bq/mL", "Bq" or "counts"
    BqPerCount : activity of one count [Bq]; for the unit "counts" alone
    """

    spect: vtkMRMLScalarVolumeNode
    ct: vtkMRMLScalarVolumeNode
    hours: float = 0.0
    unit: str = "Bq/mL"
    BqPerCount: float = 0.0


@parameterNodeWrapper
class LuDosimetryParameterNode:
    """
    The parameters of the module.

    Attributes
    ----------
    timePoints : in any order
    referenceTimePoint : index in `timePoints` of the scan on whose grid everything is calculated
    water : whether there is no CT, and the patient is taken as water within the outline on the SPECT
    administeredActivity : [MBq]; 0 if it is not known
    patientID : how the report calls the patient
    segmentation : volumes of interest
    segmentIDs : those of it that count; all if empty
    differences : further volumes of interest, as "rest = liver - tumour 1 - tumour 2; ..."
    preset : name of the preset from which the options start, as in a case file
    registration, integration, tail, doseMethod, device, media, seed, compareWith : options of a
        case file
    uncertaintyPercent : the option `uncertainty_percent` [%]; 0 for the number of histories among
        the further options. A panel is for a target, so that it begins with one.
    furtherOptions : options of a case file that have no widget, as JSON
    dose : the volume that takes the dose; None for a new one
    comparedDose : a dose volume of the scene to compare with
    profileLine : markups line of the dose profile
    """

    timePoints: list[TimePoint]
    referenceTimePoint: int = 0
    water: bool = False
    administeredActivity: Annotated[float, WithinRange(0.0, _MOST_MBQ)] = 0.0
    patientID: str = ""
    segmentation: vtkMRMLSegmentationNode | None
    segmentIDs: list[str]
    differences: str = ""
    preset: str = RECOMMENDED
    registration: str = _DEFAULT.registration
    integration: str = _DEFAULT.integration
    tail: str = _DEFAULT.tail
    doseMethod: str = _DEFAULT.dose_method
    device: str = _DEFAULT.device
    media: Annotated[int, WithinRange(1, 1000)] = _DEFAULT.media
    uncertaintyPercent: Annotated[float, WithinRange(0.0, 20.0)] = 1.0
    seed: Annotated[int, WithinRange(0, 2**31 - 1)] = _DEFAULT.seed
    furtherOptions: str = ""
    compareWith: list[str]
    dose: vtkMRMLScalarVolumeNode | None
    comparedDose: vtkMRMLScalarVolumeNode | None
    profileLine: vtkMRMLMarkupsLineNode | None
