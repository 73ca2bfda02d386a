"""The report of a course: the doses of all cycles, and what they add up to."""

from pathlib import Path

from ..base.storage import write_atomically
from ..organs.quantities import Shown, shown_in
from ..report.drawing import has_matplotlib, no_pictures
from ..report.page import (
    Html,
    facts,
    heading,
    number,
    page,
    paragraph,
    picture,
    section,
    swatch,
    table,
    text,
    warning_box,
)
from ..report.palette import organ_style
from .course import Course


def write_course_report(course: Course, path: Path) -> None:
    """
    Write the report of a course.

    Parameters
    ----------
    course : Course
    path : Path
        HTML file; complete or not there. Without matplotlib it has no picture and says so.
    """
    content = [
        _facts(course),
        warning_box(course.warnings),
        section("Cumulated dose", _cumulated(course)),
        section("Dose of each cycle and of all so far", *_picture(course)),
        section("Cycles", _cycles(course)),
    ]
    with write_atomically(path) as file:
        title = course.patient_id or "Unnamed patient"
        file.write(page("177Lu course report", title, content).encode())


def _facts(course: Course) -> Html:
    activities = [cycle.administered_activity_MBq for cycle in course.cycles]
    total = None if None in activities else sum(a for a in activities if a is not None)
    return facts(
        [
            ("Patient", text(course.patient_id or "–")),
            ("Cycles", text(", ".join(str(cycle.number) for cycle in course.cycles))),
            ("Nuclide", text(", ".join(dict.fromkeys(c.nuclide for c in course.cycles)))),
            (
                "Activity in all",
                text("not given") if total is None else Html(f"{number(total)} MBq"),
            ),
            ("Dose method", text(", ".join(dict.fromkeys(c.dose_method for c in course.cycles)))),
        ]
    )


def _cumulated(course: Course) -> Html:
    headings = [
        heading("Organ"),
        heading("Cycles"),
        heading("Dose", "Gy"),
        heading("±", "Gy"),
        heading("per activity", "Gy/GBq"),
        heading("BED", "Gy"),
        heading("Limit: dose", "Gy"),
        heading("BED", "Gy"),
    ]
    rows = []
    for n, organ in enumerate(course.organs):
        limit = course.limit_of(organ.name)
        uncertainty, effect = organ.cumulated_standard_uncertainty_Gy, organ.cumulated_BED_Gy
        rows.append(
            [
                swatch(organ_style(n)[0], organ.name),
                text(", ".join(map(str, organ.cycles))),
                number(organ.cumulated_dose_Gy[-1]),
                number(None if uncertainty is None else uncertainty[-1]),
                number(organ.dose_per_activity_Gy_GBq),
                number(None if effect is None else effect[-1]),
                number(None if limit is None else limit.dose_Gy),
                number(None if limit is None else limit.BED_Gy),
            ]
        )
    note = (
        "Mean absorbed doses and biologically effective doses (BED) of the cycles, added by the names of the organs. "
        "±: standard uncertainty; calibration, recovery and dose engine have the same error in all cycles. Limits are lines that "
        "the user sets (limits.json), not verdicts."
    )
    return Html(table(headings, rows, main_column=2) + paragraph(note, quiet=True))


def _picture(course: Course) -> list[Html]:
    if not has_matplotlib():
        return [no_pictures()]
    from .figure import course_figure  # needs matplotlib

    caption = (
        "Bars: mean absorbed dose of each cycle. Dots: cumulated, with standard uncertainty. Dashed: limit line of the "
        "cumulated dose, where one is set."
    )
    return [picture(course_figure(course), caption)]


def _cycles(course: Course) -> Html:
    quantities = shown_in(Shown.COURSE)
    headings = [
        heading("Organ"),
        heading("Cycle"),
        heading("Activity", "MBq"),
        *(heading(quantity.label, quantity.unit) for quantity in quantities),
        heading("Dose method"),
    ]
    rows = []
    for n, organ in enumerate(course.organs):
        for cycle in course.cycles:
            found = cycle.organs.get(organ.name)
            values = [None if found is None else quantity.of(found) for quantity in quantities]
            rows.append(
                [
                    swatch(organ_style(n)[0], organ.name),
                    text(cycle.number),
                    number(cycle.administered_activity_MBq),
                    *map(number, values),
                    text(cycle.dose_method),
                ]
            )
    return table(headings, rows, main_column=3)
