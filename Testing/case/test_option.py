"""The declaration of options: what follows from it, for Options and for an option made here."""

import argparse
import doctest
import json
from dataclasses import dataclass

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case import option as module
from LuDosimetryLib.case.option import Choice, check_options, option, options_of
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.options_table import options_table
from LuDosimetryLib.case.tissue_response import TissueResponse
from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs
from LuDosimetryLib.commands.option_flags import add_option_flags, given_options
from LuDosimetryLib.report.how_calculated import how_calculated

EVERY = [*options_of(Options), *options_of(UncertaintyInputs), *options_of(TissueResponse)]


@dataclass(frozen=True)
class Extended(Options):
    """Options with three more, each declared in one place: here."""

    dead_time_us: float | None = option(
        None,
        label="Dead time",
        help="Dead time of the camera, for the correction of count rates.",
        unit="µs",
        greatest=20.0,
        when_none="not corrected for",
        cli=True,
        decides_dose=True,
    )
    smoothing: str = option(
        "none",
        label="Smoothing",
        help="How the scans are smoothed.",
        choices={"none": Choice("None"), "gaussian": Choice("Gaussian", "By a Gaussian.")},
        cli="--smooth",
    )
    subsets: tuple[str, ...] = option(
        ("one",),
        label="Subsets",
        help="Subsets that are taken.",
        choices={name: Choice(name.capitalize()) for name in ("one", "two", "three")},
        expected="a list of subsets",
        cli=True,
    )


def flags(*arguments: str) -> dict:
    parser = argparse.ArgumentParser()
    add_option_flags(parser, Extended)
    return given_options(parser.parse_args(arguments), Extended)


def test_a_declared_option_is_in_the_help():
    parser = argparse.ArgumentParser()
    add_option_flags(parser, Extended)
    shown = " ".join(parser.format_help().split())
    assert "--dead-time-us N [µs] Dead time of the camera" in shown
    assert "count rates. (default: not corrected for)" in shown
    assert "--smooth {none,gaussian} How the scans are smoothed. (default: none)" in shown
    assert "Any of: one, two, three. (default: one)" in shown


def test_a_declared_option_is_taken_from_the_command_line():
    assert flags() == {}
    given = flags("--dead-time-us", "2.5", "--smooth", "gaussian", "--subsets", "one,three")
    assert given == {
        "dead_time_us": 2.5,
        "smoothing": "gaussian",
        "subsets": ("one", "three"),
    }
    with pytest.raises(InvalidInput, match="--subsets is 'thre'; did you mean 'three'"):
        flags("--subsets", "one,thre")


def test_a_value_of_the_command_line_is_checked(capsys):
    for wrong, sentence in (("21", "allowed: up to 20 µs"), ("-1", "number above 0"), ("x", "'x'")):
        with pytest.raises(SystemExit):
            flags("--dead-time-us", wrong)
        assert sentence in capsys.readouterr().err


def test_a_declared_option_survives_the_file():
    made = Extended(dead_time_us=2.5, subsets=("two",), seed=7)
    data = json.loads(json.dumps(made.to_dict()))
    assert data["dead_time_us"] == 2.5
    assert data["subsets"] == ["two"]
    assert Extended.from_dict(data) == made
    assert Extended.from_dict({}) == Extended()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"dead_time_us": 0}, "dead_time_us is 0; it must be a number above 0."),
        ({"dead_time_us": 30}, "dead_time_us is 30; allowed: up to 20 µs."),
        ({"smoothing": "gausian"}, "did you mean 'gaussian'?"),
        ({"subsets": "one"}, "subsets is 'one'; it must be a list of subsets."),
        ({"subsets": ["four"]}, "an entry of subsets is 'four'"),
        ({"dead_time": 2}, "the key 'dead_time' is unknown; did you mean 'dead_time_us'?"),
    ],
)
def test_a_declared_option_is_checked(data, sentence):
    with pytest.raises(InvalidInput) as refused:
        Extended.from_dict(data)
    assert sentence in str(refused.value)


def test_a_declared_option_is_in_the_report():
    rows = {r.label: (r.value, r.origin) for r in how_calculated({}, "multi-vsv", Extended)}
    assert rows["Dead time"] == ("not corrected for", "default")
    assert "Smoothing" not in rows
    case = {"options": Extended(dead_time_us=2.5, smoothing="gaussian").to_dict()}
    rows = {r.label: (r.value, r.origin) for r in how_calculated(case, "multi-vsv", Extended)}
    assert rows["Dead time"] == ("2.5 µs", "chosen")
    assert rows["Smoothing"] == ("Gaussian", "chosen")


def test_a_declared_option_is_in_the_table():
    added = options_table(Extended).splitlines()[len(options_table().splitlines()) :]
    assert added == [
        "| `dead_time_us` | `null` (not corrected for) | Dead time of the camera, for the correction of count rates. |  "
        "| `--dead-time-us` |",
        '| `smoothing` | `"none"` | How the scans are smoothed. | `none`, `gaussian` | `--smooth` |',
        '| `subsets` | `["one"]` | Subsets that are taken. | `one`, `two`, `three` | `--subsets` |',
    ]


@pytest.mark.parametrize("declared", EVERY, ids=lambda declared: declared.name)
def test_every_option_says_what_it_is(declared):
    assert declared.label
    assert declared.help.endswith(".")
    assert declared.help[0].isupper()
    assert "|" not in declared.help
    for choice in (declared.choices or {}).values():
        assert choice.label
        assert not choice.help or choice.help.endswith(".")


def test_every_default_is_allowed():
    for declared in EVERY:
        if declared.optional or isinstance(declared.default, str | int | float | tuple):
            declared.refuse_wrong(declared.default)


def test_every_numeric_option_has_its_unit():
    units = {"mm": "mm", "h": "h", "percent": "%", "Gy": "Gy"}
    for declared in EVERY:
        suffix = declared.name.rpartition("_")[2]
        if declared.type is float:
            assert declared.unit == units[suffix], declared.name


def test_the_place_of_another_option_is_that_of_one():
    names = {declared.name for declared in EVERY}
    assert {d.instead_of for d in EVERY} - names == {""}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("histories", 100_000_000, "100\u202f000\u202f000 decays"),
        ("spect_resolution_mm", 7.5, "7.5 mm"),
        ("spect_resolution_mm", None, "not corrected for"),
        ("spill_in", False, "no"),
        ("compare_with", ("local", "unet"), "Local deposition, Residual U-Net"),
        ("compare_with", (), "none"),
        ("recovery_coefficients", ((1.0, 0.5), (50.0, 0.9)), "0.5 at 1 mL, 0.9 at 50 mL"),
        ("tail", "effective", "Effective decay"),
        ("tail", "of-a-newer-version", "of-a-newer-version"),
        ("uncertainty", UncertaintyInputs(), "defaults"),
        (
            "uncertainty",
            UncertaintyInputs(scan_percent=2.5, segmentation_voxel_mm=1.0),
            "scan 2.5 %, voxel of the segmentation 1 mm",
        ),
        (
            "radiobiology",
            {"kidney": TissueResponse(2.6, 2.8), "liver": TissueResponse(2.5, 1.5)},
            "kidney: α/β 2.6 Gy, repair half-time 2.8 h; liver: α/β 2.5 Gy, repair half-time 1.5 h",
        ),
    ],
)
def test_values_in_words(name, value, words):
    (declared,) = (o for o in options_of(Options) if o.name == name)
    assert declared.words(value) == words


def test_what_is_declared_must_be_an_attribute():
    with pytest.raises(TypeError):
        option(1, label="Seed", help="A seed.", commandline=True)


def test_options_made_in_python_are_checked():
    @dataclass(frozen=True)
    class Small:
        share: float = option(0.5, label="Share", help="A share.", least=0.0, greatest=1.0)
        flag: bool = option(True, label="Flag", help="A flag.")

        def __post_init__(self) -> None:
            check_options(self)

    assert Small(0.0).share == 0.0
    for wrong in ({"share": -0.1}, {"share": 1.1}, {"share": True}, {"flag": 1}):
        with pytest.raises(InvalidInput):
            Small(**wrong)


def test_the_example_in_the_documentation():
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
