"""The table of options in the README is that of the declarations."""

from pathlib import Path

from LuDosimetryLib.case.option import options_of
from LuDosimetryLib.case.options import Options
from LuDosimetryLib.case.options_table import options_table
from LuDosimetryLib.commands.main import main

README = Path(__file__).parents[2] / "README.md"


def test_every_option_has_a_line():
    lines = options_table().splitlines()
    for o in options_of(Options):
        assert sum(line.startswith(f"| `{o.name}` |") for line in lines) == 1
    assert {line.count("|") for line in lines} == {6}


def test_the_readme_has_the_table():
    """To renew it: put what `ludosimetry options` prints between the two marks."""
    text = README.read_text(encoding="utf-8")
    (found,) = (
        part.split("<!-- end of options -->")[0] for part in text.split("<!-- options -->")[1:]
    )
    assert found.strip() == options_table()


def test_the_verb_prints_it(capsys):
    assert main(["options"]) == 0
    assert capsys.readouterr().out == options_table() + "\n"
