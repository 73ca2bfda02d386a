"""Charts of the scene: a table and a plot series for every curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from .outputs import Outputs
from .tables import Column, fill_table

_GREY = (0.4, 0.4, 0.4)
_FONT_SIZES = {"Title": 14, "AxisTitle": 12, "AxisLabel": 10, "Legend": 10}
"""Smaller than Slicer's: the plot is one of four views, and its legend lies over the curves."""
LINE_STYLES = ("Solid", "Dash", "DashDot", "DashDotDot", "Dot")
"""Line styles of Slicer's plots, the plainest first."""


@dataclass(frozen=True)
class Curve:
    """
    One series of a chart.

    Attributes
    ----------
    name : str
    x, y : ndarray, shape (n,)
    colour : tuple of float
        Red, green, blue.
    points : bool
        Drawn as points, not as a line.
    style : str
        Style of a line, one of `LINE_STYLES`.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    colour: tuple[float, float, float] = _GREY
    points: bool = False
    style: str = "Solid"


@dataclass(frozen=True)
class Chart:
    """
    A chart; its curves have different names.

    Attributes
    ----------
    role : str
        Role among the outputs.
    title, x_title, y_title : str
    curves : sequence of Curve
    y_range : tuple of float, or None
        Ends of the ordinate; None for those of the curves.
    log_y : bool
        Whether the ordinate is logarithmic.
    x_range : tuple of float, or None
        Ends of the abscissa, likewise.
    """

    role: str
    title: str
    x_title: str
    y_title: str
    curves: Sequence[Curve]
    y_range: tuple[float, float] | None = None
    log_y: bool = False
    x_range: tuple[float, float] | None = None


def show_chart(chart: Chart, outputs: Outputs) -> Any:
    """Show a chart by its nodes, a table and a series for each curve; return the chart node."""
    node, new = outputs.get_or_add(f"chart.{chart.role}", "vtkMRMLPlotChartNode", chart.title)
    table, _new = outputs.get_or_add(f"data.{chart.role}", "vtkMRMLTableNode", chart.title)
    columns = _columns(chart)
    fill_table(table, list({c.name: c for pair in columns for c in pair}.values()))
    roles = [f"series.{chart.role}.{n}" for n in range(len(chart.curves))]
    modified = node.StartModify()
    node.RemoveAllPlotSeriesNodeIDs()
    for role, curve, (x, y) in zip(roles, chart.curves, columns, strict=True):
        series, _new = outputs.get_or_add(role, "vtkMRMLPlotSeriesNode", curve.name)
        _draw(series, curve, table, x.name, y.name)
        node.AddAndObservePlotSeriesNodeID(series.GetID())
    if new:  # later runs keep what the user set since
        for text, size in _FONT_SIZES.items():
            getattr(node, f"Set{text}FontSize")(size)
    node.SetTitle(chart.title)
    node.SetXAxisTitle(chart.x_title)
    node.SetYAxisTitle(chart.y_title)
    node.SetLegendVisibility(True)
    node.SetXAxisRangeAuto(chart.x_range is None)
    if chart.x_range is not None:
        node.SetXAxisRange(*chart.x_range)
    node.SetYAxisLogScale(chart.log_y)
    node.SetYAxisRangeAuto(chart.y_range is None)
    if chart.y_range is not None:
        node.SetYAxisRange(*chart.y_range)
    node.EndModify(modified)
    outputs.remove_all_but(f"series.{chart.role}.", roles)
    return node


def keep_charts(roles: Sequence[str], outputs: Outputs) -> None:
    """Remove the charts of an earlier result, all but those listed."""
    for role in outputs.roles("chart."):
        name = role.removeprefix("chart.")
        if name not in roles:
            for prefix in (f"series.{name}.", f"data.{name}", role):
                outputs.remove_all_but(prefix, ())


def _columns(chart: Chart) -> list[tuple[Column, Column]]:
    """Make two columns for each curve, all of one length; a gap is NaN, which plots leave out."""
    rows = max(len(curve.x) for curve in chart.curves)
    abscissae: list[tuple[np.ndarray, Column]] = []
    pairs = []
    for curve in chart.curves:
        known = next((column for x, column in abscissae if x is curve.x), None)
        if known is None:
            name = chart.x_title if not abscissae else f"{chart.x_title}, {curve.name}"
            known = Column(name, _padded(curve.x, rows))
            abscissae.append((curve.x, known))
        pairs.append((known, Column(curve.name, _padded(curve.y, rows))))
    return pairs


def _padded(values: np.ndarray, rows: int) -> np.ndarray:
    padded = np.full(rows, np.nan)
    padded[: len(values)] = values
    return padded


def _draw(series: Any, curve: Curve, table: Any, x: str, y: str) -> None:
    modified = series.StartModify()
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName(x)
    series.SetYColumnName(y)
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    series.SetColor(*curve.colour)
    if curve.points:
        series.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleNone)
        series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
        series.SetMarkerSize(5.0)
    else:
        style = getattr(slicer.vtkMRMLPlotSeriesNode, f"LineStyle{curve.style}")
        series.SetLineStyle(style)
        series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        series.SetLineWidth(2.0)
    series.EndModify(modified)
