"""The case of a result, as far as readers of results need it."""

from dataclasses import dataclass, field

from ..case.tissue_response import TissueResponse

__all__ = ["AskedCase", "AskedOptions", "AskedPoint"]


@dataclass(frozen=True)
class AskedPoint:
    """
    A scan of the case.

    Attributes
    ----------
    hours : float
        Time after administration [h].
    spect : str
        File, as in case.json.
    ct : str or None
    unit : str
    """

    hours: float
    spect: str
    ct: str | None = None
    unit: str = "Bq/mL"


@dataclass(frozen=True)
class AskedSegmentation:
    """The file that the volumes of interest come from."""

    file: str


@dataclass(frozen=True)
class AskedOptions:
    """
    Options that other files than the report name, too.

    Attributes
    ----------
    integration, tail : str
    radiobiology : dict of str to TissueResponse
        By what a volume's name contains.
    report_vois : tuple of str
        Volumes of interest that the report shows unfolded; empty for the default.
    """

    integration: str = "trapezoid"
    tail: str = "physical"
    radiobiology: dict[str, TissueResponse] = field(default_factory=dict)
    report_vois: tuple[str, ...] = ()


@dataclass(frozen=True)
class AskedCase:
    """
    A case as it was asked; see `case.case.Case`.

    Attributes
    ----------
    patient_id, nuclide : str
    cycle : int
    preset : str
        Empty in results of version 0.1.0.
    administered_activity_MBq : float or None
    time_points : tuple of AskedPoint
    reference_time_point : int
    segmentation : AskedSegmentation or None
    options : AskedOptions
    """

    patient_id: str = ""
    cycle: int = 1
    preset: str = ""
    nuclide: str = ""
    administered_activity_MBq: float | None = None
    time_points: tuple[AskedPoint, ...] = ()
    reference_time_point: int = 0
    segmentation: AskedSegmentation | None = None
    options: AskedOptions = AskedOptions()
