"""Presets of options, in a case file and in Python."""

import json
from dataclasses import replace

import pytest

from LuDosimetryLib import Case, InvalidInput
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.presets import PRESETS, RECOMMENDED, preset_values

KIM = {
    "registration": "rigid",
    "integration": "trapezoid",
    "tail": "physical",
    "dose_method": "unet",
}


def test_the_preset_of_the_paper():
    assert preset_values("kim-2022") == KIM
    assert replace(Options(), **KIM) == Options(**KIM)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_decides_the_same_options(name):
    assert set(preset_values(name)) == set(preset_values(RECOMMENDED))
    assert replace(Options(), **preset_values(name)) is not None


def test_recommended_is_the_defaults():
    assert replace(Options(), **preset_values(RECOMMENDED)) == Options()


def test_a_preset_in_a_case_file(case_folder):
    case_folder.change("preset", to="kim-2022")
    case_folder.change("options", to={})
    case = Case.read(case_folder.file)
    assert case.preset == "kim-2022"
    assert case.options == Options(**KIM)


def test_options_that_are_given_override_the_preset(case_folder):
    case_folder.change("preset", to="kim-2022")
    case_folder.change("options", to={"dose_method": "local", "seed": 7})
    options = Case.read(case_folder.file).options
    assert options == Options(**{**KIM, "dose_method": "local", "seed": 7})


def test_the_name_is_remembered(case_folder, tmp_path):
    case_folder.change("preset", to="kim-2022")
    case = Case.read(case_folder.file)
    case.write(tmp_path / "copy.json")
    assert json.loads((tmp_path / "copy.json").read_text(encoding="utf-8"))["preset"] == "kim-2022"
    again = Case.read(tmp_path / "copy.json")
    assert (again.preset, again.options) == (case.preset, case.options)


def test_a_case_without_a_preset(case_folder):
    assert Case.read(case_folder.file).preset == RECOMMENDED


def test_a_preset_takes_the_place_of_what_the_case_says(case_folder):
    case_folder.change("options", to={"integration": "hybrid", "media": 20, "seed": 3})
    case = Case.read(case_folder.file)
    kim = case.with_options(preset="kim-2022", tail="effective")
    assert kim.preset == "kim-2022"
    assert kim.options == Options(**{**KIM, "tail": "effective", "seed": 3})
    back = kim.with_options(preset=RECOMMENDED)
    assert (back.preset, back.options) == (RECOMMENDED, Options(seed=3))
    assert kim.with_options(seed=4).preset == "kim-2022"


@pytest.mark.parametrize("wrong", ["kim2022", 5, None, ["kim-2022"]])
def test_a_preset_that_is_none(case_folder, refused, wrong):
    case_folder.change("preset", to=wrong)
    sentence = refused()
    assert "preset is" in sentence
    assert "allowed: recommended, kim-2022" in sentence


def test_a_preset_that_is_none_in_python(case_folder):
    with pytest.raises(InvalidInput, match="preset is 'kim'; did you mean 'kim-2022'"):
        Case.read(case_folder.file).with_options(preset="kim")
    with pytest.raises(InvalidInput, match="preset is 'kim'"):
        replace(Case.read(case_folder.file), preset="kim")
