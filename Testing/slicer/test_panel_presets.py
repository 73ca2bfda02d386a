"""The panel's presets, and a network of the user's own."""

import shutil
from typing import Any

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.case.choices import REGISTRATIONS, TAILS
from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.case.integrations import INTEGRATIONS
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.presets import PRESET, PRESETS, RECOMMENDED, preset_values
from LuDosimetryLib.dose.residual.model import CARD, WEIGHTS

from .conftest import parameters, row


def choose_preset(panel: Any, name: str) -> None:
    panel.ui.presetComboBox.currentIndex = [*PRESETS].index(name)


def decided(panel: Any) -> dict[str, Any]:
    from LuDosimetryModule.choices import parameter_of

    return {o: getattr(parameters(panel), parameter_of(o)) for o in preset_values(RECOMMENDED)}


@pytest.mark.usefixtures("panel")
def test_every_option_of_a_preset_has_a_widget_of_its_own():
    from LuDosimetryModule.choices import WITH_PARAMETER

    assert set(preset_values(RECOMMENDED)) <= set(WITH_PARAMETER)


def test_a_preset_shows_what_it_sets(panel):
    ui = panel.ui
    assert ui.presetLabel.text == "Preset:"
    assert PRESET.help in ui.presetComboBox.toolTip
    assert [ui.presetComboBox.itemText(n) for n in range(2)] == [p.label for p in PRESETS.values()]
    assert ui.presetHint.text == PRESETS[RECOMMENDED].help
    choose_preset(panel, "kim-2022")
    assert parameters(panel).preset == "kim-2022"
    assert decided(panel) == dict(PRESETS["kim-2022"].options)
    assert ui.integrationComboBox.currentIndex == [*INTEGRATIONS].index("trapezoid")
    assert ui.tailComboBox.currentIndex == [*TAILS].index("physical")
    assert ui.presetHint.text == PRESETS["kim-2022"].help
    choose_preset(panel, RECOMMENDED)
    assert decided(panel) == preset_values(RECOMMENDED)


def test_what_was_set_by_hand_stays_so_with_another_preset(panel):
    from LuDosimetryModule.request import Request

    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("local")
    panel.ui.registrationComboBox.currentIndex = [*REGISTRATIONS].index("affine")
    choose_preset(panel, "kim-2022")
    kim = PRESETS["kim-2022"].options
    assert decided(panel) == {**kim, "dose_method": "local", "registration": "affine"}
    assert panel.ui.presetHint.text.endswith("Set by hand: Registration, Dose method.")
    asked = Request.of(parameters(panel))
    assert asked.case_options() == Options(
        **{**kim, "dose_method": "local", "registration": "affine", "uncertainty_percent": None}
    )
    choose_preset(panel, RECOMMENDED)
    values = preset_values(RECOMMENDED)
    assert decided(panel) == {**values, "dose_method": "local", "registration": "affine"}


def test_a_preset_of_a_newer_version(panel):
    parameters(panel).preset = "of-2040"
    assert panel.ui.presetComboBox.currentIndex == -1
    assert panel.ui.presetHint.text == ""
    choose_preset(panel, "kim-2022")
    assert decided(panel) == dict(PRESETS["kim-2022"].options)


def type_network(panel: Any, text: str) -> None:
    row(panel, "model").comboBox().setEditText(text)


def test_a_network_of_ones_own(panel, two_rows, tmp_path):
    from LuDosimetryModule.request import Request

    line = row(panel, "model").comboBox().lineEdit()
    assert line.placeholderText == "the shipped one"
    hint = row(panel, "model_hint")
    assert not hint.isVisibleTo(panel.ui.moreOptionsWidget)
    own = shutil.copytree(resource(*CARD).parent, tmp_path / "own")
    for path in (own, own / CARD[-1], own / WEIGHTS):
        type_network(panel, str(path))
        assert hint.text == ""
        request = Request.of(parameters(panel))
        request.check()
        assert request.case_options().model == path
    with (own / WEIGHTS).open("ab") as file:
        file.write(b"more")
    parameters(panel).Modified()
    assert "are damaged or not those of residual.json" in hint.text
    assert hint.isVisibleTo(panel.ui.moreOptionsWidget)
    with pytest.raises(InvalidInput, match="are damaged or not those of"):
        Request.of(parameters(panel)).check()
    type_network(panel, str(tmp_path / "nowhere"))
    assert hint.text.startswith(f"There is no network at {tmp_path / 'nowhere'}: its card")
    panel.ui.methodComboBox.currentIndex = [*DOSE_METHODS].index("local")
    Request.of(parameters(panel)).check()
    type_network(panel, "")
    assert parameters(panel).furtherOptions == ""
    assert hint.text == ""


def test_the_network_of_a_case_is_shown_with_its_whole_path(panel, case_folder):
    from LuDosimetryModule.request import Request

    shutil.copytree(resource(*CARD).parent, case_folder.folder / "networks")
    case_folder.change("options", "model", to="networks")
    panel.logic.loadCase(case_folder.file)
    assert row(panel, "model").currentPath == str(case_folder.folder / "networks")
    assert Request.of(parameters(panel)).case_options().model == case_folder.folder / "networks"
