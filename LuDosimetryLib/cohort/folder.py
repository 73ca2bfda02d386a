"""A cohort on disk: the results of its cases read, and cohort.json, cohort.csv and the report written."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..base.errors import DONE, InvalidInput
from ..base.storage import staged
from ..organs.quantities import Shown, shown_in
from ..output.summary import read_summary
from ..output.tables import csv_text
from .cases import Ending
from .cohort import CaseDoses, Cohort
from .report import write_cohort_report

TABLE, SUMMARY, REPORT = "cohort.csv", "cohort.json", "cohort.html"


def read_cohort(folder: Path, endings: Sequence[Ending]) -> Cohort:
    """
    Read the results of the cases that are done.

    Parameters
    ----------
    folder : Path
        Output folder of the cohort.
    endings : sequence of Ending

    Raises
    ------
    InvalidInput
        If a result cannot be read.
    """
    ordered = tuple(sorted(endings, key=lambda ending: ending.case.name))
    doses = []
    for ending in ordered:
        if ending.code == DONE:
            try:
                doses.append(CaseDoses(ending.case, read_summary(ending.case.output)))
            except InvalidInput as error:
                raise InvalidInput(
                    f"{error} Remove the folder and start the cohort again."
                ) from None
    return Cohort(folder, ordered, tuple(doses))


def write_cohort(cohort: Cohort) -> Path:
    """
    Write the table, the summary and the report of a cohort into its folder: all, or none.

    Returns
    -------
    Path
        Path of the report.

    Raises
    ------
    InvalidInput
        If the folder cannot be written.
    """
    with staged(cohort.folder) as stage:
        text = json.dumps(cohort.summary(), indent=1, allow_nan=False) + "\n"
        (stage / SUMMARY).write_text(text, encoding="utf-8")
        (stage / TABLE).write_text(cohort_table(cohort), encoding="utf-8")
        write_cohort_report(cohort, stage / REPORT)
    return cohort.folder / REPORT


def cohort_table(cohort: Cohort) -> str:
    """Content of ``cohort.csv``: a line for each organ of each case, and one for each failure."""
    quantities = shown_in(Shown.COHORT)
    of_case = ["case", "exit_code", "patient_id", "cycle", "administered_activity_MBq"]
    of_case += ["dose_method", "warnings"]
    rows: list[Sequence[object]] = [
        [*of_case, "organ", *(quantity.attribute for quantity in quantities), "message"]
    ]
    done = {doses.case.name: doses for doses in cohort.doses}
    for ending in cohort.endings:
        doses = done.get(ending.case.name)
        if doses is None:
            blank = [None] * (len(of_case) - 2 + 1 + len(quantities))
            rows.append([ending.case.name, ending.code, *blank, ending.text])
            continue
        summary = doses.summary
        asked = summary.asked
        first = [ending.case.name, DONE, asked.patient_id, asked.cycle]
        first += [asked.administered_activity_MBq, summary.dose_method, len(summary.warnings)]
        for organ in summary.organs:
            values = (quantity.of(organ) for quantity in quantities)
            rows.append([*first, organ.name, *values, None])
    return csv_text(rows)
