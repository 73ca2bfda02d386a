"""Uncertainty and biological effect of organ doses in a report."""

from ..case.parts import WATER
from ..organs.assessment import WATER_PERCENT
from ..organs.quantities import OrganDose, Shown, for_reading
from ..organs.uncertainty.budget import PART_LABELS, PARTS
from ..result.result import ResultData
from .organ_doses import explained, quantity_table
from .page import Html, heading, number, paragraph, picture, section, text
from .voi_table import arranged_vois, in_figures, voi_table

_HEADINGS = {"time_activity": "Curve", "dose_engine": "Engine"}
"""Short ones for the table."""


def uncertainty_section(result: ResultData, pictures: bool) -> Html:
    """The budget of every organ dose: a table and a bar each."""
    organs = [organ for organ in result.organs if organ.uncertainty_parts_percent]
    if not organs:
        return Html("")
    parts = [p for p in PARTS if any(organ.uncertainty_parts_percent[p] for organ in organs)]
    headings = [
        heading("Organ"),
        heading("Mean dose", "Gy"),
        heading("±", "Gy"),
        heading("±", "%"),
        *(heading(_HEADINGS.get(part, PART_LABELS[part]), "%") for part in parts),
        heading("Volume", "± %"),
    ]
    rows = [
        (
            organ.name,
            [
                number(organ.mean_dose_Gy),
                number(organ.standard_uncertainty_Gy),
                _percent(combined_percent(organ)),
                *(_percent(organ.uncertainty_parts_percent[part]) for part in parts),
                _percent(organ.volume_uncertainty_percent),
            ],
        )
        for organ in organs
    ]
    note = (
        "±: standard uncertainty (one standard deviation) after Gear et al. 2018; its inputs are options of the case. "
        "The parts are independent and add up as squares. Curve: errors of scans, kinetics that they do not show, and how "
        "far the integration is from the fitted curve. Delineation: border, activity within, mass and recovery moved "
        "together, so that their correlations are kept; the volume itself is less certain than the dose. Calibration, "
        "recovery and dose engine have the same error in all organs, so that ratios of organ doses are more certain than the doses."
    )
    if any(point.ct == WATER.name for point in result.asked.time_points):
        note += (
            f" There is no CT: {WATER_PERCENT:g} % of the engine's part are for taking the patient as water, which errs in "
            "each organ by its density, and is too little for lungs."
        )
    if all(organ.recovery_coefficient is None for organ in organs):
        note += " No recovery correction was asked for: what small volumes lose by the blur of the scans is not in the budget."
    arrangement = arranged_vois(result)
    content = [
        voi_table(headings, rows, arrangement, main_column=3),
        paragraph(note, quiet=True),
    ]
    of_name = {organ.name: organ for organ in organs}
    shown = [of_name[name] for name in arrangement.shown if name in of_name]
    if pictures and shown:
        from .uncertainty_figure import uncertainty_figure

        caption = (
            "Combined standard uncertainty of each mean dose; the colours share it out by the part of the variance "
            "that each contributes."
        )
        if arrangement.folded:
            caption += f" {in_figures(arrangement, 'organs.csv')}"
        content.append(picture(uncertainty_figure(shown), caption))
    return section("Uncertainty of the mean dose", *content)


def effect_section(result: ResultData) -> Html:
    """Recovery, effective half-life and biologically effective dose; nothing without any."""
    shown = for_reading(Shown.EFFECT, result.organs)
    names = {quantity.attribute for quantity in shown}
    if names <= {"mean_dose_Gy", "dose_per_activity_Gy_GBq"}:
        return Html("")
    note = explained(shown)
    if "BED_Gy" in names:
        note += f" {_responses(result)} (options of the case)."
    return section(
        "Recovery and biological effect",
        quantity_table(result, shown),
        paragraph(note, quiet=True),
    )


def _responses(result: ResultData) -> str:
    """Tissue parameters of the case, in words."""
    return "Tissue parameters: " + "; ".join(
        f"{name}: α/β {of.alpha_beta_Gy:g} Gy, repair half-time {of.repair_half_time_h:g} h"
        for name, of in result.asked.options.radiobiology.items()
    )


def combined_percent(organ: OrganDose) -> float | None:
    """Combined standard uncertainty of an organ's mean dose [%]."""
    if organ.standard_uncertainty_Gy is None or organ.mean_dose_Gy <= 0.0:
        return None
    return 100.0 * organ.standard_uncertainty_Gy / organ.mean_dose_Gy


def _percent(value: float | None) -> Html:
    return text("–") if not value else text(f"{value:.1f}" if value >= 0.05 else "<0.1")
