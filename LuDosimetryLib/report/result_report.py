"""The report of a result: one HTML file that needs nothing else."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..agreement.agreement import LOW_DOSE_GY, bland_altman, correlation, voxel_errors
from ..agreement.error_map import MASK_FRACTION
from ..base.storage import write_atomically
from .how_calculated import how_calculated_section
from .page import (
    Html,
    facts,
    heading,
    number,
    page,
    paragraph,
    percent,
    section,
    swatch,
    table,
    text,
    warning_box,
)
from .palette import organ_style
from .registration import registration_section
from .time_activity import time_activity_section
from .uncertainty import effect_section, uncertainty_section

if TYPE_CHECKING:
    from ..organs.organ_dose import OrganDose
    from ..result.result import Result

NO_PICTURES = (
    "This report has no pictures because matplotlib is not installed; 'pip install matplotlib' "
    "and a new calculation add them."
)

METHOD_NAMES = {
    "local": "Local deposition",
    "single-vsv": "Single voxel S value",
    "multi-vsv": "Multiple voxel S values",
    "split-vsv": "Multiple voxel S values, photons apart",
    "unet": "Residual U-Net",
    "monte-carlo": "Monte Carlo",
}


def write_report(result: "Result", path: Path) -> None:
    """
    Write the report of a result.

    Parameters
    ----------
    result : Result
    path : Path
        HTML file; complete or not there. Without matplotlib it has no pictures and says so.
    """
    case = result.case
    title = f"{case.get('patient_id') or 'Unnamed patient'}, cycle {case.get('cycle', '–')}"
    content = [
        _facts(result),
        warning_box(result.warnings),
        how_calculated_section(case, result.dose_method),
        section("Organ doses", _organs(result)),
        uncertainty_section(result, has_matplotlib()),
        effect_section(result),
        section("Mean dose by method", _methods(result)),
        registration_section(result, has_matplotlib()),
        time_activity_section(result, has_matplotlib()),
        *_pictures(result),
        section("Agreement of methods, voxel by voxel", _agreement(result)),
        section("Inputs", _inputs(case, result.provenance)),
        section("Timing", _timing(result.timing_s)),
        section("Provenance", _provenance(result.provenance)),
    ]
    with write_atomically(path) as file:
        file.write(page("177Lu dosimetry report", title, content).encode())


def has_matplotlib() -> bool:
    """Whether pictures can be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def _pictures(result: "Result") -> list[Html]:
    if not has_matplotlib():
        return [section("Pictures", paragraph(NO_PICTURES))]
    from .result_pictures import result_pictures

    return result_pictures(result)


def _method(name: str) -> str:
    return f"{METHOD_NAMES[name]} ({name})" if name in METHOD_NAMES else name


def _facts(result: "Result") -> Html:
    case = result.case
    activity = case.get("administered_activity_MBq")
    hours = [point["hours"] for point in case.get("time_points", [])]
    pairs = [
        ("Patient", text(case.get("patient_id") or "–")),
        ("Cycle", text(case.get("cycle", "–"))),
        ("Nuclide", text(case.get("nuclide", "–"))),
        (
            "Administered activity",
            Html(f"{number(activity)} MBq") if activity else text("not given"),
        ),
        ("Scans", text(", ".join(f"{h:g}" for h in hours) + " h") if hours else text("–")),
        ("Report written", text(f"{datetime.now():%Y-%m-%d %H:%M}")),
    ]
    return facts(pairs)


def _organs(result: "Result") -> Html:
    if not result.organs:
        return paragraph("The case has no volumes of interest.")
    noisy = result.dose_method in result.standard_errors
    headings = [
        heading("Organ"),
        heading("Volume", "mL"),
        heading("Mass", "g"),
        heading("TIA", "MBq h"),
        heading("Mean dose", "Gy"),
        *([heading("Error", "± %")] if noisy else []),
        *(heading(name, "Gy") for name in ("SD", "Min", "Max", "D98", "D50", "D2")),
    ]
    rows = []
    for n, organ in enumerate(result.organs):
        amounts = (organ.volume_mL, organ.mass_g, organ.tia_MBq_h, organ.mean_dose_Gy)
        spread = (organ.std_dose_Gy, organ.min_dose_Gy, organ.max_dose_Gy)
        volume_doses = (organ.D98_Gy, organ.D50_Gy, organ.D2_Gy)
        rows.append(
            [
                swatch(organ_style(n)[0], organ.name),
                *map(number, amounts),
                *([_error(organ, result.dose_method)] if noisy else []),
                *map(number, (*spread, *volume_doses)),
            ]
        )
    note = (
        f"Dose by {_method(result.dose_method)}. Mean and SD are mass-weighted. TIA: time-integrated "
        "activity. D98, D50, D2: least dose that 98, 50, 2 % of the volume receive. Air carries no dose."
    )
    if noisy:
        note += (
            " Error: standard error of the mean in per cent of it, from independent batches. The "
            "statistical errors of single voxels widen SD, Min, Max and the DVH."
        )
    return Html(table(headings, rows, main_column=4) + paragraph(note, quiet=True))


def _methods(result: "Result") -> Html:
    if not result.organs:
        return Html("")
    chosen = result.dose_method
    others = [name for name in result.doses if name != chosen]
    activity_MBq = result.case.get("administered_activity_MBq")
    corrected = any(o.network_correction_percent is not None for o in result.organs)
    headings = [heading("Organ"), heading(chosen, "Gy")]
    said = "Mass-weighted mean dose"
    if others:
        said += f"; differences are relative to {chosen}, the chosen method"
    if activity_MBq:
        headings.append(heading("per activity", "Gy/GBq"))
        said += "; per activity: dose by the chosen method over administered activity"
    if corrected:
        headings.append(heading("network's correction", "%"))
        said += "; network's correction: by the residual network, relative to multi-vsv"
    for name in others:
        headings += [heading(name, "Gy"), heading("difference", "%")]
        headings += [heading("error", "± %")] if name in result.standard_errors else []
    rows = []
    for n, organ in enumerate(result.organs):
        row = [swatch(organ_style(n)[0], organ.name), number(organ.mean_dose_Gy)]
        row += [number(organ.mean_dose_Gy / (activity_MBq * 1e-3))] if activity_MBq else []
        row += [_correction(organ)] if corrected else []
        for name in others:
            dose = organ.dose_by_method_Gy[name]
            row += [number(dose), percent(_relative(dose, organ.mean_dose_Gy))]
            row += [_error(organ, name)] if name in result.standard_errors else []
        rows.append(row)
    return Html(table(headings, rows, main_column=1) + paragraph(f"{said}.", quiet=True))


def _correction(organ: "OrganDose") -> Html:
    change = organ.network_correction_percent
    return text("–" if change is None else f"{change:+.2f}".replace("-", "−"))


def _error(organ: "OrganDose", method: str) -> Html:
    """Standard error of an organ's mean by a statistical method, in per cent of it."""
    mean = organ.dose_by_method_Gy[method]
    error = organ.standard_error_by_method_Gy.get(method)
    return text("–") if error is None or mean <= 0.0 else text(f"{100.0 * error / mean:.2g}")


def _relative(dose: float, reference: float) -> float:
    return 100.0 * (dose - reference) / reference if reference > 0.0 else float("nan")


def _agreement(result: "Result") -> Html:
    others = {name: dose for name, dose in result.doses.items() if name != result.dose_method}
    if not others:
        return Html("")
    reference = result.dose[result.reported]
    above = MASK_FRACTION * float(reference.max(initial=0.0))
    error = result.standard_errors.get(result.dose_method)
    noise = None if error is None else error[result.reported]
    floor = None
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
            [_relative(o.dose_by_method_Gy[name], o.mean_dose_Gy) for o in result.organs]
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
    return Html(table(headings, rows) + paragraph(note, quiet=True))


def _range(low: float, high: float) -> Html:
    return Html(f"{percent(low)} to {percent(high)}")


def _inputs(case: Mapping[str, Any], provenance: Mapping[str, Any]) -> Html:
    sums: Mapping[str, str] = provenance.get("inputs_sha256") or {}
    reference = case.get("reference_time_point", 0)
    rows: list[list[Html]] = []

    def add(what: str, file: str | None, remark: str = "") -> None:
        if file:
            rows.append([text(what), text(file), text(remark), _code(sums.get(file, ""))])

    for n, point in enumerate(case.get("time_points", [])):
        remark = f"unit {point.get('unit', 'Bq/mL')}" + (", reference" if n == reference else "")
        add(f"SPECT at {point['hours']:g} h", point.get("spect"), remark)
        add(f"CT at {point['hours']:g} h", point.get("ct"), "HU")
    add("Segmentation", (case.get("segmentation") or {}).get("file"))
    if not rows:
        return Html("")
    return table([text(h) for h in ("Input", "File", "", "SHA-256")], rows, of_text=True)


def _timing(timing_s: Mapping[str, float]) -> Html:
    if not timing_s:
        return Html("")
    stages = sorted(timing_s.items(), key=lambda item: item[0] == "total")
    note = paragraph("Writing counts up to this report.", quiet=True)
    return Html(facts((stage, text(f"{seconds:.2f} s")) for stage, seconds in stages) + note)


def _provenance(provenance: Mapping[str, Any]) -> Html:
    rows = [
        [text(key), _code(value)]
        for key, value in _flat(provenance)
        if value not in ("", None) and not key.startswith("inputs_sha256")
    ]
    return table([text("What"), text("Value")], rows, of_text=True) if rows else Html("")


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        pairs += _flat(value, f"{name} / ") if isinstance(value, Mapping) else [(name, value)]
    return pairs


def _code(value: object) -> Html:
    return Html(f"<code>{text(value)}</code>") if value not in ("", None) else Html("")
