"""Curves of the charts, apart from the panel."""

from types import SimpleNamespace

import numpy as np
import pytest
import slicer
import vtk

from LuDosimetryLib.activity.curve_fit import fit_curve
from LuDosimetryLib.result.asked import AskedCase, AskedOptions
from LuDosimetryLib.voi.totalsegmentator import CLASS_LISTS

KIDNEY = (0.73, 0.40, 0.31)


@pytest.fixture(autouse=True)
def module(panel):
    """The module is loaded, so that its package can be imported."""


def summary(names, curves=(), report_vois=()):
    organs = [SimpleNamespace(name=name, volume_mL=1.0) for name in names]
    asked = AskedCase(options=AskedOptions(report_vois=report_vois))
    return SimpleNamespace(organs=organs, asked=asked, curves=curves)


def histograms(colours, **changes):
    from LuDosimetryModule.voi_charts import dvh_charts

    dose = np.linspace(0.0, 1.0, 5)
    columns = {f"{name} volume_percent": 100.0 - 100.0 * dose for name in colours}
    files = SimpleNamespace(
        dvh={"dose_Gy": dose, **columns}, summary=summary([*colours], **changes)
    )
    return dvh_charts(files, colours)


def histogram(colours):
    (chart,) = histograms(colours)
    return chart.curves


def test_lines_of_one_colour_differ_in_style():
    curves = histogram({"left": KIDNEY, "liver": (0.1, 0.2, 0.9), "right": KIDNEY, "third": KIDNEY})
    assert [curve.name for curve in curves] == ["left", "liver", "right", "third"]
    assert [curve.style for curve in curves] == ["Solid", "Solid", "Dash", "DashDot"]
    assert curves[0].colour == KIDNEY


def test_light_colours_are_darkened_for_the_white_background():
    (curve,) = histogram({"marrow": (1.0, 1.0, 0.6)})
    assert np.dot(curve.colour, (0.2126, 0.7152, 0.0722)) == pytest.approx(0.7)
    assert curve.colour[2] / curve.colour[0] == pytest.approx(0.6)


def activity(*curves):
    """Curves of two scans by name and activity; those that fall are fitted, the others are trapezoids."""
    from LuDosimetryModule.voi_charts import activity_charts

    fitted = [fit_curve(name, (4.0, 24.0), at, 0.0043, "physical") for name, at in curves]
    files = SimpleNamespace(summary=summary([curve.name for curve in fitted], fitted))
    return activity_charts(files, {"kidney": KIDNEY})


def test_activity_over_time_shows_what_a_logarithm_can():
    (chart,) = activity(("kidney", [2.0, 0.0]), ("air", [0.0, 0.0]))
    kidney, scans = chart.curves
    assert (kidney.colour, chart.log_y) == (KIDNEY, True)
    assert np.isnan(kidney.y[0])
    assert np.isnan(kidney.y[-1])
    assert np.nanmax(kidney.y) == pytest.approx(2.0, rel=0.05)
    assert np.array_equal(scans.y, [2.0, np.nan], equal_nan=True)
    assert scans.points
    assert chart.x_range[1] > 24.0
    assert activity() == []
    assert activity(("air", [0.0, 0.0])) == []


def test_many_volumes_have_a_chart_for_each_group_that_counts():
    names = [
        *CLASS_LISTS["totalsegmentator-v2"].names.values(),
        *(f"tumour {n}" for n in range(60)),
    ]
    charts = histograms(dict.fromkeys(names, KIDNEY))
    assert [(chart.role, chart.title, len(chart.curves)) for chart in charts] == [
        ("dvh", "Dose-volume histogram: Organs at risk", 5),
        ("dvh-2", "Dose-volume histogram: Tumours (10 largest of 60)", 10),
    ]
    (chosen,) = histograms(dict.fromkeys(names, KIDNEY), report_vois=("brain", "heart"))
    assert [curve.name for curve in chosen.curves] == ["heart", "brain"]


def test_curves_of_many_volumes_of_one_colour_can_be_told_apart():
    names = [f"tumour {n}" for n in range(60)]
    for chart in histograms(dict.fromkeys(names, KIDNEY)):
        looks = {(curve.colour, curve.style) for curve in chart.curves}
        assert len(looks) == len(chart.curves)


def test_the_legend_of_bland_altman_lies_above_its_curves():
    from LuDosimetryModule.charts import _with_room, agreement_curves

    reference = np.array([1.0, 2.0, 4.0])
    curves = agreement_curves("other", reference * (1.0, 1.1, 0.9), reference, KIDNEY)
    low, high = _with_room(curves)
    top = max(np.nanmax(curve.y) for curve in curves)
    assert low < min(np.nanmin(curve.y) for curve in curves)
    assert (high - top) / (high - low) > 3 * 0.065


def test_the_legend_of_a_profile_lies_above_its_curves(scene):
    """In Slicer's plot view it would hide the peak."""
    from LuDosimetryModule.charts import profile_chart

    dose = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Dose")
    values = np.ones((5, 5, 5), np.float32)
    values[2, 2, 2] = 10.0
    slicer.util.updateVolumeFromArray(dose, values)
    line = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Line")
    for right in (0.0, 4.0):
        line.AddControlPoint(vtk.vtkVector3d(right, 2.0, 2.0))
    chart = profile_chart(line, {"Dose": dose})
    low, high = chart.y_range
    assert low < 1.0
    assert (high - 10.0) / (high - low) > 0.065
