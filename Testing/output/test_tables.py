"""Tables of organ doses as text."""

from types import SimpleNamespace

from LuDosimetryLib.organs.quantities import OrganDose
from LuDosimetryLib.output.tables import csv_text, organ_lines
from LuDosimetryLib.result.asked import AskedCase


def organ(name: str, **values: float) -> OrganDose:
    return OrganDose(name, 30.0, 31.24, 456.78, 5.5821, *[1.0] * 6, **values)


def test_numbers_have_six_digits_and_nothing_is_an_empty_cell():
    rows = [["a", 1.0, 1 / 3, 123456789.0, 5, None, "b,c"]]
    assert csv_text(rows) == 'a,1,0.333333,1.23457e+08,5,,"b,c"\n'


def shown(*organs: OrganDose, method: str = "local", **warned: list[int]) -> list[str]:
    result = SimpleNamespace(
        organs=list(organs), dose_method=method, warnings_of_vois=warned, asked=AskedCase()
    )
    return organ_lines(result).splitlines()


def test_the_console_shows_what_is_known():
    lines = shown(organ("kidney"), organ("x" * 40))
    assert lines[0].split("  ")[0] == "volume of interest"
    assert lines[0].endswith("   (local)")
    for heading in ("mean dose [Gy]", "volume [mL]", "mass [g]"):
        assert heading in lines[0]
    assert "per activity" not in lines[0]
    assert lines[1].split() == ["kidney", "5.58", "30.0", "31.2"]
    assert lines[2].split()[0] == "x" * 28
    ends = [line.index("5.58") + len("5.58") for line in lines[1:]]
    assert ends == [lines[0].index("mean dose [Gy]") + len("mean dose [Gy]")] * 2


def test_the_uncertainty_stands_with_the_dose_and_a_statistical_error_does_not():
    noisy = organ("kidney", standard_uncertainty_Gy=0.5123, standard_error_Gy=0.0123)
    head, first, second = shown(noisy, organ("liver"), method="monte-carlo")
    assert "error" not in head
    assert "statistical" not in head
    assert first.split() == ["kidney", "5.58", "±", "0.51", "30.0", "31.2"]
    assert second.split() == ["liver", "5.58", "30.0", "31.2"]


def test_the_console_marks_what_warnings_concern():
    _, kidney, liver = shown(organ("kidney"), organ("liver"), kidney=[0, 2])
    assert kidney.endswith("   see warning 1, 3")
    assert "warning" not in liver


def test_no_volume_of_interest():
    assert shown() == [f"{'volume of interest':<28}   (local)"]
