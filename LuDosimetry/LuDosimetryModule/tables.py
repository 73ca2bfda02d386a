"""Tables with typed columns, titles and units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from vtk.util.numpy_support import numpy_to_vtk

from LuDosimetryLib.organs.quantities import Shown, for_reading
from LuDosimetryLib.report.voi_table import arranged_vois

from .choices import label
from .outputs import Outputs
from .result_files import ResultFiles

CONTEXT = "LuDosimetryLib"
"""Context of the library's texts in a translation."""
_SHOWN_DIGITS = 4


@dataclass(frozen=True)
class Column:
    """
    A column of a table.

    Attributes
    ----------
    name : str
        Heading.
    values : sequence of str, or of float
    unit : str
    """

    name: str
    values: Sequence[Any] | np.ndarray = field(repr=False)
    unit: str = ""


def fill_table(node: Any, columns: Sequence[Column]) -> None:
    """Replace the columns of a table node."""
    table = vtk.vtkTable()
    for column in columns:
        table.AddColumn(_array(column))
    modified = node.StartModify()
    node.SetAndObserveTable(table)
    for column in columns:
        node.SetColumnUnitLabel(column.name, column.unit)
        node.SetColumnTitle(column.name, column.name)  # the view itself adds the unit
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    node.EndModify(modified)


def _array(column: Column) -> Any:
    if len(column.values) and isinstance(column.values[0], str):
        texts = vtk.vtkStringArray()
        for value in column.values:
            texts.InsertNextValue(value)
        texts.SetName(column.name)
        return texts
    numbers = numpy_to_vtk(np.asarray(column.values, np.float64), deep=True)
    numbers.SetName(column.name)
    return numbers


def show_organ_table(files: ResultFiles, outputs: Outputs) -> Any:
    """
    Show the organ doses of a result, rounded for reading; organs.csv has all digits.

    If there are many volumes of interest, those that the report shows unfolded come first.
    """
    arrangement = arranged_vois(files.summary)
    of_name = {organ.name: organ for organ in files.summary.organs}
    organs = [of_name[name] for name in (*arrangement.shown, *arrangement.folded)]
    columns = [Column(_("Volume of interest"), [organ.name for organ in organs])]
    groups = {n: g.title for g in arrangement.groups for n in (*g.shown, *g.folded) if g.title}
    quantities = for_reading(Shown.PANEL, organs)
    leading = sum(quantity.leads for quantity in quantities)
    for quantity in quantities:
        values = [rounded(quantity.of(organ)) for organ in organs]
        columns.append(Column(translate(CONTEXT, quantity.label), values, quantity.unit))
    warned = files.summary.warnings_of_vois
    marks = [", ".join(str(n + 1) for n in warned.get(organ.name, ())) for organ in organs]
    if any(marks):
        texts = [f"⚠ {mark}" if mark else "" for mark in marks]
        columns.insert(1 + leading, Column(_("See warning"), texts))
    for method in files.summary.methods[1:]:
        doses = [rounded(organ.dose_by_method_Gy[method]) for organ in organs]
        columns.append(Column(label("doseMethod", method), doses, "Gy"))
    if groups:
        titles = [translate(CONTEXT, groups[organ.name]) for organ in organs]
        columns.append(Column(_("Group"), titles))
    node, _new = outputs.get_or_add("table.organs", "vtkMRMLTableNode", _("Organ doses"))
    fill_table(node, columns)
    return node


def show_difference_table(summary: Mapping[str, Any], name: str, outputs: Outputs) -> Any:
    """Show the organ doses of a comparison with another dose volume."""
    organs = summary["organs"]

    def column(title: str, key: str, unit: str) -> Column:
        return Column(title, [rounded(organ[key]) for organ in organs], unit)

    node, _new = outputs.get_or_add(
        "table.comparison", "vtkMRMLTableNode", _("Comparison with {name}").format(name=name)
    )
    fill_table(
        node,
        [
            Column(_("Volume of interest"), [organ["name"] for organ in organs]),
            column(_("Other dose"), "mean_dose_Gy", "Gy"),
            column(_("This dose"), "reference_mean_dose_Gy", "Gy"),
            column(_("Difference"), "difference_Gy", "Gy"),
            column(_("Relative difference"), "difference_percent", "%"),
        ],
    )
    return node


def rounded(value: float | None) -> float:
    """Round to the digits that are shown; NaN for what is not known."""
    if value is None:
        return float("nan")
    return float(f"{value:.{_SHOWN_DIGITS}g}")
