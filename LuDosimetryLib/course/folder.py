"""A course on disk: the results of the cycles, and course.json, course.csv and the report."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ..base.checks import check_known, check_text, shown
from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.storage import LAST, staged
from ..base.typed_json import without_repetition
from ..case.integrations import INTEGRATIONS
from ..organs.quantities import Shown, shown_in
from ..output.summary import ForeignFile, read_summary
from ..output.tables import csv_text
from ..result.asked import AskedOptions
from .course import USUAL_LIMITS, Course, Cycle, Limit
from .report import write_course_report

TABLE, SUMMARY, REPORT = "course.csv", "course.json", "course.html"
LIMITS_FILE = "limits.json"
_LONGEST_GAP = 12
"""Missing cycles in a row that are listed one by one."""
_MOST_CYCLES = 100
_HIDDEN = re.compile(r"(^|/)\.")


def read_course(folder: Path, limits: Mapping[str, Limit] | None = None) -> Course:
    """
    Read all results below a patient's folder.

    Parameters
    ----------
    folder : Path
        Holds the result folders of the cycles, at any depth.
    limits : mapping of str to Limit, optional
        Instead of ``limits.json`` in the folder, or the usual ones.

    Raises
    ------
    InvalidInput
        If there is no result, results are of different patients, two are of one cycle, or a number
        is no cycle's.
    """
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {folder}; give the folder of a patient's results.")
    files = [
        file
        for file in sorted(folder.rglob(LAST))
        if not _HIDDEN.search(file.relative_to(folder).as_posix())
    ]
    found = [cycle for file in files if (cycle := _read_cycle(file.parent)) is not None]
    if not found:
        raise InvalidInput(
            f"{folder} holds no finished result (no folder with a {LAST}); calculate the cycles with 'run' or 'cohort' first."
        )
    cycles = tuple(sorted(found, key=lambda cycle: cycle.number))
    _check_one_patient(cycles)
    own_limits = folder / LIMITS_FILE
    if limits is None:
        limits = read_limits(own_limits) if own_limits.is_file() else USUAL_LIMITS
    log = Log()
    _remark_differences(cycles, log)
    return Course(cycles[0].patient_id, cycles, limits, log.remarks, log.remarks_of_vois)


def read_limits(file: Path) -> dict[str, Limit]:
    """
    Read limits: ``{"kidney": {"dose_Gy": 23, "BED_Gy": 40}}``; ``{}`` for none.

    Raises
    ------
    InvalidInput
        If the file is missing or its content is not that.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        data = json.loads(text, object_pairs_hook=without_repetition)
    except InvalidInput as error:
        raise InvalidInput(f"the limits {file}: {error}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the limits {file} cannot be read: {error}.") from None
    example = 'expected, for example, {"kidney": {"dose_Gy": 23, "BED_Gy": 40}}'
    if not isinstance(data, dict):
        raise InvalidInput(f"the limits {file} are {shown(data)}; {example}.")
    limits = {}
    for name, of in data.items():
        if not isinstance(of, dict) or not of:
            raise InvalidInput(f"{file}: the limit of {shown(name)} is {shown(of)}; {example}.")
        try:
            check_text("the name of a limit", name)
            for key in of:
                check_known(key, ("dose_Gy", "BED_Gy"))
            limits[name] = Limit(**of)
        except InvalidInput as error:
            raise InvalidInput(f"{file}: the limit of {shown(name)}: {error}") from None
    return limits


def _read_cycle(folder: Path) -> Cycle | None:
    """Read a finished cycle; None for the ``result.json`` of another program."""
    try:
        summary = read_summary(folder)
    except ForeignFile:
        return None
    if summary.asked.cycle > _MOST_CYCLES:
        raise InvalidInput(
            f"{folder / LAST}: case.cycle is {summary.asked.cycle}; a cycle is a number from 1 to {_MOST_CYCLES}, not a "
            "date: number the cycles in their case files and calculate them again."
        )
    return Cycle(
        number=summary.asked.cycle,
        folder=folder,
        patient_id=summary.asked.patient_id,
        nuclide=summary.asked.nuclide,
        dose_method=summary.dose_method,
        administered_activity_MBq=summary.asked.administered_activity_MBq,
        organs={organ.name: organ for organ in summary.organs},
        corrected=any(organ.recovery_coefficient for organ in summary.organs),
        integration=summary.asked.options.integration,
        tail=_tail(summary.asked.options),
        preset=summary.asked.preset,
        warnings=summary.warnings,
        warnings_of_vois=summary.warnings_of_vois,
    )


def _tail(options: AskedOptions) -> str:
    """The tail as asked for; "none" where the integration has none."""
    entry = INTEGRATIONS.get(options.integration)
    return "none" if entry is not None and not entry.has_tail else options.tail


def _check_one_patient(cycles: tuple[Cycle, ...]) -> None:
    first = cycles[0]
    for cycle in cycles[1:]:
        if cycle.patient_id != first.patient_id:
            raise InvalidInput(
                f"{first.folder} is of the patient {first.patient_id!r}, {cycle.folder} of {cycle.patient_id!r}; "
                "a course is of one patient: give a folder with the results of one."
            )
    for earlier, later in pairwise(cycles):
        if earlier.number == later.number:
            raise InvalidInput(
                f"{earlier.folder} and {later.folder} are both of cycle {later.number}; number the cycles in their case "
                "files, or leave one result in the folder."
            )


_COMPARED = (
    (
        "nuclide",
        "the nuclide",
        "absorbed doses and BED, which is calculated cycle by cycle with its nuclide, add up all the same, but "
        "activities do not: no dose per activity of the course is given, and the calibrations are taken to err together",
    ),
    (
        "dose_method",
        "the dose method",
        "differences between cycles are in part those of the methods",
    ),
    (
        "integration",
        "the integration over time",
        "differences between cycles are in part those of the integrations",
    ),
    (
        "tail",
        "the tail after the last scan",
        "differences between cycles are in part those of the tails",
    ),
    (
        "recovery",
        "the recovery correction",
        "small volumes of corrected cycles show more dose",
    ),
)
"""Attributes of cycles that should be the same in all, in words, and what follows if they are not."""


def _remark_differences(cycles: tuple[Cycle, ...], log: Log) -> None:
    """Tell what a reader should know of how the cycles differ."""
    names = list(dict.fromkeys(name for cycle in cycles for name in cycle.organs))
    for attribute, what, consequence in _COMPARED:
        values = [str(getattr(cycle, attribute)) for cycle in cycles]
        if len(set(values)) > 1:
            each = ", ".join(
                f"cycle {c.number} {v or 'unknown'}" for c, v in zip(cycles, values, strict=True)
            )
            mixed = [
                name
                for name in names
                if len({v for c, v in zip(cycles, values, strict=True) if name in c.organs}) > 1
            ]
            log.remark(f"{what} is not the same in all cycles ({each}); {consequence}.", mixed)
    missing = _missing([cycle.number for cycle in cycles])
    if missing:
        log.remark(
            f"there is no result of cycle {', '.join(missing)}; the cumulated doses are those of the others."
        )
    for cycle in cycles:
        if cycle.administered_activity_MBq is None:
            log.remark(
                f"the administered activity of cycle {cycle.number} is unknown; no dose per activity is given."
            )
    for name in names:
        without = [str(cycle.number) for cycle in cycles if name not in cycle.organs]
        if without:
            log.remark(
                f"{name!r} is missing in cycle {', '.join(without)}; its cumulated dose is that of the others (names must be "
                "the same in all cycles).",
                [name],
            )


def _missing(numbers: Sequence[int]) -> list[str]:
    """Numbers of the cycles from 1 on that are missing; a long gap as its ends."""
    gaps: list[str] = []
    for before, number in pairwise((0, *numbers)):
        if number - before - 1 > _LONGEST_GAP:
            gaps.append(f"{before + 1} to {number - 1}")
        else:
            gaps += [str(n) for n in range(before + 1, number)]
    return gaps


def write_course(course: Course, folder: Path) -> Path:
    """
    Write a course: all three files, or none.

    Returns
    -------
    Path
        Path of the report.

    Raises
    ------
    InvalidInput
        If the folder cannot be written.
    """
    with staged(folder) as stage:
        text = json.dumps(course.summary(), indent=1, allow_nan=False) + "\n"
        (stage / SUMMARY).write_text(text, encoding="utf-8")
        (stage / TABLE).write_text(course_table(course), encoding="utf-8")
        write_course_report(course, stage / REPORT)
    return folder / REPORT


def course_table(course: Course) -> str:
    """The course as CSV: a line for each organ and cycle, with what has been cumulated by then."""
    quantities = shown_in(Shown.COURSE)
    rows: list[Sequence[object]] = [
        [
            *("organ", "cycle", "administered_activity_MBq"),
            *(quantity.attribute for quantity in quantities),
            *("cumulated_dose_Gy", "cumulated_standard_uncertainty_Gy", "cumulated_BED_Gy"),
            *("dose_method", "integration", "tail", "preset", "recovery", "warnings", "above"),
        ]
    ]
    cycles = {cycle.number: cycle for cycle in course.cycles}
    for organ in course.organs:
        uncertainty, effect = organ.cumulated_standard_uncertainty_Gy, organ.cumulated_BED_Gy
        for n, number in enumerate(organ.cycles):
            cycle = cycles[number]
            received = cycle.organs[organ.name]
            rows.append(
                [
                    *(organ.name, number, cycle.administered_activity_MBq),
                    *(quantity.of(received) for quantity in quantities),
                    organ.cumulated_dose_Gy[n],
                    None if uncertainty is None else uncertainty[n],
                    None if effect is None else effect[n],
                    *(cycle.dose_method, cycle.integration, cycle.tail, cycle.preset),
                    *(cycle.recovery, len(cycle.warnings), "; ".join(course.above(organ, n))),
                ]
            )
    return csv_text(rows)
