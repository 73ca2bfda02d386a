"""What -h says of every verb, and how soon."""

import argparse
import re
import subprocess
import sys

import pytest

from LuDosimetryLib.commands import main as module
from LuDosimetryLib.commands.main import VERBS, main

from ..conftest import ENVIRONMENT

NAMES = [verb.name for verb in VERBS]
LARGE = ("numpy", "scipy", "SimpleITK", "pydicom", "highdicom", "matplotlib", "torch", "ompmc")


def arguments_of(verb: str) -> list[argparse.Action]:
    """The arguments of a verb, as its file adds them."""
    parser = argparse.ArgumentParser()
    (found,) = (v for v in VERBS if v.name == verb)
    found.load().add_arguments(parser)
    return [action for action in parser._actions if action.dest != "help"]


def shown(verb: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([verb, "-h"])
    assert ended.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("verb", NAMES)
def test_help(verb, capsys):
    text = shown(verb, capsys)
    assert f"usage: ludosimetry {verb}" in text
    for action in arguments_of(verb):
        for flag in action.option_strings:
            assert flag in text


@pytest.mark.parametrize("verb", NAMES)
def test_every_argument_says_what_it_is(verb):
    for action in arguments_of(verb):
        assert action.help, action
        assert len(action.help) > 10, action


@pytest.mark.parametrize("verb", NAMES)
def test_every_default_and_choice_is_shown(verb, capsys):
    text = shown(verb, capsys)
    for action in arguments_of(verb):
        if action.default not in (None, False, []):
            assert re.search(rf"{action.option_strings[0]} .*?\(default: {action.default}\)", text)
        for choice in action.choices or ():
            assert re.search(rf"\{{[^}}]*\b{choice}\b[^}}]*\}}", text)


def test_options_show_their_defaults(capsys):
    text = shown("run", capsys)
    for said in (
        "haenscheid, madsen. (default: bayesian)",
        "{physical,effective}",
        "decays that Monte Carlo follows. (default: 100000000)",
        "[mm] Full width at half maximum",
        "One of: recommended, kim-2022. (default: recommended)",
    ):
        assert said in text


def test_help_of_all_names_every_verb(capsys):
    with pytest.raises(SystemExit):
        main(["-h"])
    text = " ".join(capsys.readouterr().out.split())
    for verb in VERBS:
        assert f"{verb.name} {verb.help}" in text
    assert "Exit codes: 0 done, 2 invalid input, 3 cancelled, 1 anything else." in text


@pytest.mark.parametrize("arguments", [["-h"], *([name, "-h"] for name in NAMES)], ids=" ".join)
def test_help_imports_nothing_large(arguments):
    code = f"""
import sys
from LuDosimetryLib.commands.main import main
try:
    main({arguments!r})
except SystemExit:
    pass
print(sorted(set(sys.modules) & {set(LARGE)!r}), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert done.stderr == "[]\n"


def test_a_verb_is_imported_when_it_is_asked_for():
    code = """
import sys
from LuDosimetryLib.commands.main import main
try:
    main(["-h"])
except SystemExit:
    pass
print([m for m in sys.modules if m.startswith("LuDosimetryLib.case")], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert done.stderr == "[]\n"


def test_every_file_of_a_verb_is_listed():
    from pathlib import Path

    shared = {"__init__", "arguments", "console", "main", "network", "option_flags", "verb"}
    files = {path.stem for path in Path(module.__file__).parent.glob("*.py")}
    assert files - shared == {name.replace("-", "_") for name in NAMES}
