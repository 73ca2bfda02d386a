"""The report's section of preset and options."""

from pathlib import Path

import pytest

from LuDosimetryLib.case.option import options_of
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.presets import PRESETS
from LuDosimetryLib.report.how_calculated import (
    how_calculated,
    how_calculated_section,
    preset_sentence,
)

KIM = PRESETS["kim-2022"].options


def rows(options=None, dose_method="unet", preset=None):
    case = {"options": Options(**(options or {})).to_dict()}
    if preset is not None:
        case["preset"] = preset
    found = how_calculated(case, dose_method)
    return {row.label: (row.value, row.origin) for row in found}


def test_what_decides_the_dose_is_stated_even_by_default():
    assert rows() == {
        "Registration": ("Rigid", "default"),
        "Integration": ("Bayesian fit", "default"),
        "Dose method": ("Residual U-Net", "default"),
        "Soft tissue by name": ("yes", "default"),
        "Media": ("20", "default"),
        "Network": ("the shipped one", "default"),
        "Effective half-life": (
            "that of usual kinetics, with 177Lu 60 h (Bayesian fit)",
            "default",
        ),
        "Recovery coefficients": ("none", "default"),
        "SPECT resolution": ("not corrected for", "default"),
    }


def test_what_has_no_effect_is_left_out_unless_it_was_chosen():
    single = rows(
        {"integration": "madsen", "effective_half_life_h": 55.0, "dose_method": "local"}, "local"
    )
    assert single["Effective half-life"] == ("55 h", "chosen")
    assert "Tail of the trapezoid" not in single
    assert "Media" not in single
    assert "Histories" not in single
    chosen = rows({"seed": 7, "tail": "physical", "integration": "haenscheid"})
    assert chosen["Seed"] == ("7", "chosen; no effect here")
    assert chosen["Tail of the trapezoid"] == ("Physical decay", "chosen; no effect here")


def test_monte_carlo_states_its_effort():
    found = rows({"dose_method": "monte-carlo"}, "monte-carlo")
    assert found["Histories"] == ("100\u202f000\u202f000 decays", "default")
    assert "Media" not in found
    found = rows({"compare_with": ("monte-carlo",), "uncertainty_percent": 0.5})
    assert found["Target uncertainty"] == ("0.5 %", "chosen")
    assert found["Compare with"] == ("Monte Carlo", "chosen")
    assert "Histories" not in found


@pytest.mark.parametrize(
    ("option", "value", "label", "words"),
    [
        ("registration", "deformable", "Registration", "Deformable"),
        ("integration", "hybrid", "Integration", "VOI curve, scaled to each voxel"),
        ("tail", "physical", "Tail of the trapezoid", "Physical decay"),
        ("dose_method", "split-vsv", "Dose method", "Split voxel S values"),
        ("model", Path("networks/own"), "Network", "networks/own"),
        ("device", "cpu", "Device", "CPU"),
        ("histories", 5, "Histories", "5 decays"),
        ("seed", 9, "Seed", "9"),
        ("scheduler", "tcp://x:1", "Scheduler", "tcp://x:1"),
        ("single_time_point_h", 90.0, "Time of the single scan", "90 h"),
        ("compare_with", ("local",), "Compare with", "Local deposition"),
        ("recovery_coefficients", ((1.0, 0.5),), "Recovery coefficients", "0.5 at 1 mL"),
        ("spect_resolution_mm", 7.5, "SPECT resolution", "7.5 mm"),
        ("spill_in", False, "Spill-in", "no"),
        ("soft_by_name", False, "Soft tissue by name", "no"),
        ("radiobiology", {}, "Radiobiology", "none"),
        ("report_vois", ("kidney", "liver"), "VOIs of the report", "kidney, liver"),
    ],
)
def test_every_option_that_is_chosen_is_stated(option, value, label, words):
    found = rows({option: value}, value if option == "dose_method" else "unet")
    shown, origin = found[label]
    assert shown == words
    assert origin.startswith("chosen")


def test_the_options_of_the_test_above_are_all():
    tested = {
        *("registration", "integration", "tail", "dose_method", "device", "histories", "seed"),
        *("scheduler", "single_time_point_h", "compare_with", "recovery_coefficients"),
        *("spect_resolution_mm", "spill_in", "radiobiology", "model", "report_vois"),
        "soft_by_name",
    }
    others = {"media", "uncertainty_percent", "effective_half_life_h", "uncertainty"}
    assert {o.name for o in options_of(Options)} == tested | others


def test_a_method_that_took_the_place_of_another():
    found = rows({"dose_method": "unet"}, "multi-vsv")
    assert found["Dose method"] == (
        "Multiple voxel S values, instead of Residual U-Net",
        "default; not available",
    )


def test_values_of_a_preset():
    found = rows(KIM, "unet", "kim-2022")
    assert found["Registration"] == ("Rigid", "preset")
    assert found["Dose method"] == ("Residual U-Net", "preset")
    assert found["Integration"] == ("Trapezoid", "preset")
    found = rows({**KIM, "registration": "none", "seed": 2}, "unet", "kim-2022")
    assert found["Registration"] == ("None: scans are taken as aligned", "chosen")
    assert list(found)[-1] == "Seed"


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ({}, "Preset: Recommended (recommended), unchanged."),
        ({"options": {"seed": 5}}, "Preset: Recommended (recommended), unchanged."),
        (
            {
                "options": {
                    "integration": "trapezoid",
                    "tail": "physical",
                    "spect_resolution_mm": 7.5,
                }
            },
            "Preset: Recommended (recommended), changed in: Integration, Tail of the trapezoid, SPECT "
            "resolution.",
        ),
        (
            {"preset": "kim-2022", "options": KIM},
            "Preset: As in Kim et al. 2022 (kim-2022), unchanged.",
        ),
        (
            {"preset": "kim-2022", "options": {**KIM, "dose_method": "local"}},
            "Preset: As in Kim et al. 2022 (kim-2022), changed in: Dose method.",
        ),
    ],
)
def test_the_sentence_about_the_preset(case, sentence):
    assert preset_sentence(case) == sentence


def test_the_section(parse):
    case = {"patient_id": "x", "options": {"scheduler": "<b>tcp://x</b>"}}
    page = parse(how_calculated_section(case, "multi-vsv"))
    assert not page.wrong
    assert "How it was calculated" in page.text
    assert "<b>tcp://x</b>" in page.text
    assert "b" not in page.tags
    assert "Preset: Recommended (recommended), unchanged." in page.text
