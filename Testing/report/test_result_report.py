import math
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib.organs.organ_dose import cumulative_dvh
from LuDosimetryLib.report.page import number, percent, table, text
from LuDosimetryLib.report.result_report import write_report

from .conftest import HOSTILE_NAME, small_result


def written(result, folder):
    write_report(result, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_report_is_one_balanced_file_that_needs_nothing_else(tmp_path, parse):
    pytest.importorskip("matplotlib")
    source = written(small_result(), tmp_path)
    page = parse(source)
    assert page.wrong == []
    assert page.addresses
    assert all(a.startswith(("data:image/png;base64,", "#warning-")) for a in page.addresses)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert "@import" not in source
    assert "url(" not in source
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.slow
def test_what_the_user_wrote_is_shown_as_written(tmp_path, parse):
    source = written(small_result(), tmp_path)
    page = parse(source)
    assert HOSTILE_NAME in page.text
    assert "<b>P-1</b>, cycle 2" in page.text
    assert "The CT covers <little>." in page.text
    assert "<script" not in source
    assert "<b>" not in source


def test_report_states_its_numbers(tmp_path, parse):
    result = small_result()
    page = parse(written(result, tmp_path))
    kidney = result.organs[0]
    for value in (
        kidney.volume_mL,
        kidney.mass_g,
        kidney.tia_MBq_h,
        kidney.mean_dose_Gy,
        kidney.D2_Gy,
    ):
        assert str(number(value)) in page.text
    assert str(number(kidney.mean_dose_Gy / 7.4)) in page.text
    difference = 100 * (kidney.dose_by_method_Gy["local"] / kidney.mean_dose_Gy - 1)
    assert str(percent(difference)) in page.text
    assert difference == pytest.approx(5.0, abs=0.1)
    for words in (
        "Lu-177",
        "7\u202f400 MBq",
        "Multiple voxel S values (multi-vsv)",
        "4, 24 h",
        "abc123",
    ):
        assert words in page.text
    assert "For research use only; not a medical device." in page.text


@pytest.mark.slow
def test_the_answer_comes_first_with_its_uncertainty_and_marks(tmp_path, parse):
    result = small_result()
    result.organs = [
        replace(organ, mean_dose_Gy=3.9012, standard_uncertainty_Gy=0.4123)
        for organ in result.organs
    ]
    result.warnings = ["of all", "of the tumour", "of both"]
    result.warnings_of_vois = {HOSTILE_NAME: [1, 2], "kidney": [2]}
    source = written(result, tmp_path)
    tables = re.findall(r"<table.*?</table>", source, re.DOTALL)
    kidney, tumour = re.findall(r"<tr>(<td.*?)</tr>", tables[0], re.DOTALL)
    for row, marked in ((kidney, ["3"]), (tumour, ["2", "3"])):
        assert "3.90 ± 0.41" in row
        assert re.findall(r'href="#warning-(\d)"', row) == marked
    columns = re.findall(r"<th scope[^>]*>(.*?)(?:<small>|</th>)", tables[0])
    assert columns == ["VOI", "Mean dose", "Per activity", "Volume", "Mass", "See warning"]
    assert "TIA" in tables[1]
    assert re.findall(r'<li id="warning-(\d)">(.*?)</li>', source) == [
        *(("1", "Of all"), ("2", "Of the tumour"), ("3", "Of both")),
    ]
    assert parse(source).text.count("Warnings of the whole result: ⚠ 1 ") == 1


def test_without_activity_there_is_no_dose_per_activity(tmp_path, parse):
    result = small_result()
    result.case["administered_activity_MBq"] = None
    result.organs = [replace(organ, dose_per_activity_Gy_GBq=None) for organ in result.organs]
    page = parse(written(result, tmp_path))
    assert "Gy/GBq" not in page.text
    assert "not given" in page.text


@pytest.mark.slow
def test_a_single_method_is_not_compared(tmp_path, parse):
    page = parse(written(small_result(("local",)), tmp_path))
    assert "Difference from the chosen method" not in page.text
    assert "Agreement of methods" not in page.text


def test_without_matplotlib_the_report_is_written_and_says_the_remedy(tmp_path, parse, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = parse(written(small_result(), tmp_path))
    assert page.wrong == []
    assert "img" not in page.tags
    assert "pip install matplotlib" in page.text
    assert "kidney" in page.text


def test_no_organs_and_no_dose_still_make_a_report(tmp_path, parse):
    result = small_result()
    nothing = np.zeros_like(result.dose)
    empty = small_result(
        case={},
        vois={},
        organs=[],
        doses={"multi-vsv": nothing, "local": nothing},
        dvh=cumulative_dvh(nothing, {}, result.reported),
        timing_s={},
        provenance={},
        warnings=[],
    )
    page = parse(written(empty, tmp_path))
    assert page.wrong == []
    assert "The case has no volumes of interest." in page.text
    assert "arning" not in page.text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.04567, "0.0457"),
        (1.005, "1.00"),
        (12.34, "12.3"),
        (1823.4, "1\u202f823"),
        (-0.5, "−0.500"),
        (4.2e-5, "4.20·10<sup>−5</sup>"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_numbers_have_sensible_digits(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.25, "+1.2"), (-0.04, "0.0"), (0.04, "0.0"), (-3.0, "−3.0"), (math.inf, "–")],
)
def test_differences_have_a_sign_unless_they_round_to_nothing(value, shown):
    assert percent(value) == shown


def test_cells_of_text_are_escaped():
    assert "&lt;i&gt;&quot;" in table([text("<i>")], [[text('<i>"')]])
