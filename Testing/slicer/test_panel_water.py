"""Cases without any CT in the panel: the patient as water within the outline that the SPECT shows."""

import json

import numpy as np
import pytest
import slicer

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.case.parts import WATER

from .conftest import parameters, run_to_the_end


@pytest.fixture
def without_ct(case_folder):
    """The small case, with water in place of its CT at the second scan, which is the reference."""
    for n, point in enumerate(case_folder.data["time_points"]):
        point["ct"] = "water" if n == 1 else None
    case_folder.data["reference_time_point"] = 1
    case_folder.write()
    return case_folder


def test_a_case_without_ct_is_loaded_as_such(panel, without_ct):
    panel.logic.loadCase(without_ct.file)
    assert panel.ui.waterCheckBox.checked
    assert [point.ct for point in parameters(panel).timePoints] == [None, None, None]
    assert panel.ui.runButton.enabled, panel.ui.runButton.toolTip


def test_water_and_a_ct_exclude_each_other(panel, case_folder):
    panel.logic.loadCase(case_folder.file)
    assert not panel.ui.waterCheckBox.checked
    panel.ui.waterCheckBox.click()
    assert parameters(panel).water
    assert panel.ui.runButton.toolTip == (
        "To run: choose no CT for any time point, or untick No CT."
    )
    for row in range(3):
        panel.ui.timePointTable.cellWidget(row, 1).setCurrentNode(None)
    assert panel.ui.runButton.enabled
    panel.ui.waterCheckBox.click()
    assert panel.ui.runButton.toolTip == (
        "To run: choose a CT for at least one time point, or tick No CT."
    )


def test_the_case_of_the_job_has_water_at_the_reference(panel, without_ct, tmp_path):
    from LuDosimetryModule.request import Request

    panel.logic.loadCase(without_ct.file)
    parameters(panel).referenceTimePoint = 2
    parameters(panel).doseMethod = "unet"
    for _piece in Request.of(parameters(panel)).write_job(tmp_path):
        pass
    case = Case.read(tmp_path)
    assert [point.ct for point in case.time_points] == [None, None, WATER]
    assert case.ct is None
    # the default, which gives way to a method without a network and says so
    options = json.loads((tmp_path / "case.json").read_text(encoding="utf-8"))["options"]
    assert "dose_method" not in options


@pytest.mark.slow
def test_a_method_that_needs_a_ct_is_refused_as_in_the_shell(
    panel, without_ct, wait_until, monkeypatch, caplog
):
    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)
    panel.logic.loadCase(without_ct.file)
    parameters(panel).compareWith = ["unet"]
    run_to_the_end(panel, wait_until)
    assert "'unet' is not available: it needs a CT, and the case has none" in caplog.text


@pytest.mark.slow
def test_the_dose_is_that_of_the_shell(panel, without_ct, wait_until, monkeypatch):
    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)
    panel.logic.loadCase(without_ct.file)
    run_to_the_end(panel, wait_until)
    expected = run_case(Case.read(without_ct.file))
    dose = slicer.util.arrayFromVolume(parameters(panel).dose)
    assert np.array_equal(dose, expected.dose)
    warnings = panel.logic.resultOf(parameters(panel)).warnings
    assert any("there is no CT" in warning for warning in warnings)
