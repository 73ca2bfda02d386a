"""The flags of the options: what they change in a case."""

import argparse
from pathlib import Path

import pytest

from LuDosimetryLib import Case, InvalidInput
from LuDosimetryLib.case.option import options_of
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.commands.option_flags import add_option_flags, given_options


def given(*arguments: str) -> dict:
    parser = argparse.ArgumentParser()
    add_option_flags(parser)
    return given_options(parser.parse_args(arguments))


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ((), {}),
        (("--registration", "affine"), {"registration": "affine"}),
        (("--integration", "hybrid"), {"integration": "hybrid"}),
        (("--tail", "effective"), {"tail": "effective"}),
        (("--dose-method", "split-vsv"), {"dose_method": "split-vsv"}),
        (("--media", "20"), {"media": 20}),
        (("--model", "networks/own"), {"model": Path("networks/own")}),
        (("--device", "cpu"), {"device": "cpu"}),
        (("--histories", "1e8"), {"histories": 100_000_000, "uncertainty_percent": None}),
        (("--uncertainty", "0.5"), {"uncertainty_percent": 0.5}),
        (("--seed", "0"), {"seed": 0}),
        (("--scheduler", "tcp://host:8786"), {"scheduler": "tcp://host:8786"}),
        (("--effective-half-life-h", "55"), {"effective_half_life_h": 55.0}),
        (("--single-time-point-h", "96"), {"single_time_point_h": 96.0}),
        (("--compare-with", "local,unet"), {"compare_with": ("local", "unet")}),
        (("--report-vois", "kidney, Liver"), {"report_vois": ("kidney", "Liver")}),
        (("--compare-with", ""), {"compare_with": ()}),
        (("--spect-resolution-mm", "7.5"), {"spect_resolution_mm": 7.5}),
        (("--no-spill-in",), {"spill_in": False}),
        (("--spill-in",), {"spill_in": True}),
        (("--no-soft-by-name",), {"soft_by_name": False}),
        (("--soft-by-name",), {"soft_by_name": True}),
        (("--preset", "kim-2022"), {"preset": "kim-2022"}),
    ],
)
def test_flags(arguments, changes):
    found = given(*arguments)
    assert found == changes
    assert {k: type(v) for k, v in found.items()} == {k: type(v) for k, v in changes.items()}


def test_every_option_with_a_flag_is_tested_above():
    (mark,) = (m for m in test_flags.pytestmark if m.name == "parametrize")
    tested = {arguments[0] for arguments, _ in mark.args[1] if arguments}
    assert {o.flag for o in options_of(Options) if o.flag} <= tested


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--registration", "rigidly"), "--registration is 'rigidly'; did you mean 'rigid'?"),
        (("--integration", "trapeze"), "--integration is 'trapeze'; did you mean 'trapezoid'?"),
        (("--compare-with", "local,vsv"), "--compare-with is 'vsv'"),
        (("--preset", "kim"), "--preset is 'kim'; did you mean 'kim-2022'?"),
    ],
)
def test_names_that_are_none(arguments, sentence):
    with pytest.raises(InvalidInput) as refused:
        given(*arguments)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--tail", "none"), "invalid choice: 'none'"),
        (("--media", "0"), "media is 0; it must be a whole number of at least 1"),
        (("--media", "1.5"), "media is 1.5; it must be a whole number"),
        (("--histories", "inf"), "histories is inf"),
        (("--histories", "many"), "'many' is not a number"),
        (("--uncertainty", "0"), "uncertainty_percent is 0.0; it must be a number above 0"),
        (("--spect-resolution-mm", "nan"), "spect_resolution_mm is nan"),
        (("--spect-resolution-mm", "80"), "allowed: up to 50 mm"),
        (("--histories", "9", "--uncertainty", "1"), "not allowed with"),
    ],
)
def test_values_that_are_none(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        given(*arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_flags_go_before_the_preset_and_the_preset_before_the_case(case_folder):
    case_folder.change("options", to={"integration": "hybrid", "tail": "effective", "seed": 3})
    case = Case.read(case_folder.file)
    changed = case.with_options(**given("--preset", "kim-2022", "--dose-method", "local"))
    assert changed.preset == "kim-2022"
    assert changed.options == Options(
        registration="rigid",
        integration="trapezoid",
        tail="physical",
        dose_method="local",
        seed=3,
    )


def test_a_cohort_s_scheduler_is_not_the_option(capsys):
    parser = argparse.ArgumentParser()
    add_option_flags(parser, leave_out=("scheduler",))
    with pytest.raises(SystemExit):
        parser.parse_args(["--scheduler", "tcp://host:8786"])
    assert "scheduler" not in given_options(parser.parse_args([]))
