"""The report of a cohort: organ doses of all cases, and the cases that failed."""

from pathlib import Path
from urllib.parse import quote

from ..report.drawing import has_matplotlib, no_pictures
from ..report.page import (
    Html,
    facts,
    heading,
    link,
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
from ..voi.groups import arranged
from .cohort import Cohort, Spread


def write_cohort_report(cohort: Cohort, path: Path) -> None:
    """
    Write the report of a cohort.

    Parameters
    ----------
    cohort : Cohort
    path : Path
        HTML file; complete or not there. Without matplotlib it has no picture and says so.
    """
    content = [
        _facts(cohort),
        warning_box(
            [f"case {e.case.name}: {e.text}" for e in cohort.failures],
            f"{len(cohort.failures)} of {len(cohort.endings)} cases without a result",
        ),
    ]
    if cohort.doses:
        content += [
            section("Organ doses over all cases", _organs(cohort)),
            section("Organ dose by case", *_pictures(cohort)),
            section("Cases", _cases(cohort)),
        ]
    title = f"{len(cohort.doses)} of {len(cohort.endings)} cases"
    write_page(path, "177Lu cohort report", title, content)


def _facts(cohort: Cohort) -> Html:
    methods = dict.fromkeys(doses.summary.dose_method for doses in cohort.doses)
    patients = {doses.summary.asked.patient_id or doses.case.name for doses in cohort.doses}
    return facts(
        [
            ("Cases", text(len(cohort.endings))),
            ("With a result", text(len(cohort.doses))),
            ("Patients", text(len(patients))),
            ("Volumes of interest", text(len(cohort.organ_names))),
            ("Dose method", text(", ".join(methods) or "–")),
        ]
    )


def _organs(cohort: Cohort) -> Html:
    headings = [
        *(heading("Organ"), heading("Cases"), heading("Dose", "Gy"), heading("SD", "Gy")),
        *(heading("Median", "Gy"), heading("Range", "Gy")),
        *(heading("per activity", "Gy/GBq"), heading("SD", "Gy/GBq")),
        *(heading("Half-life", "effective, h"), heading("SD", "h")),
    ]

    def both(spread: Spread | None) -> list[Html]:
        if spread is None:
            return [number(None), number(None)]
        return [number(spread.mean), number(spread.standard_deviation)]

    rows = [
        (
            organ.name,
            [
                text(organ.dose_Gy.count),
                *both(organ.dose_Gy),
                number(organ.dose_Gy.median),
                Html(f"{number(organ.dose_Gy.least)} – {number(organ.dose_Gy.greatest)}"),
                *both(organ.dose_per_activity_Gy_GBq),
                *both(organ.effective_half_life_h),
            ],
        )
        for organ in cohort.organs
    ]
    note = (
        "Means of the cases' mean absorbed doses; SD: standard deviation from case to case. Volumes of interest are "
        "matched by their names."
    )
    found = voi_table(headings, rows, arranged(cohort.organ_names), main_column=2)
    return Html(found + paragraph(note, quiet=True))


def _pictures(cohort: Cohort) -> list[Html]:
    if not has_matplotlib():
        return [no_pictures()]
    from .figure import cases_figure, per_activity_figure  # needs matplotlib

    by_case = (
        "Dots: mean absorbed dose of each case with its standard uncertainty, in the order of the table of cases. "
        "Dashed: median."
    )
    arrangement, pictures = arranged(cohort.organ_names), []
    for title, names in arrangement.together:
        figure = cases_figure(cohort, {name: arrangement.places[name] for name in names})
        pictures.append(picture(figure, f"{title}. {by_case}" if title else by_case))
        by_case = "As above."
    if any(organ.dose_per_activity_Gy_GBq for organ in cohort.organs):
        per_activity = (
            "Mean absorbed dose per administered activity: a dot for each case, and the median."
        )
        pictures.append(picture(per_activity_figure(cohort, arrangement.places), per_activity))
    return pictures


def _cases(cohort: Cohort) -> Html:
    headings = [
        *(heading("Case"), heading("Number"), heading("Patient"), heading("Cycle")),
        *(heading("Activity", "MBq"), heading("Warnings"), heading("Time", "s")),
        *(heading(name, "Gy") for name in cohort.organ_names),
    ]
    rows = []
    for n, doses in enumerate(cohort.doses, start=1):
        organs = [doses.organs.get(name) for name in cohort.organ_names]
        summary = doses.summary
        asked = summary.asked
        report = quote(f"{cohort.relative(doses.case)}/report.html")
        rows.append(
            [
                link(report, doses.case.name),
                text(n),
                text(asked.patient_id or "–"),
                text(asked.cycle),
                number(asked.administered_activity_MBq),
                text(len(summary.warnings)),
                number(summary.seconds),
                *(number(None if organ is None else organ.mean_dose_Gy) for organ in organs),
            ]
        )
    return table(headings, rows)
