"""Tables of organ doses as text."""

from LuDosimetryLib.organs.quantities import OrganDose
from LuDosimetryLib.output.tables import csv_text, organ_lines


def organ(name: str, **values: float) -> OrganDose:
    return OrganDose(name, 30.0, 31.24, 456.78, 5.5821, *[1.0] * 6, **values)


def test_numbers_have_six_digits_and_nothing_is_an_empty_cell():
    rows = [["a", 1.0, 1 / 3, 123456789.0, 5, None, "b,c"]]
    assert csv_text(rows) == 'a,1,0.333333,1.23457e+08,5,,"b,c"\n'


def test_the_console_shows_what_is_known():
    lines = organ_lines([organ("kidney"), organ("x" * 40)], "local").splitlines()
    assert lines[0].split("  ")[0] == "volume of interest"
    assert lines[0].endswith("   (local)")
    for heading in ("mass [g]", "TIA [MBq h]", "mean dose [Gy]"):
        assert heading in lines[0]
    assert "uncertainty" not in lines[0]
    assert lines[1].split() == ["kidney", "31.2", "456.8", "5.582"]
    assert lines[2].split()[0] == "x" * 28
    ends = [line.index("5.582") + len("5.582") for line in lines[1:]]
    assert ends == [lines[0].index("mean dose [Gy]") + len("mean dose [Gy]")] * 2


def test_uncertainty_and_standard_error_stand_beside_the_dose():
    noisy = organ("kidney", standard_uncertainty_Gy=0.5123, standard_error_Gy=0.0123)
    head, first, second = organ_lines([noisy, organ("liver")], "monte-carlo").splitlines()
    assert head.index("mean dose [Gy]") < head.index("uncertainty [Gy]")
    assert head.index("uncertainty [Gy]") < head.index("standard error [Gy]")
    assert sorted(first.split()[3:]) == ["0.012", "0.512", "5.582"]
    assert second.split() == ["liver", "31.2", "456.8", "5.582"]


def test_no_volume_of_interest():
    assert organ_lines([], "local") == f"{'volume of interest':<28}   (local)"
