"""A cohort on disk: the results of its cases, and cohort.json, cohort.csv and the report."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from ..base.errors import DONE, InvalidInput
from ..base.storage import LAST, staged
from ..organs.organ_dose import OrganDose
from .cases import CohortCase, Ending

SCHEMA = "ludosimetry-cohort/1"
TABLE, SUMMARY, REPORT = "cohort.csv", "cohort.json", "cohort.html"

_COLUMNS = (
    *("volume_mL", "mass_g", "tia_MBq_h", "mean_dose_Gy", "standard_uncertainty_Gy"),
    *("D98_Gy", "D50_Gy", "D2_Gy", "dose_per_activity_Gy_GBq", "effective_half_life_h", "BED_Gy"),
)


@dataclass(frozen=True)
class CaseDoses:
    """
    The result of one case.

    Attributes
    ----------
    case : CohortCase
    patient_id, dose_method : str
    cycle : int
    administered_activity_MBq : float or None
    organs : dict of str to OrganDose
    warnings : tuple of str
    seconds : float
        That it took.
    """

    case: CohortCase
    patient_id: str
    cycle: int
    administered_activity_MBq: float | None
    dose_method: str
    organs: dict[str, OrganDose]
    warnings: tuple[str, ...]
    seconds: float

    @classmethod
    def read(cls, case: CohortCase) -> "CaseDoses":
        """
        Read what a finished case holds.

        Raises
        ------
        InvalidInput
            If its result cannot be read.
        """
        file = case.output / LAST
        known = {f.name for f in fields(OrganDose)}
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            asked = data["case"]
            organs = [OrganDose(**{k: of[k] for k in known & of.keys()}) for of in data["organs"]]
            return cls(
                case,
                str(asked.get("patient_id", "")),
                int(asked.get("cycle", 1)),
                asked.get("administered_activity_MBq"),
                str(data["dose_method"]),
                {organ.name: organ for organ in organs},
                tuple(data["warnings"]),
                float(data["timing_s"]["total"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(
                f"{file} is not a complete result ({type(error).__name__}: {error}); remove its folder and start the "
                "cohort again."
            ) from None


@dataclass(frozen=True)
class Spread:
    """Some values: how many, and how they are spread; the standard deviation needs two."""

    count: int
    mean: float
    standard_deviation: float | None
    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """Of some values; None of none."""
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
        Of the cases where it is known.
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
        Of the output.
    endings : tuple of Ending
        In the order of the cases; those that a cancelled run did not reach are missing.
    doses : tuple of CaseDoses
        Of those that are done.
    """

    folder: Path
    endings: tuple[Ending, ...]
    doses: tuple[CaseDoses, ...]

    @classmethod
    def of(cls, folder: Path, endings: Sequence[Ending]) -> "Cohort":
        """Read the results of the cases that are done."""
        ordered = tuple(sorted(endings, key=lambda ending: ending.case.name))
        doses = tuple(CaseDoses.read(e.case) for e in ordered if e.code == DONE)
        return cls(folder, ordered, doses)

    @property
    def failures(self) -> list[Ending]:
        """The cases that are not done."""
        return [ending for ending in self.endings if ending.code != DONE]

    @property
    def organ_names(self) -> list[str]:
        """Of all volumes of interest, in the order in which they first occur."""
        return list(dict.fromkeys(name for doses in self.doses for name in doses.organs))

    @property
    def organs(self) -> list[OrganCohort]:
        """Every volume of interest over all cases."""
        return [self._organ(name) for name in self.organ_names]

    def _organ(self, name: str) -> OrganCohort:
        held = [doses.organs[name] for doses in self.doses if name in doses.organs]
        dose = Spread.of([organ.mean_dose_Gy for organ in held])
        assert dose is not None
        per_activity = [o.dose_per_activity_Gy_GBq for o in held]
        half_lives = [o.effective_half_life_h for o in held]
        return OrganCohort(
            name,
            dose,
            Spread.of([value for value in per_activity if value is not None]),
            Spread.of([value for value in half_lives if value is not None]),
        )

    def summary(self) -> dict[str, Any]:
        """The content of ``cohort.json``."""
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
        """The result folder of a case, from that of the cohort."""
        return case.output.relative_to(self.folder.resolve()).as_posix()

    def table(self) -> str:
        """The cohort as CSV: a line for each volume of interest of each case, one for a failure."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        own = ["case", "exit_code", "patient_id", "cycle", "administered_activity_MBq"]
        writer.writerow([*own, "dose_method", "warnings", "organ", *_COLUMNS, "message"])
        done = {doses.case.name: doses for doses in self.doses}
        for ending in self.endings:
            doses = done.get(ending.case.name)
            if doses is None:
                blank = [None] * (5 + 1 + len(_COLUMNS))
                writer.writerow([ending.case.name, ending.code, *blank, ending.text])
                continue
            of_case = [ending.case.name, DONE, doses.patient_id, doses.cycle]
            of_case += [doses.administered_activity_MBq, doses.dose_method, len(doses.warnings)]
            for organ in doses.organs.values():
                values = [getattr(organ, column) for column in _COLUMNS]
                row = [*of_case, organ.name, *values, None]
                writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in row])
        return text.getvalue()


def write_cohort(cohort: Cohort) -> Path:
    """
    Write the table, the summary and the report of a cohort into its folder: all, or none.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    InvalidInput
        If the folder cannot be written.
    """
    from .report import write_cohort_report

    with staged(cohort.folder) as stage:
        text = json.dumps(cohort.summary(), indent=1, allow_nan=False) + "\n"
        (stage / SUMMARY).write_text(text, encoding="utf-8")
        (stage / TABLE).write_text(cohort.table(), encoding="utf-8")
        write_cohort_report(cohort, stage / REPORT)
    return cohort.folder / REPORT
