import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.commands.main import main

RunCourse = Callable[..., tuple[int, str]]


_calculated: list[Path] = []
"""The patient of the first test, which the others copy."""


@pytest.fixture
def patient(case_folder, tmp_path, tmp_path_factory) -> Path:
    """Two calculated cycles, the second with half the activity of the first."""
    if not _calculated:
        first = tmp_path_factory.mktemp("course") / "patient"
        case_folder.data["administered_activity_MBq"] = 7400
        for number, factor in ((1, 1.0), (2, 0.5)):
            for n in (1, 2, 3):
                name = f"spect_{n}.nrrd"
                case_folder.put(name, case_folder.values(name) * factor)
            case_folder.change("cycle", to=number)
            result = run_case(Case.read(case_folder.file))
            result.write(first / f"cycle {number}" / "result")
        _calculated.append(first)
    return Path(shutil.copytree(_calculated[0], tmp_path / "patient"))


def edit(patient: Path, cycle: int, change: Callable[[dict[str, Any]], Any]) -> None:
    file = patient / f"cycle {cycle}" / "result" / "result.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    change(data)
    file.write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture
def calculate(patient, tmp_path, capfd) -> RunCourse:
    def run(*more: str) -> tuple[int, str]:
        capfd.readouterr()
        code = main(["course", str(patient), "-o", str(tmp_path / "course"), *more])
        said = capfd.readouterr().err
        assert "Traceback" not in said
        if code == INVALID:
            assert said.count("\n") == 1
            assert not (tmp_path / "course").exists()
        return code, said

    return run


@pytest.mark.slow
def test_two_cycles(patient, calculate, tmp_path):
    assert calculate() == (DONE, "")
    single = json.loads((patient / "cycle 1/result/result.json").read_text(encoding="utf-8"))
    first = {organ["name"]: organ for organ in single["organs"]}
    found = json.loads((tmp_path / "course/course.json").read_text(encoding="utf-8"))
    assert found["schema"] == "ludosimetry-course/1"
    assert [c["cycle"] for c in found["cycles"]] == [1, 2]
    for organ in found["organs"]:
        dose = first[organ["name"]]["mean_dose_Gy"]
        assert organ["cumulated_dose_Gy"] == pytest.approx([dose, 1.5 * dose], rel=1e-4)
        assert organ["dose_per_activity_Gy_GBq"] == pytest.approx(1.5 * dose / 14.8, rel=1e-4)
        one = first[organ["name"]]["standard_uncertainty_Gy"]
        uncertainty = organ["cumulated_standard_uncertainty_Gy"]
        assert uncertainty[0] == pytest.approx(one)
        assert 1.25**0.5 * one < uncertainty[1] < 1.5 * one
    kidney = found["organs"][0]
    assert kidney["cumulated_BED_Gy"][1] < 1.5 * kidney["cumulated_BED_Gy"][0]
    assert found["limits"]["kidney"] == {"dose_Gy": 23.0, "BED_Gy": None}
    rows = list(csv.DictReader((tmp_path / "course/course.csv").open(encoding="utf-8")))
    assert [(r["organ"], r["cycle"]) for r in rows[:3]] == [
        ("kidney", "1"),
        ("kidney", "2"),
        ("tumour", "1"),
    ]
    assert float(rows[1]["cumulated_dose_Gy"]) == pytest.approx(
        kidney["cumulated_dose_Gy"][1], rel=1e-5
    )


@pytest.mark.slow
def test_an_organ_that_one_cycle_lacks_is_said(patient, calculate):
    edit(patient, 2, lambda data: data["organs"].pop(1))
    code, said = calculate()
    assert code == DONE
    assert "'tumour' is missing in cycle 2; its cumulated dose is that of the others" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d.update(dose_method="multi-vsv"), "the dose method is not the same in all"),
        (lambda d: d["case"].update(nuclide="Lu-177m"), "the nuclide is not the same in all"),
        (lambda d: d["case"].update(cycle=4), "there is no result of cycle 2, 3;"),
        (
            lambda d: d["case"].update(administered_activity_MBq=None),
            "the administered activity of cycle 2 is unknown",
        ),
        (
            lambda d: d["organs"][0].update(recovery_coefficient=0.8),
            "the recovery correction is not the same in all cycles (cycle 1 without, cycle 2 with)",
        ),
    ],
)
def test_cycles_that_differ_are_told(patient, calculate, change, expected):
    edit(patient, 2, change)
    code, said = calculate()
    assert code == DONE
    assert said.count("\n") == 1
    assert expected in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d["case"].update(cycle=1), "are both of cycle 1; number the cycles"),
        (lambda d: d["case"].update(patient_id="other"), "a course is of one patient"),
        (lambda d: d.pop("organs"), "organs is missing, so that this is no complete result"),
        (lambda d: d["organs"][0].update(mean_dose_Gy=None), "organs[0].mean_dose_Gy is None; it"),
        (lambda d: d["organs"][0].update(BED_Gy=-1.0), "organs[0].BED_Gy is -1; it must be at"),
        (lambda d: d.update(schema="ludosimetry-result/2"), "of a newer version of LuDosimetry"),
        (lambda d: d["organs"].append(d["organs"][0]), "organs has 'kidney' twice"),
    ],
)
def test_results_that_make_no_course(patient, calculate, change, expected):
    edit(patient, 2, change)
    code, said = calculate()
    assert code == INVALID
    assert expected in said


def test_folders_without_results(patient, calculate):
    shutil.rmtree(patient)
    code, said = calculate()
    assert code == INVALID
    assert f"there is no folder {patient}" in said
    (patient / "sub").mkdir(parents=True)
    (patient / "sub" / "result.json").write_text(
        '{"schema": "of something else"}', encoding="utf-8"
    )
    code, said = calculate()
    assert code == INVALID
    assert "holds no finished result" in said
    (patient / "sub" / "result.json").write_text("{", encoding="utf-8")
    assert "is damaged: it is not valid JSON" in calculate()[1]


def test_a_cycle_number_that_is_a_date(patient, calculate):
    edit(patient, 2, lambda d: d["case"].update(cycle=20260101))
    code, said = calculate()
    assert code == INVALID
    assert "case.cycle is 20260101; a cycle is a number from 1 to 100, not a date" in said


def test_what_each_cycle_rests_on_is_carried_and_mixtures_are_marked(patient, calculate, tmp_path):
    edit(
        patient, 1, lambda d: d["case"]["options"].update(integration="trapezoid", tail="physical")
    )

    def change(data):
        data["case"]["options"].update(integration="hybrid", tail="effective")
        data["warnings"] = ["of the tumour"]
        data["warnings_of_vois"] = {"tumour": [0]}

    edit(patient, 2, change)
    code, said = calculate()
    assert code == DONE
    assert "the integration over time is not the same in all cycles (cycle 1 trapezoid, " in said
    assert "the tail after the last scan is not the same in all cycles" in said
    found = json.loads((tmp_path / "course/course.json").read_text(encoding="utf-8"))
    second = found["cycles"][1]
    assert (second["integration"], second["tail"]) == ("hybrid", "effective")
    assert (second["recovery_corrected"], second["warnings"]) == (False, ["of the tumour"])
    assert second["warnings_of_vois"] == {"tumour": [0]}
    assert found["warnings_of_vois"] == {name: [0, 1] for name in ("kidney", "tumour", "lung")}
    with (tmp_path / "course/course.csv").open(encoding="utf-8") as file:
        row = list(csv.DictReader(file))[1]
    assert (row["integration"], row["tail"], row["recovery"]) == ("hybrid", "effective", "without")
    assert row["warnings"] == "1"
    page = (tmp_path / "course/course.html").read_text(encoding="utf-8")
    assert 'href="#warning-1"' in page
    assert 'href="#cycle-2-warning-1"' in page
    assert '<li id="cycle-2-warning-1">Of the tumour</li>' in page
    assert "⚠ Integration" in page
    assert "⚠ Dose method" not in page


def test_cycles_of_two_nuclides_are_marked_and_their_activities_not_added(
    patient, calculate, tmp_path
):
    def change(data):
        data["case"].update(nuclide="Y-90", administered_activity_MBq=2500.0)

    edit(patient, 2, change)
    code, said = calculate()
    assert code == DONE
    assert "no dose per activity of the course is given" in said
    found = json.loads((tmp_path / "course/course.json").read_text(encoding="utf-8"))
    doses = [c["organs"]["kidney"]["mean_dose_Gy"] for c in found["cycles"]]
    kidney = found["organs"][0]
    assert kidney["cumulated_dose_Gy"][-1] == pytest.approx(sum(doses))
    assert len({c["nuclide"] for c in found["cycles"] if c["cycle"] in kidney["cycles"]}) == 2
    assert kidney["dose_per_activity_Gy_GBq"] is None
    assert set(found["warnings_of_vois"]) == {"kidney", "tumour", "lung"}
    page = (tmp_path / "course/course.html").read_text(encoding="utf-8")
    assert "⚠ Nuclide" in page
    assert "Y-90 2\u202f500 MBq" in page


def test_a_tail_is_named_where_the_integration_has_one(patient, calculate, tmp_path):
    for number, tail in ((1, "physical"), (2, "effective")):
        edit(
            patient,
            number,
            lambda d, tail=tail: d["case"]["options"].update(integration="bayesian", tail=tail),
        )
    assert calculate() == (DONE, "")
    found = json.loads((tmp_path / "course/course.json").read_text(encoding="utf-8"))
    assert [c["tail"] for c in found["cycles"][:2]] == ["none", "none"]


def test_what_crosses_a_line_is_marked_and_not_judged(patient, calculate, tmp_path):
    single = json.loads((patient / "cycle 1/result/result.json").read_text(encoding="utf-8"))
    kidney = single["organs"][0]
    lines = {
        "dose_Gy": round(1.2 * kidney["mean_dose_Gy"], 3),
        "BED_Gy": round(9.0 * kidney["BED_Gy"], 3),
    }
    (patient / "limits.json").write_text(json.dumps({"kidney": lines}), encoding="utf-8")
    assert calculate()[0] == DONE
    found = json.loads((tmp_path / "course/course.json").read_text(encoding="utf-8"))
    crossed = f"above the line of {lines['dose_Gy']:g} Gy"
    assert [organ["above"] for organ in found["organs"]] == [[crossed], [], []]
    with (tmp_path / "course/course.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["above"] for row in rows[:3]] == ["", crossed, ""]
    page = (tmp_path / "course/course.html").read_text(encoding="utf-8")
    assert f"<strong>▲ {lines['dose_Gy']:g} Gy</strong><br>BED {lines['BED_Gy']:g} Gy" in page


def test_limits_of_the_patient_and_of_the_command(patient, calculate, tmp_path):
    (patient / "limits.json").write_text('{"tumour": {"dose_Gy": 90}}', encoding="utf-8")
    assert calculate()[0] == DONE
    file = tmp_path / "course" / "course.json"
    assert json.loads(file.read_text(encoding="utf-8"))["limits"] == {
        "tumour": {"dose_Gy": 90, "BED_Gy": None}
    }
    (tmp_path / "own.json").write_text("{}", encoding="utf-8")
    assert calculate("--limits", str(tmp_path / "own.json"))[0] == DONE
    assert json.loads(file.read_text(encoding="utf-8"))["limits"] == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"kidney": 23}', "the limit of 'kidney' is 23; expected, for example"),
        ('{"kidney": {"dose": 23}}', "the key 'dose' is unknown; did you mean 'dose_Gy'"),
        ('{"kidney": {"dose_Gy": "23"}}', "dose_Gy is '23'; it must be a number above 0"),
        ("[23]", "are [23]; expected"),
        ('{"kidney": {"dose_Gy": -1}}', "dose_Gy is -1"),
        ('{"kidney": {"dose_Gy": 1}, "kidney": {"dose_Gy": 2}}', "the key 'kidney' occurs twice"),
        ("{", "cannot be read"),
    ],
)
def test_limits_that_cannot_be(patient, calculate, content, expected):
    (patient / "limits.json").write_text(content, encoding="utf-8")
    code, said = calculate()
    assert code == INVALID
    assert expected in said


def test_limits_that_are_not_there(calculate, tmp_path):
    code, said = calculate("--limits", str(tmp_path / "none.json"))
    assert code == INVALID
    assert "none.json cannot be read" in said


def test_an_output_that_cannot_be(patient, capfd):
    (patient / "course").write_text("", encoding="utf-8")
    assert main(["course", str(patient), "-o", str(patient / "course")]) == INVALID
    assert "is a file; give a folder" in capfd.readouterr().err
