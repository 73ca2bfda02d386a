"""What the panel makes of a result: files, report, saved scenes, comparison, profile, warnings."""

import sys

import numpy as np
import pytest
import slicer

from .conftest import errors, job_folders, parameters, run_to_the_end

pytestmark = pytest.mark.slow


def test_files_of_the_result(loaded, wait_until, host, tmp_path, caplog):
    run_to_the_end(loaded, wait_until)
    host.dialogs.answer(str(tmp_path / "doses.csv"), str(tmp_path / "dose.dcm"), str(tmp_path), "")
    loaded.ui.csvButton.click()
    loaded.ui.rtdoseButton.click()
    loaded.ui.saveResultButton.click()
    loaded.ui.csvButton.click()
    assert (tmp_path / "doses.csv").read_text(encoding="utf-8").startswith("name,volume_mL,mass_g")
    import pydicom

    assert pydicom.dcmread(tmp_path / "dose.dcm").Modality == "RTDOSE"
    assert (tmp_path / "LuDosimetry-result" / "report.html").exists()
    host.dialogs.answer("/no/such/folder/doses.csv")
    loaded.ui.csvButton.click()
    assert "/no/such/folder/doses.csv cannot be written" in errors(caplog)[-1]


def test_the_report_opens_in_the_browser(loaded, wait_until, monkeypatch):
    import qt

    opened = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", opened.append)
    run_to_the_end(loaded, wait_until)
    loaded.ui.reportButton.click()
    assert opened[0].toLocalFile().endswith("report.html")


def test_a_result_survives_saving_and_loading(loaded, wait_until, tmp_path):
    run_to_the_end(loaded, wait_until)
    before = slicer.util.arrayFromVolume(parameters(loaded).dose).copy()
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert job_folders() == []
    assert loaded.ui.organTableView.mrmlTableNode() is None
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    dose = parameters(loaded).dose
    assert np.allclose(slicer.util.arrayFromVolume(dose), before)
    table = loaded.ui.organTableView.mrmlTableNode()
    assert table.GetCellText(0, 0) == "kidney"
    assert loaded.ui.chartComboBox.count == 4
    assert not loaded.ui.reportButton.enabled
    assert "calculated in this session" in loaded.ui.reportButton.toolTip
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    run_to_the_end(loaded, wait_until)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert loaded.ui.reportButton.enabled


def test_comparison_with_another_dose(loaded, wait_until):
    run_to_the_end(loaded, wait_until)
    assert not loaded.ui.compareButton.enabled
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "external Monte Carlo")
    dose = parameters(loaded).dose
    slicer.util.updateVolumeFromArray(other, 1.1 * slicer.util.arrayFromVolume(dose))
    other.CopyOrientation(dose)
    loaded.ui.comparedDoseSelector.setCurrentNode(other)
    assert loaded.ui.compareButton.enabled
    loaded.ui.compareButton.click()
    wait_until(lambda: loaded.job is None, 300.0)
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    relative = slicer.util.arrayFromVolume(outputs["compared.relative_error"])
    assert relative.max() == pytest.approx(10.0, abs=1e-3)
    table = outputs["table.comparison"]
    assert float(table.GetCellText(0, 4)) == pytest.approx(10.0, abs=0.01)
    assert "external Monte Carlo" in table.GetName()
    assert loaded.ui.chartComboBox.count == 6
    assert job_folders() != []
    loaded.ui.comparedDoseSelector.setCurrentNode(dose)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    loaded.ui.compareButton.click()
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_a_profile(loaded, wait_until, caplog):
    run_to_the_end(loaded, wait_until)
    line = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "L")
    loaded.ui.profileLineSelector.setCurrentNode(line)
    loaded.ui.profileButton.click()
    assert "the line L has no two points" in errors(caplog)[-1]
    # through the kidney at LPS x = -25 mm
    line.AddControlPoint(25.0, 0.0, -40.0)
    line.AddControlPoint(25.0, 0.0, 40.0)
    loaded.ui.profileButton.click()
    outputs = loaded.logic.resultOf(parameters(loaded)).outputs
    chart = outputs["chart.profile"]
    assert chart.GetNumberOfPlotSeriesNodes() == 2
    series = chart.GetNthPlotSeriesNode(0)
    along = slicer.util.arrayFromTableColumn(series.GetTableNode(), series.GetYColumnName())
    at = slicer.util.arrayFromTableColumn(series.GetTableNode(), series.GetXColumnName())
    dose = slicer.util.arrayFromVolume(parameters(loaded).dose)
    assert along.max() == pytest.approx(dose[:, 12, 7:9].max(), rel=0.1)
    assert abs(at[np.argmax(along)] - 40.0) < 16.0
    assert loaded.ui.chartComboBox.currentText == "Dose profile along L"


def test_warnings_of_the_calculation_are_shown(loaded, wait_until):
    parameters(loaded).timePoints = [parameters(loaded).timePoints[0]]
    run_to_the_end(loaded, wait_until)
    assert "there is only one scan" in loaded.ui.resultHint.text
    assert "there is only one scan" in loaded.ui.logText.toPlainText()


def test_a_defect_while_showing_is_remarked(loaded, wait_until, caplog, monkeypatch):
    def fail(*_arguments):
        raise ZeroDivisionError("so")

    monkeypatch.setattr(sys.modules["LuDosimetryModule.calculation"], "show_volumes", fail)
    run_to_the_end(loaded, wait_until)
    assert "A defect of the program" in errors(caplog)[-1]
    assert loaded.ui.runButton.enabled
