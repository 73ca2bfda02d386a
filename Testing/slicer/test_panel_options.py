"""The panel's choices, options and packages."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import slicer

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.choices import REGISTRATIONS, TAILS
from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.case.integrations import INTEGRATIONS
from LuDosimetryLib.case.option import options_of
from LuDosimetryLib.case.options import Options

from .conftest import parameters, row
from .panel_table import fill_row, volume


def test_choices_are_those_of_the_library(panel):
    for box, names in (
        (panel.ui.methodComboBox, DOSE_METHODS),
        (panel.ui.registrationComboBox, REGISTRATIONS),
        (panel.ui.integrationComboBox, INTEGRATIONS),
        (panel.ui.tailComboBox, TAILS),
    ):
        assert box.count == len(names)
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("single-vsv")
    assert parameters(panel).doseMethod == "single-vsv"
    panel.ui.tailComboBox.currentIndex = [*TAILS].index("effective")
    assert parameters(panel).tail == "effective"
    parameters(panel).doseMethod = "local"
    assert panel.ui.methodComboBox.currentIndex == [*DOSE_METHODS].index("local")


def test_a_choice_without_a_label_shows_its_own_name(panel):
    from LuDosimetryModule.choices import label

    assert label("integration", "tri-exponential") == "Tri exponential"


def test_a_scene_of_a_newer_version_is_no_error(panel):
    parameters(panel).doseMethod = "quantum"
    assert panel.ui.methodComboBox.currentIndex == -1


def test_compared_methods(panel):
    from PySide6 import QtWidgets

    box = panel.ui.compareWidget.findChild(QtWidgets.QCheckBox, "compare_local")
    box.click()
    assert list(parameters(panel).compareWith) == ["local"]
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("local")
    assert not box.enabled
    parameters(panel).compareWith = ["single-vsv"]
    assert not box.checked


def test_uncertainty_is_for_monte_carlo_alone(panel):
    assert not panel.ui.uncertaintySpinBox.enabled
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("monte-carlo")
    assert panel.ui.uncertaintySpinBox.enabled
    panel.ui.uncertaintySpinBox.value = 2.5
    from LuDosimetryModule.request import Request

    assert Request.of(parameters(panel)).options["uncertainty_percent"] == 2.5
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("local")
    assert Request.of(parameters(panel)).options["uncertainty_percent"] is None


def typed(panel: Any, option: str, text: str) -> None:
    row(panel, option).text = text
    row(panel, option).editingFinished.emit()


def test_rows_of_options_without_a_parameter(panel):
    from LuDosimetryModule.request import Request

    assert row(panel, "spect_resolution_mm").placeholderText == "not corrected for"
    typed(panel, "spect_resolution_mm", "7.5")
    row(panel, "spill_in").click()
    typed(panel, "histories", "1e6")
    assert json.loads(parameters(panel).furtherOptions) == {
        "spect_resolution_mm": 7.5,
        "spill_in": False,
        "histories": 1_000_000,
    }
    options = Request.of(parameters(panel)).options
    assert (options["spect_resolution_mm"], options["spill_in"]) == (7.5, False)
    typed(panel, "spect_resolution_mm", "")
    row(panel, "spill_in").click()
    typed(panel, "histories", "")
    assert parameters(panel).furtherOptions == ""


def test_rows_follow_the_further_options(panel):
    parameters(panel).furtherOptions = '{"effective_half_life_h": 55, "uncertainty": {}}'
    assert row(panel, "effective_half_life_h").text == "55"
    typed(panel, "effective_half_life_h", "60")
    assert json.loads(parameters(panel).furtherOptions) == {
        "effective_half_life_h": 60.0,
        "uncertainty": {},
    }
    parameters(panel).furtherOptions = "{effective"
    assert not row(panel, "effective_half_life_h").enabled
    parameters(panel).furtherOptions = ""
    assert row(panel, "effective_half_life_h").enabled
    assert row(panel, "effective_half_life_h").text == ""


def test_what_is_typed_and_no_number_is_refused_with_its_name(panel, two_rows):
    from LuDosimetryModule.request import Request

    typed(panel, "spect_resolution_mm", "sharp")
    with pytest.raises(InvalidInput, match="spect_resolution_mm is 'sharp'; it must be a number"):
        Request.of(parameters(panel)).check()


def test_texts_of_options_are_those_of_the_library(panel):
    declared = {option.name: option for option in options_of(Options)}
    assert panel.ui.tailLabel.text == f"{declared['tail'].label}:"
    assert declared["media"].help in panel.ui.mediaSpinBox.toolTip
    assert "recovery_coefficients" in panel.ui.furtherLineEdit.toolTip
    fields = [n for n, o in declared.items() if o.panel]
    assert not [name for name in fields if f"<li>{name}:" in panel.ui.furtherLineEdit.toolTip]


def test_a_preset_passes_through(panel, case_folder):
    from LuDosimetryModule.request import Request

    case_folder.data["options"] = {}
    case_folder.change("preset", to="kim-2022")
    panel.logic.loadCase(case_folder.file)
    assert parameters(panel).preset == "kim-2022"
    asked = Request.of(parameters(panel))
    assert asked.preset == "kim-2022"
    assert asked.options["registration"] == "rigid"
    alone = replace(asked, options={"dose_method": "local"})
    assert alone.case_options() == Options(
        registration="rigid", integration="trapezoid", tail="physical", dose_method="local"
    )


def test_bound_widgets(panel):
    panel.ui.administeredActivitySpinBox.value = 7400.0
    panel.ui.patientIDLineEdit.text = "patient-07"
    panel.ui.mediaSpinBox.value = 10
    panel.ui.seedSpinBox.value = 5
    found = parameters(panel)
    assert (found.administeredActivity, found.patientID, found.media, found.seed) == (
        7400.0,
        "patient-07",
        10,
        5,
    )


def test_missing_packages_are_named_and_offered(panel, monkeypatch):
    from LuDosimetryModule import packages

    monkeypatch.delenv("LUDOSIMETRY_PYTHON", raising=False)
    monkeypatch.setattr(packages, "installed", lambda name: False)
    panel.ui.addTimePointButton.click()
    fill_row(panel, 0, volume("SPECT"), volume("CT"), 4.0)
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("monte-carlo")
    assert "Install the Monte Carlo engine" in panel.ui.methodHint.text
    assert panel.ui.installMonteCarloButton.isVisibleTo(panel.parent)
    assert not panel.ui.runButton.enabled
    assert panel.ui.runButton.toolTip == "To run: install the Monte Carlo engine (package ompmc)."
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("unet")
    assert not panel.ui.runButton.enabled
    assert panel.ui.runButton.toolTip == (
        "To run: install ONNX Runtime for the network by the button below, in seconds."
    )
    assert "Install ONNX Runtime for the network by the button below" in panel.ui.methodHint.text
    assert panel.ui.installNetworkButton.isVisibleTo(panel.parent)
    assert panel.ui.installTorchButton.isVisibleTo(panel.parent)


def test_the_network_s_package_is_installed_after_asking(panel, host, monkeypatch):
    """What it asks for is what an installation by pip has."""
    import tomllib

    import qt
    from LuDosimetryModule import packages

    found = set()
    monkeypatch.setattr(packages, "installed", lambda name: name in found)
    parameters(panel).Modified()
    assert panel.ui.installNetworkButton.text == "Install ONNX Runtime..."
    assert panel.ui.installNetworkButton.isVisibleTo(panel.parent)
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirements: False)
    found.add("onnxruntime")  # the host installs nothing
    host.dialogs.answer(qt.QMessageBox.Ok)
    panel.ui.installNetworkButton.click()
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    ((asked,),) = slicer.packaging.asked
    assert asked in project["dependencies"]
    assert not panel.ui.installNetworkButton.isVisibleTo(panel.parent)
    assert "ONNX Runtime" not in panel.ui.methodHint.text
