"""
The dose of a volume of interest: each quantity declared once, with its unit and where it is shown.

``organs.csv``, ``cohort.csv``, ``course.csv``, the tables of reports, console and panel, and the
DICOM structured report follow from `QUANTITIES`. A new quantity is an attribute of `OrganDose` and
an entry in `QUANTITIES`, both at the end, and a value where it is calculated.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Flag, auto

__all__ = [
    "FAMILIES",
    "QUANTITIES",
    "SCHEME",
    "Code",
    "Family",
    "OrganDose",
    "Quantity",
    "Shown",
    "for_reading",
    "shown_in",
]

SCHEME = "99LUDOSIMETRY"
"""Designator of the private DICOM codes, for what no public scheme has a code."""


@dataclass(frozen=True)
class OrganDose:
    """
    What one volume of interest received; attribute names carry the units.

    ``mean_dose_Gy`` is Eq. 2 of Kim et al. 2022, sum(m_i D_i) / sum(m_i). ``D98_Gy`` is the dose
    that at least 98 % of the volume receives (ICRU 83). ``dose_by_method_Gy`` has the mean dose of
    every method calculated. ``standard_error_Gy`` is that of ``mean_dose_Gy`` if its method is
    statistical, ``standard_error_by_method_Gy`` has those of all such methods; both come from
    independent batches.

    ``standard_uncertainty_Gy`` is the combined one of ``mean_dose_Gy`` and
    ``uncertainty_parts_percent`` its parts, see `uncertainty.budget`; ``volume_uncertainty_percent``
    is that of the volume itself. With a recovery correction ``recovery_coefficient`` is the part of
    the corrected activity that the scans show, and ``mean_dose_without_recovery_Gy`` the dose as
    they show it. ``effective_half_life_h`` is that of the phase with most decays of the volume's
    time-activity curve, ``BED_Gy`` the biologically effective dose where tissue parameters are given.
    ``network_correction_percent`` is what the residual network changed of the mean dose by multiple
    VSV.
    """

    name: str
    volume_mL: float
    mass_g: float
    tia_MBq_h: float
    mean_dose_Gy: float
    std_dose_Gy: float
    min_dose_Gy: float
    max_dose_Gy: float
    D98_Gy: float
    D50_Gy: float
    D2_Gy: float
    dose_by_method_Gy: dict[str, float] = field(default_factory=dict)
    standard_error_Gy: float | None = None
    standard_error_by_method_Gy: dict[str, float] = field(default_factory=dict)
    standard_uncertainty_Gy: float | None = None
    volume_uncertainty_percent: float | None = None
    uncertainty_parts_percent: dict[str, float] = field(default_factory=dict)
    recovery_coefficient: float | None = None
    mean_dose_without_recovery_Gy: float | None = None
    dose_per_activity_Gy_GBq: float | None = None
    effective_half_life_h: float | None = None
    BED_Gy: float | None = None
    network_correction_percent: float | None = None


class Shown(Flag):
    """
    Tables that show a quantity; ``organs.csv`` and the DICOM structured report have all.

    The tables of reports, console and panel leave out what no organ has.
    """

    ANSWER = auto()  # first table of the report
    STATISTICS = auto()  # statistics of voxels in the report
    EFFECT = auto()  # recovery and biological effect in the report
    CONSOLE = auto()
    PANEL = auto()
    COHORT = auto()  # cohort.csv
    COURSE = auto()  # course.csv and the course's report


NOWHERE = Shown(0)


@dataclass(frozen=True)
class Code:
    """
    A coded concept of DICOM: value, scheme, and a meaning of at most 64 characters.

    `derivation` is a further concept that modifies it.
    """

    value: str
    scheme: str
    meaning: str
    derivation: "Code | None" = None


@dataclass(frozen=True)
class Quantity:
    """
    A quantity of a volume of interest.

    Attributes
    ----------
    attribute : str
        Name in `OrganDose`.
    label : str
        Heading in tables.
    unit : str
    code : Code
        In the DICOM structured report.
    shown : Shown
    ucum : str
        The unit in UCUM; `unit` if empty.
    explanation : str
        What the label leaves open: a sentence below the tables of a report.
    digits : str
        Format on the console.
    beside : str
        Attribute that it stands next to; in ``organs.csv`` it stands in the order of `QUANTITIES`.
    leads : bool
        Whether it stands first in tables for reading.
    in_family : bool
        Whether one of `FAMILIES` has it too, so that ``organs.csv`` and the DICOM structured
        report need it no more.
    """

    attribute: str
    label: str
    unit: str
    code: Code
    shown: Shown = NOWHERE
    ucum: str = ""
    explanation: str = ""
    digits: str = ".3f"
    beside: str = ""
    leads: bool = False
    in_family: bool = False

    def of(self, organ: OrganDose) -> float | None:
        """Value for an organ; None where it has none."""
        value: float | None = getattr(organ, self.attribute)
        return value


@dataclass(frozen=True)
class Family:
    """
    A quantity that has a value for each dose method, or for each part of the uncertainty.

    Attributes
    ----------
    attribute : str
        Name in `OrganDose`, of a dictionary.
    column : str
        Heading in ``organs.csv``, before the method or part.
    unit : str
        UCUM.
    code : Code
        Value and meaning go before those of the method or part.
    """

    attribute: str
    column: str
    unit: str
    code: Code

    def of(self, organ: OrganDose) -> dict[str, float]:
        """Values for an organ by method or part."""
        values: dict[str, float] = getattr(organ, self.attribute)
        return values


def _private(value: str, meaning: str) -> Code:
    return Code(value, SCHEME, meaning)


_STANDARD_DEVIATION = Code("386136009", "SCT", "Standard Deviation")
_TABLES = Shown.ANSWER | Shown.CONSOLE | Shown.PANEL | Shown.COHORT
_VOXELS = Shown.STATISTICS | Shown.PANEL

QUANTITIES = (
    Quantity(
        "volume_mL",
        "Volume",
        "mL",
        Code("118565006", "SCT", "Volume"),
        _TABLES,
        digits=".1f",
    ),
    Quantity(
        "mass_g",
        "Mass",
        "g",
        Code("118538004", "SCT", "Mass"),
        _TABLES,
        explanation="Mass: by CT density, without air.",
        digits=".1f",
    ),
    Quantity(
        "tia_MBq_h",
        "TIA",
        "MBq h",
        _private("tia", "Time-integrated activity"),
        _VOXELS | Shown.COHORT,
        ucum="MBq.h",
        explanation="TIA: time-integrated activity.",
    ),
    Quantity(
        "mean_dose_Gy",
        "Mean dose",
        "Gy",
        Code("128533", "DCM", "Mean Absorbed Radiation Dose"),
        _TABLES | Shown.EFFECT | Shown.COURSE,
        explanation="Mean dose: weighted by mass.",
        leads=True,
    ),
    Quantity(
        "std_dose_Gy",
        "SD",
        "Gy",
        Code("128513", "DCM", "Absorbed Dose", _STANDARD_DEVIATION),
        _VOXELS,
        explanation="SD: standard deviation of the voxel doses, weighted by mass.",
    ),
    Quantity(
        "min_dose_Gy",
        "Minimum",
        "Gy",
        Code("128532", "DCM", "Minimum Absorbed Radiation Dose"),
        _VOXELS,
    ),
    Quantity(
        "max_dose_Gy",
        "Maximum",
        "Gy",
        Code("128531", "DCM", "Maximum Absorbed Radiation Dose"),
        _VOXELS,
    ),
    Quantity(
        "D98_Gy",
        "D98",
        "Gy",
        _private("D98", "Absorbed dose that at least 98 % of the volume receives"),
        _VOXELS | Shown.COHORT,
        explanation="D98, D50, D2: dose that at least 98, 50, 2 % of the volume receives.",
    ),
    Quantity(
        "D50_Gy",
        "D50",
        "Gy",
        Code("128539", "DCM", "Median Absorbed Radiation Dose"),
        _VOXELS | Shown.COHORT,
    ),
    Quantity(
        "D2_Gy",
        "D2",
        "Gy",
        _private("D2", "Absorbed dose that at least 2 % of the volume receives"),
        _VOXELS | Shown.COHORT,
    ),
    Quantity(
        "standard_error_Gy",
        "Statistical",
        "± Gy",
        _private("standard-error", "Standard error of the mean absorbed dose"),
        _VOXELS,
        ucum="Gy",
        explanation=(
            "Statistical: standard error of the mean dose by Monte Carlo alone, from independent batches; a part of its "
            "uncertainty. The statistical errors of single voxels widen SD, minimum, maximum and the DVH."
        ),
        in_family=True,
    ),
    Quantity(
        "standard_uncertainty_Gy",
        "Uncertainty",
        "Gy",
        _private("uncertainty", "Combined standard uncertainty of the mean absorbed dose"),
        _TABLES | Shown.COURSE,
        explanation="Uncertainty: combined standard uncertainty of the mean dose.",
        beside="mean_dose_Gy",
        leads=True,
    ),
    Quantity(
        "volume_uncertainty_percent",
        "Uncertainty of the volume",
        "%",
        _private("u-volume", "Standard uncertainty of the volume"),
    ),
    Quantity(
        "recovery_coefficient",
        "Recovery",
        "shown / true",
        _private("recovery", "Recovery coefficient of the activity"),
        Shown.EFFECT,
        ucum="1",
        explanation=(
            "Recovery: activity that the scans show in a volume as a part of the corrected one, above 1 where more "
            "comes in from around than is lost; beside it the mean dose without the correction."
        ),
    ),
    Quantity(
        "mean_dose_without_recovery_Gy",
        "Without correction",
        "Gy",
        _private("uncorrected-dose", "Mean absorbed dose without recovery correction"),
        Shown.EFFECT,
    ),
    Quantity(
        "dose_per_activity_Gy_GBq",
        "Per activity",
        "Gy/GBq",
        _private("dose-per-GBq", "Mean absorbed dose per administered activity"),
        _TABLES | Shown.EFFECT | Shown.COURSE,
        explanation="Per activity: mean dose over administered activity.",
        leads=True,
    ),
    Quantity(
        "effective_half_life_h",
        "Effective half-life",
        "h",
        _private("eff-half-life", "Effective half-life"),
        Shown.EFFECT | Shown.PANEL | Shown.COHORT | Shown.COURSE,
        explanation="Effective half-life: of the last phase of the volume's time-activity curve.",
    ),
    Quantity(
        "BED_Gy",
        "BED",
        "Gy",
        _private("BED", "Biologically effective dose"),
        Shown.EFFECT | Shown.PANEL | Shown.COHORT | Shown.COURSE,
        explanation="BED: biologically effective dose of this cycle's mean dose.",
    ),
    Quantity(
        "network_correction_percent",
        "Network's correction",
        "%",
        _private("network-change", "Change of the mean dose by the residual network"),
    ),
)
"""Every single value of `OrganDose`, in the order of its attributes."""

FAMILIES = (
    Family("dose_by_method_Gy", "mean_dose_Gy", "Gy", _private("dose", "Mean absorbed dose by")),
    Family(
        "standard_error_by_method_Gy",
        "standard_error_Gy",
        "Gy",
        _private("se", "Standard error of the mean dose by"),
    ),
    Family(
        "uncertainty_parts_percent",
        "uncertainty_percent",
        "%",
        _private("u", "Standard uncertainty of the dose by"),
    ),
)
"""Every dictionary of `OrganDose`."""


def shown_in(table: Shown) -> list[Quantity]:
    """Quantities of a table, each next to what it stands beside."""
    chosen = [q for q in QUANTITIES if table in q.shown]
    places = {q.attribute: n for n, q in enumerate(chosen)}
    return sorted(chosen, key=lambda q: places.get(q.beside, places[q.attribute]))


def for_reading(table: Shown, organs: Iterable[OrganDose]) -> list[Quantity]:
    """Quantities of a table that any of the organs has, those that lead first."""
    present = list(organs)
    known = [q for q in shown_in(table) if any(q.of(organ) is not None for organ in present)]
    return sorted(known, key=lambda q: not q.leads)
