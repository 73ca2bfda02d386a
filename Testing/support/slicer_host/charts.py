"""Plot chart nodes drawn with VTK's charts, which Slicer's plot view uses too."""

from typing import Any

import slicer
import vtk


def chart_image(chart_node: Any, width: int, height: int) -> Any:
    """What a plot view shows of a chart node, as RGB vtkImageData.

    Titles, columns, colours, markers, lines, logarithmic axes and manual ranges are the node's.
    """
    chart = vtk.vtkChartXY()
    chart.SetTitle(chart_node.GetTitle() if chart_node.GetTitleVisibility() else "")
    chart.SetShowLegend(chart_node.GetLegendVisibility())
    bottom, left = chart.GetAxis(vtk.vtkAxis.BOTTOM), chart.GetAxis(vtk.vtkAxis.LEFT)
    bottom.SetTitle(chart_node.GetXAxisTitle() or "")
    left.SetTitle(chart_node.GetYAxisTitle() or "")
    for index in range(chart_node.GetNumberOfPlotSeriesNodes()):
        series = chart_node.GetNthPlotSeriesNode(index)
        if series is not None and series.GetTableNode() is not None:
            _add(chart, series)
    bottom.SetLogScale(chart_node.GetXAxisLogScale())
    left.SetLogScale(chart_node.GetYAxisLogScale())
    if not chart_node.GetXAxisRangeAuto():
        _fix(bottom, chart_node.GetXAxisRange())
    if not chart_node.GetYAxisRangeAuto():
        _fix(left, chart_node.GetYAxisRange())
    view = vtk.vtkContextView()
    view.GetScene().AddItem(chart)
    view.GetRenderer().SetBackground(1, 1, 1)
    window = view.GetRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(width, height)
    window.SetMultiSamples(0)
    view.Render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.SetInputBufferTypeToRGB()
    grab.Update()
    image = vtk.vtkImageData()
    image.DeepCopy(grab.GetOutput())
    window.Finalize()
    return image


def _fix(axis: Any, limits: Any) -> None:
    axis.SetBehavior(vtk.vtkAxis.FIXED)
    axis.SetRange(*limits)


def _add(chart: Any, series: Any) -> None:
    node = slicer.vtkMRMLPlotSeriesNode
    table = series.GetTableNode().GetTable()
    bars = {node.PlotTypeBar, node.PlotTypeScatterBar}
    plot = chart.AddPlot(vtk.vtkChart.BAR if series.GetPlotType() in bars else vtk.vtkChart.LINE)
    if series.GetXColumnName() and series.GetPlotType() not in {
        node.PlotTypeBar,
        node.PlotTypeLine,
    }:
        plot.SetInputData(table, series.GetXColumnName(), series.GetYColumnName())
    else:
        plot.SetInputData(table, series.GetYColumnName(), series.GetYColumnName())
        plot.SetUseIndexForXSeries(True)
    plot.SetLabel(series.GetName())
    red, green, blue = series.GetColor()
    plot.SetColorF(red, green, blue, series.GetOpacity())
    plot.SetWidth(series.GetLineWidth())
    if plot.IsA("vtkPlotPoints"):
        plot.SetMarkerStyle(series.GetMarkerStyle())
        plot.SetMarkerSize(series.GetMarkerSize())
    plot.GetPen().SetLineType(series.GetLineStyle())
