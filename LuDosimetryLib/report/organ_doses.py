"""Organ doses in a report: the answer, the statistics of voxels, and the dose methods side by side."""

from collections.abc import Sequence

from ..agreement.agreement import LOW_DOSE_GY, bland_altman, correlation, voxel_errors
from ..agreement.error_map import MASK_FRACTION
from ..base.wording import with_uncertainty
from ..case.dose_methods import DOSE_METHODS
from ..organs.quantities import OrganDose, Quantity, Shown, for_reading
from ..result.result import ResultData
from ..voi.pairs import apart
from .page import Html, heading, marks, number, paragraph, percent, section, table, text
from .voi_table import arranged_vois, voi_table


def method_label(name: str) -> str:
    """Label of a dose method, with its name in parentheses."""
    return f"{DOSE_METHODS[name].label} ({name})" if name in DOSE_METHODS else name


def quantity_table(result: ResultData, quantities: Sequence[Quantity]) -> Html:
    """A row for each organ, a column for each quantity; the mean dose in bold."""
    headings = [heading("Organ"), *(heading(q.label, q.unit) for q in quantities)]
    rows = [(organ.name, [number(q.of(organ)) for q in quantities]) for organ in result.organs]
    names = [quantity.attribute for quantity in quantities]
    main = names.index("mean_dose_Gy") + 1 if "mean_dose_Gy" in names else None
    return voi_table(headings, rows, arranged_vois(result), main_column=main)


def explained(quantities: Sequence[Quantity]) -> str:
    """What the labels of quantities leave open, in sentences."""
    return " ".join(q.explanation for q in quantities if q.explanation)


def dose_cell(organ: OrganDose) -> Html:
    """The mean dose with its combined standard uncertainty where it has one."""
    if organ.standard_uncertainty_Gy is None:
        return number(organ.mean_dose_Gy)
    return text(with_uncertainty(organ.mean_dose_Gy, organ.standard_uncertainty_Gy))


def answer_section(result: ResultData) -> Html:
    """Dose with its uncertainty and size of every organ, and marks where warnings concern it."""
    if not result.organs:
        return section("Organ doses", paragraph("The case has no volumes of interest."))
    shown = for_reading(Shown.ANSWER, result.organs)
    columns = [q for q in shown if q.attribute != "standard_uncertainty_Gy"]
    warned = result.warnings_of_vois
    marked = any(warned.get(organ.name) for organ in result.organs)
    headings = [heading("VOI"), *(heading(q.label, q.unit) for q in columns)]
    headings += [heading("See warning")] if marked else []
    rows = []
    for organ in result.organs:
        row = [
            dose_cell(organ) if q.attribute == "mean_dose_Gy" else number(q.of(organ))
            for q in columns
        ]
        row += [marks(warned.get(organ.name, ()))] if marked else []
        rows.append((organ.name, row))
    note = f"Dose by {method_label(result.dose_method)}. {explained(columns)}"
    if len(columns) < len(shown):
        note += " ±: combined standard uncertainty of the mean dose."
    return section(
        "Organ doses",
        voi_table(
            headings,
            rows,
            arranged_vois(result),
            main_column=1,
            warned=[name for name, places in warned.items() if places],
        ),
        paragraph(note, quiet=True),
        *_general_warnings(result),
    )


def _general_warnings(result: ResultData) -> list[Html]:
    """Marks of the warnings that concern the whole result."""
    of_vois = {n for places in result.warnings_of_vois.values() for n in places}
    general = [n for n in range(len(result.warnings)) if n not in of_vois]
    return [Html(f"<p>Warnings of the whole result: {marks(general)}</p>")] if general else []


def statistics_section(result: ResultData) -> Html:
    """How the dose is spread over the voxels of every organ."""
    shown = for_reading(Shown.STATISTICS, result.organs)
    if not shown:
        return Html("")
    note = f"Dose by {method_label(result.dose_method)}. {explained(shown)} Air carries no dose."
    return section("Dose of the voxels", quantity_table(result, shown), paragraph(note, quiet=True))


def methods_section(result: ResultData) -> Html:
    """Mean doses by every method calculated, and what the network changed."""
    chosen = result.dose_method
    others = [name for name in result.doses if name != chosen]
    corrected = any(o.network_correction_percent is not None for o in result.organs)
    if not result.organs or not (others or corrected):
        return Html("")
    headings = [heading("Organ"), heading(chosen, "Gy")]
    notes = ["Mean dose, weighted by mass"]
    if others:
        notes.append(f"differences are relative to {chosen}, the chosen method")
    if corrected:
        headings.append(heading("network's correction", "%"))
        notes.append("network's correction: by the residual network, relative to photon-transport")
    for name in others:
        headings += [heading(name, "Gy"), heading("difference", "%")]
        headings += [heading("statistical", "± %")] if name in result.standard_errors else []
    if any(name in result.standard_errors for name in others):
        notes.append("statistical: standard error by Monte Carlo alone, from independent batches")
    rows = []
    for organ in result.organs:
        row = [number(organ.mean_dose_Gy)]
        row += [percent(organ.network_correction_percent, 2)] if corrected else []
        for name in others:
            dose = organ.dose_by_method_Gy[name]
            row += [number(dose), percent(_relative_percent(dose, organ.mean_dose_Gy))]
            row += [_error_percent(organ, name)] if name in result.standard_errors else []
        rows.append((organ.name, row))
    return section(
        "Mean dose by method",
        voi_table(headings, rows, arranged_vois(result), main_column=1),
        paragraph(f"{'; '.join(notes)}.", quiet=True),
    )


def _error_percent(organ: OrganDose, method: str) -> Html:
    """Standard error of an organ's mean dose by a statistical method, in per cent of it."""
    mean = organ.dose_by_method_Gy[method]
    error = organ.standard_error_by_method_Gy.get(method)
    return text("–") if error is None or mean <= 0.0 else text(f"{100.0 * error / mean:.2g}")


def _relative_percent(dose: float, reference: float) -> float:
    return 100.0 * (dose - reference) / reference if reference > 0.0 else float("nan")


def agreement_section(result: ResultData) -> Html:
    """How well the compared methods agree with the chosen one, voxel by voxel."""
    others = {name: dose for name, dose in result.doses.items() if name != result.dose_method}
    if not others:
        return Html("")
    reference = result.dose[result.reported]
    above = MASK_FRACTION * float(reference.max(initial=0.0))
    error = result.standard_errors.get(result.dose_method)
    noise = None if error is None else error[result.reported]
    floor = None
    counted = apart(o.name for o in result.organs)
    once = [o for o in result.organs if o.name in counted]
    headings = [
        heading("Method"),
        heading("Pearson r"),
        heading("r", f"below {LOW_DOSE_GY:g} Gy"),
        heading("Voxel error", "mean %"),
        heading("Voxel error", "SD %"),
        heading("5 % to 95 %", "of voxel errors, %"),
        heading("Organs: bias", "%"),
        heading("Limits of agreement", "%"),
    ]
    rows = []
    for name, dose in others.items():
        values = dose[result.reported]
        r = correlation(values, reference)
        errors = voxel_errors(values, reference, above, noise)
        floor = errors.perfect_method_rms_percent
        organs = bland_altman(
            [_relative_percent(o.dose_by_method_Gy[name], o.mean_dose_Gy) for o in once]
        )
        rows.append(
            [
                text(name),
                text(f"{r.r:.4f}"),
                text(f"{r.r_below_5_Gy:.4f}"),
                percent(errors.mean_percent, 2),
                number(errors.sd_percent),
                _range(errors.percentiles_percent["P5"], errors.percentiles_percent["P95"]),
                percent(organs.bias_percent, 2),
                _range(organs.lower_limit_percent, organs.upper_limit_percent),
            ]
        )
    note = (
        f"Against {result.dose_method}. Correlation over all voxels of the patient with dose; voxel errors "
        f"above {100 * MASK_FRACTION:g} % of the greatest dose ({above:.3g} Gy); limits of agreement: "
        "bias ∓ 1.96 SD of the organ differences."
    )
    if floor is not None:
        note += (
            f" Noise floor: the statistical error of {result.dose_method} alone gives a method without any "
            f"error a root mean square voxel error of {floor:.3g} %."
        )
    return section(
        "Agreement of methods, voxel by voxel",
        table(headings, rows),
        paragraph(note, quiet=True),
    )


def _range(low: float, high: float) -> Html:
    return Html(f"{percent(low)} to {percent(high)}")
