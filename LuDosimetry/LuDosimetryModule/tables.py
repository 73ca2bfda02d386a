"""Tables with typed columns, titles and units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import numpy_to_vtk

from .choices import label
from .outputs import Outputs
from .result_files import ResultFiles

_SHOWN_DIGITS = 4


@dataclass(frozen=True)
class Column:
    """
    A column of a table.

    Attributes
    ----------
    name : str
        Title.
    values : sequence of str, or of float
    unit : str
    """

    name: str
    values: Sequence[Any] | np.ndarray = field(repr=False)
    unit: str = ""


def fill_table(node: Any, columns: Sequence[Column]) -> None:
    """Give a table node new columns in place of those it has."""
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
    """The organ doses of a result, rounded for reading; organs.csv has all digits."""
    organs: list[Mapping[str, Any]] = files.summary["organs"]

    def column(name: str, key: str, unit: str) -> Column:
        return Column(name, [rounded(organ.get(key)) for organ in organs], unit)

    def known(*wanted: tuple[str, str, str]) -> list[Column]:
        """Columns of what any organ has."""
        return [column(*of) for of in wanted if any(o.get(of[1]) is not None for o in organs)]

    columns = [
        Column(_("Volume of interest"), [organ["name"] for organ in organs]),
        column(_("Mean dose"), "mean_dose_Gy", "Gy"),
        *known(
            (_("Uncertainty"), "standard_uncertainty_Gy", "Gy"),
            (_("Per activity"), "dose_per_activity_Gy_GBq", "Gy/GBq"),
        ),
        column(_("Volume"), "volume_mL", "mL"),
        column(_("Mass"), "mass_g", "g"),
    ]
    warned: Mapping[str, Sequence[int]] = files.summary.get("warnings_of_vois", {})
    marks = [", ".join(str(n + 1) for n in warned.get(organ["name"], ())) for organ in organs]
    if any(marks):
        columns.append(Column(_("See warning"), [f"⚠ {mark}" if mark else "" for mark in marks]))
    columns += [
        column(_("TIA"), "tia_MBq_h", "MBq h"),
        column(_("SD"), "std_dose_Gy", "Gy"),
        column(_("Minimum"), "min_dose_Gy", "Gy"),
        column(_("Maximum"), "max_dose_Gy", "Gy"),
        column("D98", "D98_Gy", "Gy"),
        column("D50", "D50_Gy", "Gy"),
        column("D2", "D2_Gy", "Gy"),
        *known(
            (_("Statistical"), "standard_error_Gy", "Gy"),
            (_("BED"), "BED_Gy", "Gy"),
            (_("Effective half-life"), "effective_half_life_h", "h"),
        ),
    ]
    for method in files.methods[1:]:
        doses = [rounded(organ["dose_by_method_Gy"][method]) for organ in organs]
        columns.append(Column(label("doseMethod", method), doses, "Gy"))
    node, _new = outputs.get_or_add("table.organs", "vtkMRMLTableNode", _("Organ doses"))
    fill_table(node, columns)
    return node


def show_difference_table(summary: Mapping[str, Any], name: str, outputs: Outputs) -> Any:
    """The organ doses of a comparison with another dose volume."""
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
    """To the digits that are shown; NaN for what is not known."""
    if value is None:
        return float("nan")
    return float(f"{value:.{_SHOWN_DIGITS}g}")
