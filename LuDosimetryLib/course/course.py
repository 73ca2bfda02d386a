"""The cycles of one patient: organ doses of each, and their sums."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import hypot
from pathlib import Path
from typing import Any

from ..base.checks import check_number
from ..organs.quantities import OrganDose, Shown, shown_in
from ..organs.uncertainty.budget import COMMON_PARTS
from ..voi.aliases import best_of

SCHEMA = "ludosimetry-course/1"


@dataclass(frozen=True)
class Limit:
    """
    Lines that a user wants to see beside the doses of a volume of interest; never verdicts.

    Attributes
    ----------
    dose_Gy, BED_Gy : float or None
        Limits of the cumulated mean absorbed dose and of the biologically effective dose.
    """

    dose_Gy: float | None = None
    BED_Gy: float | None = None

    def __post_init__(self) -> None:
        for name in ("dose_Gy", "BED_Gy"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name))


USUAL_LIMITS = {"kidney": Limit(dose_Gy=23.0), "marrow": Limit(dose_Gy=2.0)}
"""Lines usually drawn in radionuclide therapy, from external beams and radioiodine."""


@dataclass(frozen=True)
class Cycle:
    """
    One finished cycle.

    Attributes
    ----------
    number : int
    folder : Path
        Result folder.
    patient_id, nuclide, dose_method : str
    administered_activity_MBq : float or None
    organs : dict of str to OrganDose
    corrected : bool
        Whether activity was corrected for recovery.
    integration, tail, preset : str
        As asked; empty if unknown. The tail is "none" where the integration has none.
    warnings : tuple of str
    warnings_of_vois : dict of str to tuple of int
        Places in `warnings` of those that concern a volume of interest.
    """

    number: int
    folder: Path
    patient_id: str
    nuclide: str
    dose_method: str
    administered_activity_MBq: float | None
    organs: dict[str, OrganDose]
    corrected: bool
    integration: str = ""
    tail: str = ""
    preset: str = ""
    warnings: tuple[str, ...] = ()
    warnings_of_vois: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def recovery(self) -> str:
        """Whether activity was corrected for recovery, in a word."""
        return "with" if self.corrected else "without"


@dataclass(frozen=True)
class OrganCourse:
    """
    Doses of one volume of interest, cumulated up to each cycle in which it occurs.

    Attributes
    ----------
    name : str
    cycles : tuple of int
        Numbers of the cycles in which it occurs.
    cumulated_dose_Gy : tuple of float
        One value for each of `cycles`, as for the two attributes below.
    cumulated_standard_uncertainty_Gy : tuple of float, or None
        Calibration, recovery and dose engine have the same error in all cycles and add up; the other
        parts add up as squares. None where a cycle has none.
    cumulated_BED_Gy : tuple of float, or None
        Sum of the cycles' biologically effective doses.
    dose_per_activity_Gy_GBq : float or None
        Cumulated over the activity of these cycles; None where an activity is unknown or the cycles
        are of different nuclides, whose activities do not add up.
    """

    name: str
    cycles: tuple[int, ...]
    cumulated_dose_Gy: tuple[float, ...]
    cumulated_standard_uncertainty_Gy: tuple[float, ...] | None
    cumulated_BED_Gy: tuple[float, ...] | None
    dose_per_activity_Gy_GBq: float | None


@dataclass(frozen=True)
class Line:
    """
    A limit beside what has been cumulated of a volume of interest.

    Attributes
    ----------
    name : str
        Empty for the mean absorbed dose, "BED" for the biologically effective dose.
    limit_Gy : float
    cumulated_Gy : tuple of float, or None
        One value for each cycle of the volume; None where there is none.
    """

    name: str
    limit_Gy: float
    cumulated_Gy: tuple[float, ...] | None

    @property
    def words(self) -> str:
        """The line in a few words."""
        return f"{self.name} {self.limit_Gy:g} Gy".strip()

    def crossed(self, place: int) -> bool:
        """Whether what has been cumulated up to a place in the volume's cycles is above the line."""
        return self.cumulated_Gy is not None and self.cumulated_Gy[place] > self.limit_Gy


@dataclass(frozen=True)
class Course:
    """
    All finished cycles of a patient.

    Organs are matched by their name; nothing is registered from cycle to cycle.

    Attributes
    ----------
    patient_id : str
    cycles : tuple of Cycle
        In order of their numbers.
    limits : dict of str to Limit
        By what a volume's name contains.
    warnings : list of str
    warnings_of_vois : dict of str to list of int
        Places in `warnings` of those that concern a volume of interest in particular.
    """

    patient_id: str
    cycles: tuple[Cycle, ...]
    limits: Mapping[str, Limit]
    warnings: list[str] = field(default_factory=list)
    warnings_of_vois: Mapping[str, list[int]] = field(default_factory=dict)

    @property
    def organs(self) -> list[OrganCourse]:
        """Every volume of interest of any cycle, in the order in which they first occur."""
        names = dict.fromkeys(name for cycle in self.cycles for name in cycle.organs)
        return [_organ_course(name, self.cycles) for name in names]

    def limit_of(self, organ: str) -> Limit | None:
        """Limit of a volume: that under the longest key that stands for it, if any."""
        key = best_of(self.limits, organ)
        return None if key is None else self.limits[key]

    def above(self, organ: OrganCourse, place: int = -1) -> list[str]:
        """
        Say which lines the cumulated dose and BED of a volume are above; nothing more than that.

        Parameters
        ----------
        organ : OrganCourse
        place : int
            Place in its `cycles`; the last if not given.
        """
        return [
            f"{line.name} above the line of {line.limit_Gy:g} Gy".strip()
            for line in self.lines_of(organ)
            if line.crossed(place)
        ]

    def lines_of(self, organ: OrganCourse) -> list[Line]:
        """List the lines of a volume: that of the dose, then that of the BED."""
        limit = self.limit_of(organ.name) or Limit()
        lines = (
            ("", limit.dose_Gy, organ.cumulated_dose_Gy),
            ("BED", limit.BED_Gy, organ.cumulated_BED_Gy),
        )
        return [Line(name, at, of) for name, at, of in lines if at is not None]

    def differs(self, attribute: str) -> bool:
        """Whether an attribute is not the same in all cycles."""
        return len({getattr(cycle, attribute) for cycle in self.cycles}) > 1

    def summary(self) -> dict[str, Any]:
        """Content of ``course.json``."""
        return {
            "schema": SCHEMA,
            "patient_id": self.patient_id,
            "cycles": [
                {
                    "cycle": cycle.number,
                    "result": str(cycle.folder),
                    "nuclide": cycle.nuclide,
                    "dose_method": cycle.dose_method,
                    "integration": cycle.integration,
                    "tail": cycle.tail,
                    "preset": cycle.preset,
                    "recovery_corrected": cycle.corrected,
                    "warnings": list(cycle.warnings),
                    "warnings_of_vois": dict(cycle.warnings_of_vois),
                    "administered_activity_MBq": cycle.administered_activity_MBq,
                    "organs": {name: _as_dict(organ) for name, organ in cycle.organs.items()},
                }
                for cycle in self.cycles
            ],
            "organs": [{**asdict(organ), "above": self.above(organ)} for organ in self.organs],
            "limits": {name: asdict(limit) for name, limit in self.limits.items()},
            "warnings": self.warnings,
            "warnings_of_vois": dict(self.warnings_of_vois),
        }


def _as_dict(organ: OrganDose) -> dict[str, Any]:
    values = {quantity.attribute: quantity.of(organ) for quantity in shown_in(Shown.COURSE)}
    return {**values, "uncertainty_parts_percent": organ.uncertainty_parts_percent}


def _organ_course(name: str, cycles: tuple[Cycle, ...]) -> OrganCourse:
    having = [cycle for cycle in cycles if name in cycle.organs]
    organs = [cycle.organs[name] for cycle in having]
    up_to = [organs[: n + 1] for n in range(len(organs))]
    certain = all(organ.standard_uncertainty_Gy is not None for organ in organs)
    effects = [organ.BED_Gy for organ in organs]
    dose_Gy = [sum(o.mean_dose_Gy for o in some) for some in up_to]
    activities = [cycle.administered_activity_MBq for cycle in having]
    summed = None not in activities and len({cycle.nuclide for cycle in having}) == 1
    given_GBq = sum(1e-3 * a for a in activities if a is not None) if summed else None
    return OrganCourse(
        name,
        tuple(cycle.number for cycle in having),
        tuple(dose_Gy),
        tuple(_uncertainty_Gy(some) for some in up_to) if certain else None,
        None
        if None in effects
        else tuple(sum(e for e in effects[: n + 1] if e is not None) for n in range(len(effects))),
        None if given_GBq is None else dose_Gy[-1] / given_GBq,
    )


def _uncertainty_Gy(organs: list[OrganDose]) -> float:
    """Combine the uncertainties of a sum of doses: common parts add up, the others as squares."""
    parts = [
        {
            part: 0.01 * percent * o.mean_dose_Gy
            for part, percent in o.uncertainty_parts_percent.items()
        }
        for o in organs
    ]
    common = [sum(of.get(part, 0.0) for of in parts) for part in COMMON_PARTS]
    others = [value for of in parts for part, value in of.items() if part not in COMMON_PARTS]
    return hypot(*common, *others)
