"""Organ doses and dose-volume histograms as text: CSV files and the console."""

import csv
import io
from collections.abc import Iterable, Sequence

from ..base.wording import for_spreadsheet, with_uncertainty
from ..organs.organ_dose import DoseVolumeHistograms
from ..organs.quantities import (
    FAMILIES,
    QUANTITIES,
    Family,
    OrganDose,
    Quantity,
    Shown,
    for_reading,
)
from ..report.voi_table import arranged_vois
from ..result.result import ResultData
from .dicom.wording import method_parameters

HOW_MADE = ("dose_method", "integration", "tail", "version", "warnings", "warnings_of_voi")
"""Last columns of ``organs.csv``, which are no quantities."""
_LONGEST_NAME = 28
_LEAST_WIDTH = 10


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; floating-point numbers have six significant digits, None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([_csv_cell(v) for v in row])
    return text.getvalue()


def _csv_cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}"
    return for_spreadsheet(value) if isinstance(value, str) else value


def organ_table(result: ResultData) -> str:
    """
    Content of ``organs.csv``: a row for each organ, a column for each quantity.

    The last columns say how it was made; the same in all rows, but for the number of warnings that
    concern the organ in particular.
    """
    single = [quantity for quantity in QUANTITIES if not quantity.in_family]
    keys = [(family, key) for family in FAMILIES for key in _keys(family, result)]
    rows: list[list[object]] = [
        [
            *("name", *(q.attribute for q in single)),
            *(f"{family.column} {k}" for family, k in keys),
            *HOW_MADE,
        ]
    ]
    how = method_parameters(result)
    made: list[object] = [result.dose_method, how.get("integration"), how.get("tail")]
    made += [result.provenance.get("version"), len(result.warnings)]
    for organ in result.organs:
        values: list[object] = [quantity.of(organ) for quantity in single]
        values += [family.of(organ).get(key) for family, key in keys]
        of_voi = len(result.warnings_of_vois.get(organ.name, ()))
        rows.append([organ.name, *values, *made, of_voi])
    return csv_text(rows)


def _keys(family: Family, result: ResultData) -> list[str]:
    """Methods or parts of which a result has values; methods without an organ too."""
    methods = {
        "dose_by_method_Gy": result.doses,
        "standard_error_by_method_Gy": result.standard_errors,
    }
    if family.attribute in methods:
        return list(methods[family.attribute])
    return list(dict.fromkeys(key for organ in result.organs for key in family.of(organ)))


def dvh_table(dvh: DoseVolumeHistograms) -> str:
    """Content of ``dvh.csv``: the dose, and for each organ the part that receives at least it."""
    headings = ["dose_Gy", *(f"{name} volume_percent" for name in dvh.volume_percent)]
    columns = [dvh.dose_Gy, *dvh.volume_percent.values()]
    return csv_text([headings, *zip(*columns, strict=True)])


def organ_lines(result: ResultData) -> str:
    """
    Organ doses as the console shows them after a run, and which warnings concern which.

    If there are many volumes of interest, only those that the report shows unfolded are listed.
    """
    arrangement = arranged_vois(result)
    of_name = {organ.name: organ for organ in result.organs}
    organs = [of_name[name] for name in arrangement.shown]
    chosen = [
        q
        for q in for_reading(Shown.CONSOLE, organs)
        if q.attribute != "standard_uncertainty_Gy"  # which stands with the dose
    ]
    headings = [f"{_in_a_line(q.label)} [{q.unit}]" for q in chosen]
    cells = [[_cell(q, organ) for q in chosen] for organ in organs]
    widths = [
        max(_LEAST_WIDTH, *(len(cell) + 2 for cell in column))
        for column in zip(headings, *cells, strict=True)
    ]

    def line(name: str, values: Sequence[str]) -> str:
        aligned = (f"{cell:>{width}}" for cell, width in zip(values, widths, strict=True))
        return f"{name[:_LONGEST_NAME]:<{_LONGEST_NAME}}" + "".join(aligned)

    lines = [f"{line('volume of interest', headings)}   ({result.dose_method})"]
    for organ, values in zip(organs, cells, strict=True):
        places = ", ".join(str(n + 1) for n in result.warnings_of_vois.get(organ.name, ()))
        mark = f"   see warning {places}" if places else ""
        lines.append(line(organ.name, values) + mark)
    if arrangement.folded:
        marked = sum(bool(result.warnings_of_vois.get(name)) for name in arrangement.folded)
        mark = f", {marked} of them with warnings" if marked else ""
        lines.append(f"and {len(arrangement.folded)} more{mark}: see the report, or organs.csv")
    return "\n".join(lines)


def _cell(quantity: Quantity, organ: OrganDose) -> str:
    """Value of an organ; the dose with its combined standard uncertainty."""
    value = quantity.of(organ)
    if value is not None and quantity.attribute == "mean_dose_Gy":
        return with_uncertainty(value, organ.standard_uncertainty_Gy)
    return "" if value is None else f"{value:{quantity.digits}}"


def _in_a_line(label: str) -> str:
    """A label without its capital, unless it is an abbreviation."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label
