"""Organ doses and dose-volume histograms as text: CSV files and the console."""

import csv
import io
from collections.abc import Iterable, Sequence

from ..organs.organ_dose import DoseVolumeHistograms
from ..organs.quantities import FAMILIES, QUANTITIES, Family, OrganDose, Shown, shown_in
from ..result.result import ResultData

_LONGEST_NAME = 28
_LEAST_WIDTH = 10


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; floating-point numbers have six significant digits, None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in row])
    return text.getvalue()


def organ_table(result: ResultData) -> str:
    """Content of ``organs.csv``: a row for each organ, a column for each quantity."""
    single = [quantity for quantity in QUANTITIES if not quantity.in_family]
    keys = [(family, key) for family in FAMILIES for key in _keys(family, result)]
    rows: list[list[object]] = [
        ["name", *(q.attribute for q in single), *(f"{family.column} {k}" for family, k in keys)]
    ]
    for organ in result.organs:
        values = [quantity.of(organ) for quantity in single]
        rows.append([organ.name, *values, *(family.of(organ).get(key) for family, key in keys)])
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


def organ_lines(organs: Sequence[OrganDose], method: str) -> str:
    """Organ doses as the console shows them after a run."""
    chosen = [
        q for q in shown_in(Shown.CONSOLE) if any(q.of(organ) is not None for organ in organs)
    ]
    headings = [f"{_in_a_line(q.label)} [{q.unit}]" for q in chosen]
    widths = [max(len(heading) + 2, _LEAST_WIDTH) for heading in headings]

    def line(name: str, cells: Sequence[str]) -> str:
        aligned = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        return f"{name[:_LONGEST_NAME]:<{_LONGEST_NAME}}" + "".join(aligned)

    lines = [f"{line('volume of interest', headings)}   ({method})"]
    for organ in organs:
        values = [(q.of(organ), q.digits) for q in chosen]
        lines.append(line(organ.name, ["" if v is None else f"{v:{d}}" for v, d in values]))
    return "\n".join(lines)


def _in_a_line(label: str) -> str:
    """A label without its capital, unless it is an abbreviation."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label
