"""The cases of a cohort: how each ended, what organs received, and how that is spread."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from ..base.errors import DONE
from ..organs.quantities import OrganDose
from ..output.summary import Summary
from .cases import CohortCase, Ending

SCHEMA = "ludosimetry-cohort/1"


@dataclass(frozen=True)
class CaseDoses:
    """
    The result of one case.

    Attributes
    ----------
    case : CohortCase
    summary : Summary
        Content of its ``result.json``.
    """

    case: CohortCase
    summary: Summary

    @property
    def organs(self) -> dict[str, OrganDose]:
        """Organ doses by name."""
        return {organ.name: organ for organ in self.summary.organs}


@dataclass(frozen=True)
class Spread:
    """Number, mean and spread of some values; the standard deviation needs two."""

    count: int
    mean: float
    standard_deviation: float | None
    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """Summarize values; None if there are none."""
        if not values:
            return None
        sd = stdev(values) if len(values) > 1 else None
        return cls(len(values), mean(values), sd, median(values), min(values), max(values))


@dataclass(frozen=True)
class OrganCohort:
    """
    One volume of interest in all cases that have it; cases are matched by its name.

    Attributes
    ----------
    name : str
    dose_Gy : Spread
        Mean absorbed dose.
    dose_per_activity_Gy_GBq, effective_half_life_h : Spread or None
        Over the cases where it is known.
    """

    name: str
    dose_Gy: Spread
    dose_per_activity_Gy_GBq: Spread | None
    effective_half_life_h: Spread | None


@dataclass(frozen=True)
class Cohort:
    """
    All cases of a cohort.

    Attributes
    ----------
    folder : Path
        Output folder.
    endings : tuple of Ending
        In the order of the cases; those that a cancelled run did not reach are missing.
    doses : tuple of CaseDoses
        Results of the cases that are done.
    """

    folder: Path
    endings: tuple[Ending, ...]
    doses: tuple[CaseDoses, ...]

    @property
    def failures(self) -> list[Ending]:
        """The cases that are not done."""
        return [ending for ending in self.endings if ending.code != DONE]

    @property
    def organ_names(self) -> list[str]:
        """Names of all volumes of interest, in the order in which they first occur."""
        return list(dict.fromkeys(name for doses in self.doses for name in doses.organs))

    @property
    def organs(self) -> list[OrganCohort]:
        """Every volume of interest over all cases."""
        return [self._organ(name) for name in self.organ_names]

    def _organ(self, name: str) -> OrganCohort:
        organs = [doses.organs[name] for doses in self.doses if name in doses.organs]
        dose = Spread.of([organ.mean_dose_Gy for organ in organs])
        assert dose is not None
        per_activity = [organ.dose_per_activity_Gy_GBq for organ in organs]
        half_lives = [organ.effective_half_life_h for organ in organs]
        return OrganCohort(
            name,
            dose,
            Spread.of([value for value in per_activity if value is not None]),
            Spread.of([value for value in half_lives if value is not None]),
        )

    def summary(self) -> dict[str, Any]:
        """Content of ``cohort.json``."""
        return {
            "schema": SCHEMA,
            "cases": [
                {
                    "name": ending.case.name,
                    "exit_code": ending.code,
                    "message": ending.text,
                    "result": self.relative(ending.case) if ending.code == DONE else None,
                }
                for ending in self.endings
            ],
            "organs": [asdict(organ) for organ in self.organs],
        }

    def relative(self, case: CohortCase) -> str:
        """Path of a case's result folder from that of the cohort."""
        return case.output.relative_to(self.folder.resolve()).as_posix()
