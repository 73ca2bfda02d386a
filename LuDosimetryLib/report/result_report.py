"""The report of a result: one HTML file that needs nothing else."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..case.dose_methods import DOSE_METHODS
from ..result.asked import AskedCase
from ..result.result import ResultData
from .drawing import drawn, has_matplotlib, no_pictures
from .how_calculated import how_calculated_section
from .organ_doses import (
    agreement_section,
    answer_section,
    methods_section,
    statistics_section,
)
from .page import Html, facts, number, paragraph, section, table, text, warning_box, write_page
from .registration import registration_section
from .time_activity import time_activity_section
from .uncertainty import effect_section, uncertainty_section


def write_report(result: ResultData, path: Path) -> None:
    """
    Write the report of a result.

    Parameters
    ----------
    result : ResultData
    path : Path
        HTML file; complete or not there. Without matplotlib it has no pictures and says so.
    """
    asked = result.asked
    title = f"{asked.patient_id or 'Unnamed patient'}, cycle {asked.cycle}{_instead(result)}"
    content = [
        _facts(result),
        answer_section(result),
        warning_box(result.warnings),
        statistics_section(result),
        how_calculated_section(result.case, result.dose_method),
        *drawn("Uncertainty", lambda: [uncertainty_section(result, has_matplotlib())]),
        effect_section(result),
        methods_section(result),
        *drawn("Registration", lambda: [registration_section(result, has_matplotlib())]),
        *drawn("Activity over time", lambda: [time_activity_section(result, has_matplotlib())]),
        *drawn("Pictures", lambda: _pictures(result)),
        agreement_section(result),
        section("Inputs", _inputs(asked, result.provenance)),
        section("Timing", _timing(result.timing_s)),
        section("Provenance", _provenance(result.provenance)),
    ]
    write_page(path, "177Lu dosimetry report", title, content)


def _instead(result: ResultData) -> str:
    """Addition to the title if another method than the one asked for gave the dose; else nothing."""
    asked, used = result.case.get("options", {}).get("dose_method"), result.dose_method
    if asked in (None, used):
        return ""
    labels = [DOSE_METHODS[m].label if m in DOSE_METHODS else m for m in (used, asked)]
    return f": {labels[0]} instead of {labels[1]}"


def _pictures(result: ResultData) -> list[Html]:
    if not has_matplotlib():
        return [section("Pictures", no_pictures())]
    from .result_pictures import result_pictures  # needs matplotlib

    return result_pictures(result)


def _facts(result: ResultData) -> Html:
    asked = result.asked
    activity_MBq = asked.administered_activity_MBq
    hours = ", ".join(f"{point.hours:g}" for point in asked.time_points)
    pairs = [
        ("Patient", text(asked.patient_id or "–")),
        ("Cycle", text(asked.cycle)),
        ("Nuclide", text(asked.nuclide or "–")),
        (
            "Administered activity",
            Html(f"{number(activity_MBq)} MBq") if activity_MBq else text("not given"),
        ),
        ("Scans", text(f"{hours} h" if hours else "–")),
        ("Report written", text(f"{datetime.now():%Y-%m-%d %H:%M}")),
    ]
    return facts(pairs)


def _inputs(asked: AskedCase, provenance: Mapping[str, Any]) -> Html:
    sums: Mapping[str, str] = provenance.get("inputs_sha256") or {}
    rows: list[list[Html]] = []

    def add(what: str, file: str | None, remark: str = "") -> None:
        if file:
            rows.append([text(what), text(file), text(remark), _code(sums.get(file, ""))])

    for n, point in enumerate(asked.time_points):
        reference = ", reference" if n == asked.reference_time_point else ""
        add(f"SPECT at {point.hours:g} h", point.spect, f"unit {point.unit}{reference}")
        add(f"CT at {point.hours:g} h", point.ct, "HU")
    add("Segmentation", None if asked.segmentation is None else asked.segmentation.file)
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
