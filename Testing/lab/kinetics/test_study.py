"""The study of kinetics, and the page it has made."""

import re
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.multi_vsv import multi_vsv_dose
from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.lab.kinetics import study
from LuDosimetryLib.lab.kinetics.record import Summary
from LuDosimetryLib.lab.kinetics.scanned_phantom import scanned_phantom
from LuDosimetryLib.lab.kinetics.tables import as_markdown
from LuDosimetryLib.lab.kinetics.volumes import POPULATION, Kinetics, scanned_volumes
from LuDosimetryLib.lab.kinetics.ways import SCHEDULES, possible
from LuDosimetryLib.organs.organ_dose import mean_dose

PAGE = Path(__file__).parents[3] / "Resources" / "Validation" / "kinetics.md"
FOUR = (4.0, 24.0, 48.0, 120.0)


def rows_of(part: str) -> dict[tuple[str, str], list[str]]:
    """Rows of a part of the page by scans and integration: the cells that follow."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {part}\n")[1].split("\n## ")[0]
    lines = [line.split("|")[1:-1] for line in text.splitlines() if re.match(r"\| \d", line)]
    return {(line[0].strip(), line[1].strip()): [c.strip() for c in line[2:]] for line in lines}


def number(cell: str) -> float:
    return float(cell.replace("−", "-").split()[0])


def test_kinetics_integrate_to_what_they_say():
    kinetics = Kinetics(((1.0, 60.0), (-1.0, 2.0)))
    hours = np.linspace(0.0, 2000.0, 400_001)
    assert np.trapezoid(kinetics.at(hours), hours) == pytest.approx(kinetics.tia, rel=1e-5)


@pytest.mark.parametrize("tissue", POPULATION)
def test_simulated_volumes_have_activity_and_the_stated_errors(tissue):
    true, exact = scanned_volumes(tissue, FOUR, 0.0, 500, 1)
    same, scans = scanned_volumes(tissue, FOUR, 0.05, 500, 1)
    assert (exact > 0.0).all()
    np.testing.assert_array_equal(true, same)
    assert np.log(scans / exact).std() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("hours", [FOUR, (24.0, 120.0), (96.0,)])
def test_every_integration_of_simulated_volumes(monkeypatch, hours):
    monkeypatch.setattr(study, "VOLUMES", 8)
    records = list(study.of_volumes("liver, spleen", hours, 1))
    assert len(records) == 8 * len(possible(hours))
    assert {r.integration for r in records} == set(possible(hours))
    chosen = [r for r in records if r.integration == "bayesian"]
    assert Summary.of(chosen).sd_percent < 25.0


@pytest.mark.slow
def test_the_tables_of_other_draws_are_those_of_the_page(monkeypatch):
    monkeypatch.setattr(study, "VOLUMES", 100)
    page = rows_of("Simulated volumes")
    for hours in (FOUR, (24.0, 120.0)):
        records = [r for n, t in enumerate(POPULATION) for r in study.of_volumes(t, hours, 900 + n)]
        for way in ("bayesian", "trapezoid, physical tail"):
            found = Summary.of([r for r in records if r.integration == way])
            bias, sd, _, within, stated, _ = page[study.scans_named(hours), way]
            assert found.bias_percent == pytest.approx(number(bias), abs=2.0)
            assert found.sd_percent == pytest.approx(number(sd), rel=0.25)
            assert 100.0 * found.within_two == pytest.approx(number(within), abs=5.0)
            assert found.stated_percent == pytest.approx(number(stated), rel=0.15)


@pytest.mark.parametrize("part", ["Virtual patients", "Simulated volumes"])
def test_the_page_has_every_integration_of_all_scans(part):
    rows = rows_of(part)
    extra = {study.WITHOUT_VOIS} if part == "Virtual patients" else set()
    for hours in SCHEDULES:
        scans = study.scans_named(hours)
        assert {way for at, way in rows if at == scans} == set(possible(hours)) | extra


def test_what_the_page_shows():
    """The default of choice: right on average, nowhere far off, and no surer than that."""
    rows = rows_of("Virtual patients")
    for scans in ("4, 24, 48, 120", "4, 24, 72, 168"):
        bias, _, worst, within, _, _, _, stated, _ = rows[scans, "bayesian"]
        assert abs(number(bias)) < 3.0
        assert abs(number(worst)) < 8.0
        assert number(within) >= 90.0
        assert number(stated) < 8.0
        assert number(rows[scans, "trapezoid, physical tail"][0]) > 10.0
    for part in ("Virtual patients", "Simulated volumes"):
        for (scans, way), cells in rows_of(part).items():
            if way == "bayesian" and scans not in {"96", "72"}:
                assert number(cells[3]) >= 90.0, (part, scans)


def test_the_page_is_written_of_records():
    records = list(study.of_volumes("tumour", (96.0,), 1))
    text = as_markdown(records, records)
    assert [line.count("|") for line in text.splitlines() if line.startswith("| 96 | b")] == [12, 9]


@pytest.mark.slow
def test_a_scanned_phantom():
    """Weights give the doses of the method itself; the default integration is near the truth."""
    phantom = scanned_phantom("3", [72.0], Log())
    assert sorted(phantom.activity_Bq_mL) == [4.0, 24.0, 48.0, 72.0, 120.0]
    anatomy = phantom.anatomy
    problem = DoseProblem(
        phantom.grid,
        phantom.true_tia,
        anatomy.density_g_cm3,
        anatomy.reported,
        phantom.nuclide,
    )
    dose = multi_vsv_dose(problem, Log()).dose
    for name, by_weights in phantom.doses_Gy(phantom.true_tia).items():
        voi = phantom.vois[name] & anatomy.reported
        assert by_weights == pytest.approx(mean_dose(dose, anatomy.density_g_cm3, voi), rel=1e-3)
    found = [r for r in study.of_phantom(phantom, FOUR) if r.integration == "bayesian"]
    assert len(found) == sum(phantom.volume_mL(name) >= 10.0 for name in phantom.vois) > 7
    for record in found:
        assert abs(record.error_percent) < 8.0
        assert abs(record.error_percent) < 2.0 * record.stated_percent
