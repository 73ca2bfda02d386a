import re

import numpy as np
import pytest

from LuDosimetryLib.organs.organ_dose import cumulative_dvh, organ_doses
from LuDosimetryLib.output.tables import organ_lines
from LuDosimetryLib.registration.alignment import Alignment
from LuDosimetryLib.report.page import text
from LuDosimetryLib.report.palette import organ_style
from LuDosimetryLib.report.registration import registration_section
from LuDosimetryLib.report.result_report import write_report
from LuDosimetryLib.report.voi_table import voi_table
from LuDosimetryLib.voi.groups import arranged
from LuDosimetryLib.voi.totalsegmentator import CLASS_LISTS

from .conftest import small_result

NAMES = [*CLASS_LISTS["totalsegmentator-v2"].names.values(), *(f"tumour {n}" for n in range(60))]


def with_many(methods=("multi-vsv",), **changes):
    """The small result with a VOI of a few voxels for every class of TotalSegmentator and 60 tumours."""
    result = small_result(methods)
    places = np.argwhere(result.reported)
    vois = {}
    for n, name in enumerate(NAMES):
        vois[name] = np.zeros(result.reported.shape, bool)
        for at in places[5 * n : 5 * n + 2 + n % 3]:
            vois[name][tuple(at)] = True
    organs = organ_doses(
        vois, result.doses, methods[0], result.tia, result.density, result.reported, result.grid
    )
    dvh = cumulative_dvh(result.dose, vois, result.reported)
    return small_result(methods, vois=vois, organs=organs, dvh=dvh, **changes)


def unfolded(source):
    """Names in the tables that are not folded, by the heading of their section."""
    without = re.sub(r"<details>.*?</details>", "", source, flags=re.DOTALL)
    found = {}
    for section in re.findall(r"<section><h2>(.*?)</section>", without, re.DOTALL):
        title, _, rest = section.partition("</h2>")
        rows = re.findall(r"<tr><td>(.*?)</td>", rest, re.DOTALL)
        found[title] = [re.sub(r"<[^>]+>", "", row) for row in rows]
    return found


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    write_report(with_many(("multi-vsv", "local")), folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_tables_open_with_what_counts_and_fold_the_rest(source, parse):
    page = parse(source)
    assert page.wrong == []
    assert "script" not in page.tags
    opened = unfolded(source)
    for title in ("Organ doses", "Dose of the voxels", "Mean dose by method"):
        names = opened[title]
        assert names[:5] == ["kidney_right", "kidney_left", "liver", "spleen", "urinary_bladder"]
        assert len(names) == 15
        assert all(name.startswith("tumour") for name in names[5:])


def test_nothing_is_dropped(source):
    plain = re.sub(r"<[^>]+>", " ", source.replace("<wbr>", ""))
    for name in NAMES:
        assert len(re.findall(rf" {name} ", plain)) >= 3, name


@pytest.mark.slow
def test_the_option_chooses_what_is_shown(tmp_path):
    result = with_many()
    result.case["options"] = {"report_vois": ["brain", "tumour 7"]}
    write_report(result, tmp_path / "report.html")
    opened = unfolded((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert opened["Organ doses"] == ["tumour 7", "brain"]


@pytest.mark.slow
def test_warnings_of_what_is_folded_are_seen(tmp_path):
    result = with_many(
        warnings=["the ribs are odd."],
        warnings_of_vois={"rib_left_1": [0], "rib_left_2": [0], "liver": [0]},
    )
    write_report(result, tmp_path / "report.html")
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Bones and muscles <small>(73; ⚠ 2 with warnings)</small>" in source


def test_the_console_leaves_out_what_is_folded():
    result = with_many(
        warnings=["the ribs are odd."], warnings_of_vois={"rib_left_1": [0], "liver": [0]}
    )
    heading, *lines, rest = organ_lines(result).splitlines()
    assert heading.startswith("volume of interest")
    assert [line.split("  ")[0] for line in lines[:3]] == ["kidney_right", "kidney_left", "liver"]
    assert lines[2].endswith("see warning 1")
    assert len(lines) == 15
    assert rest == "and 162 more, 1 of them with warnings: see the report, or organs.csv"


def test_a_few_have_no_groups_and_nothing_folded(tmp_path):
    write_report(small_result(), tmp_path / "report.html")
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<details>" not in source
    assert 'class="group"' not in source


def test_volumes_with_several_rows_keep_them():
    rows = [("liver", [text(n)]) for n in (1, 2)]
    found = voi_table([text("VOI"), text("Cycle")], rows, arranged(["liver"]))
    assert found.count("<tr><td>") == 2


def test_what_shares_a_figure_differs_in_colour():
    arrangement = arranged(NAMES, ["tumour", "rib"])
    for _, names in arrangement.together:
        colours = {organ_style(arrangement.places[name])[0] for name in names}
        assert len(colours) == len(names)
    styles = {organ_style(arrangement.places[name]) for name in arrangement.shown[:40]}
    assert len(styles) == 40


def test_registration_has_a_row_for_each_volume(parse):
    moved = dict.fromkeys(NAMES, 1.25) | {"liver": 12.5}
    alignments = [
        Alignment(0, 4.0, "reference", "CT"),
        Alignment(1, 24.0, "rigid", "CT", displacement_mm=moved),
    ]
    page = parse(registration_section(with_many(alignments=alignments), pictures=False))
    assert page.wrong == []
    assert page.tags.count("table") == 2 + 4  # scans, unfolded volumes, four folded groups
    assert "liver 12.5" in page.text
    assert page.text.count(" 1.2 ") + page.text.count(" 1.3 ") == len(NAMES) - 1
