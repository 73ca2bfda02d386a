from pathlib import Path
from typing import Any

import pytest

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.report.result_report import write_report


@pytest.fixture
def page(case_folder, tmp_path, parse) -> Any:
    def run(**options: Any) -> Any:
        case = Case.read(case_folder.file).with_options(**options)
        write_report(run_case(case), tmp_path / "report.html")
        return parse((tmp_path / "report.html").read_text(encoding="utf-8"))

    return run


def test_the_budget_of_every_organ(page):
    shown = page()
    assert not shown.wrong
    assert "Uncertainty of the mean dose" in shown.text
    for part in ("Calibration", "Delineation", "Curve", "Engine"):
        assert part in shown.text
    assert "No recovery correction was asked for" in shown.text
    assert "Effective half-life" in shown.text
    assert "kidney: α/β 2.6 Gy, repair half-time 2.8 h" in shown.text


def test_with_a_recovery_correction(page):
    shown = page(spect_resolution_mm=10.0)
    assert not shown.wrong
    assert "No recovery correction was asked for" not in shown.text
    assert "beside it the mean dose without the correction" in shown.text
    assert "Without correction" in shown.text


def test_the_bars(case_folder, tmp_path):
    pytest.importorskip("matplotlib")
    from LuDosimetryLib.report.uncertainty_figure import uncertainty_figure

    organs = run_case(Case.read(case_folder.file)).organs
    one, three = uncertainty_figure(organs[:1]), uncertainty_figure(organs)
    assert one.startswith(b"\x89PNG")
    assert _height(three) > _height(one)


def _height(png: bytes) -> int:
    return int.from_bytes(png[20:24], "big")


@pytest.mark.slow
def test_a_course(case_folder, tmp_path, parse, monkeypatch):
    from LuDosimetryLib.course.folder import read_course, write_course

    for cycle in (1, 3):
        case_folder.change("cycle", to=cycle)
        case_folder.change("patient_id", to="<b>P</b>")
        run_case(Case.read(case_folder.file)).write(tmp_path / "patient" / str(cycle))
    report: Path = write_course(read_course(tmp_path / "patient"), tmp_path / "course")
    shown = parse(report.read_text(encoding="utf-8"))
    assert not shown.wrong
    assert "<b>P</b>" in shown.text
    assert "there is no result of cycle 2" in shown.text.lower()
    assert "23 Gy" in shown.text
    assert any(address.startswith("data:image/png") for address in shown.addresses)
    monkeypatch.setattr("LuDosimetryLib.course.report.has_matplotlib", lambda: False)
    report = write_course(read_course(tmp_path / "patient"), tmp_path / "course")
    assert "matplotlib is not installed" in report.read_text(encoding="utf-8")
