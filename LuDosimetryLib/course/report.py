"""The report of a course: the doses of all cycles, and what they add up to."""

from pathlib import Path

from ..base.wording import warnings_in_short, with_uncertainty
from ..organs.quantities import Shown, shown_in
from ..report.drawing import has_matplotlib, no_pictures
from ..report.page import (
    Html,
    facts,
    heading,
    marks,
    number,
    paragraph,
    picture,
    section,
    table,
    text,
    warning_box,
    write_page,
)
from ..report.voi_table import voi_table
from .arrangement import course_arrangement
from .course import Course, Cycle, OrganCourse


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
        section("Cumulated dose", _cumulated(course)),
        warning_box(course.warnings),
        section("Dose of each cycle and of all so far", *_picture(course)),
        section("How each cycle was calculated", _how(course)),
        section("Cycles", _cycles(course)),
        section("Warnings of the cycles", *_warnings(course)),
    ]
    write_page(path, "177Lu course report", course.patient_id or "Unnamed patient", content)


def _facts(course: Course) -> Html:
    return facts(
        [
            ("Patient", text(course.patient_id or "–")),
            ("Cycles", text(", ".join(str(cycle.number) for cycle in course.cycles))),
            ("Nuclide", text(", ".join(dict.fromkeys(c.nuclide for c in course.cycles)))),
            (
                "Activity in all",
                _activity(course),
            ),
            ("Dose method", text(", ".join(dict.fromkeys(c.dose_method for c in course.cycles)))),
        ]
    )


def _activity(course: Course) -> Html:
    """Administered activity of all cycles, nuclide by nuclide."""
    totals: dict[str, float] = {}
    for cycle in course.cycles:
        if cycle.administered_activity_MBq is None:
            return text("not given")
        totals[cycle.nuclide] = totals.get(cycle.nuclide, 0.0) + cycle.administered_activity_MBq
    if len(totals) == 1:
        return Html(f"{number(*totals.values())} MBq")
    return Html(", ".join(f"{text(name)} {number(of)} MBq" for name, of in totals.items()))


def _cumulated(course: Course) -> Html:
    headings = [
        heading("VOI"),
        heading("Cycles"),
        heading("Dose", "Gy"),
        heading("Per activity", "Gy/GBq"),
        heading("BED", "Gy"),
    ]
    lined = any(course.limit_of(organ.name) is not None for organ in course.organs)
    warned = course.warnings_of_vois
    headings += [heading("Lines")] if lined else []
    headings += [heading("See warning")] if warned else []
    rows = []
    for organ in course.organs:
        uncertainty, effect = organ.cumulated_standard_uncertainty_Gy, organ.cumulated_BED_Gy
        row = [
            text(", ".join(map(str, organ.cycles))),
            number(organ.cumulated_dose_Gy[-1])
            if uncertainty is None
            else text(with_uncertainty(organ.cumulated_dose_Gy[-1], uncertainty[-1])),
            number(organ.dose_per_activity_Gy_GBq),
            number(None if effect is None else effect[-1]),
            *([_lines(course, organ)] if lined else []),
            *([marks(warned.get(organ.name, ()))] if warned else []),
        ]
        rows.append((organ.name, row))
    note = (
        "Mean absorbed doses and biologically effective doses (BED) of the cycles, added by the names of the organs. "
        "±: standard uncertainty; calibration, recovery and dose engine have the same error in all cycles. Lines are those that "
        "the user sets (limits.json), not verdicts; ▲: the sum is above the line."
    )
    found = voi_table(
        headings,
        rows,
        course_arrangement(course),
        main_column=2,
        warned=[name for name, places in warned.items() if places],
    )
    return Html(found + paragraph(note, quiet=True))


def _lines(course: Course, organ: OrganCourse) -> Html:
    """Lines of a volume of interest, for dose and BED, each marked if the volume is above it."""
    lines = [
        Html(f"<strong>▲ {text(line.words)}</strong>") if line.crossed(-1) else text(line.words)
        for line in course.lines_of(organ)
    ]
    return Html("<br>".join(lines)) if lines else text("–")


def _picture(course: Course) -> list[Html]:
    if not has_matplotlib():
        return [no_pictures()]
    from .figure import course_figure  # needs matplotlib

    caption = (
        "Bars: mean absorbed dose of each cycle. Dots: cumulated, with standard uncertainty. Diamonds: cumulated BED, where "
        "tissue parameters are given. Dashed: line of the cumulated dose, dotted: of the cumulated BED, where one is set; "
        "▲: above one."
    )
    arrangement, pictures = course_arrangement(course), []
    for title, names in arrangement.together:
        figure = course_figure(course, {name: arrangement.places[name] for name in names})
        pictures.append(picture(figure, f"{title}. {caption}" if title else caption))
        caption = "As above."
    return pictures


_COLUMNS = (
    ("Nuclide", "nuclide"),
    ("Dose method", "dose_method"),
    ("Integration", "integration"),
    ("Tail", "tail"),
    ("Preset", "preset"),
    ("Recovery correction", "recovery"),
)


def _how(course: Course) -> Html:
    """What each cycle rests on; columns in which cycles differ are marked."""
    mixed = [attribute for _, attribute in _COLUMNS if course.differs(attribute)]
    headings = [heading("Cycle"), heading("Activity", "MBq")]
    headings += [
        heading(f"⚠ {label}" if attribute in mixed else label) for label, attribute in _COLUMNS
    ]
    rows = [
        [
            text(cycle.number),
            number(cycle.administered_activity_MBq),
            *(text(getattr(cycle, attribute) or "–") for _, attribute in _COLUMNS),
        ]
        for cycle in course.cycles
    ]
    found = table(headings, rows)
    if not mixed:
        return found
    return Html(found + paragraph("⚠: not the same in all cycles.", quiet=True))


def _anchor(cycle: Cycle) -> str:
    return f"cycle-{cycle.number}-warning-"


def _warnings(course: Course) -> list[Html]:
    """The warnings of each cycle, in short."""
    return [
        warning_box(warnings_in_short(cycle.warnings), f"Cycle {cycle.number}", _anchor(cycle))
        for cycle in course.cycles
    ]


def _cycles(course: Course) -> Html:
    quantities = shown_in(Shown.COURSE)
    headings = [
        heading("VOI"),
        heading("Cycle"),
        *(heading(quantity.label, quantity.unit) for quantity in quantities),
        heading("Warnings", "of the cycle"),
    ]
    rows = []
    for organ in course.organs:
        for cycle in course.cycles:
            found = cycle.organs.get(organ.name)
            values = [None if found is None else quantity.of(found) for quantity in quantities]
            warned = cycle.warnings_of_vois.get(organ.name, ())
            cells = [text(cycle.number), *map(number, values), marks(warned, _anchor(cycle))]
            rows.append((organ.name, cells))
    return voi_table(headings, rows, course_arrangement(course), main_column=2)
