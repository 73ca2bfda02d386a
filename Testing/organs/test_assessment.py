import csv
import json

import pytest

from LuDosimetryLib import Cancelled, Case, run_case
from LuDosimetryLib.organs.uncertainty.budget import PARTS

NEW = ("standard_uncertainty_Gy", "volume_uncertainty_percent", "effective_half_life_h")


@pytest.mark.slow
def test_in_the_result_folder(case_folder, tmp_path):
    case_folder.data["administered_activity_MBq"] = 7400
    case_folder.change("options", "spect_resolution_mm", to=10)
    run_case(Case.read(case_folder.file)).write(tmp_path / "result")
    organs = json.loads((tmp_path / "result/result.json").read_text(encoding="utf-8"))["organs"]
    rows = list(csv.DictReader((tmp_path / "result/organs.csv").open(encoding="utf-8")))
    for organ, row in zip(organs, rows, strict=True):
        for key in (*NEW, "recovery_coefficient", "mean_dose_without_recovery_Gy"):
            assert float(row[key]) == pytest.approx(organ[key], rel=1e-5)
        for part in PARTS:
            percent = float(row[f"uncertainty_percent {part}"])
            assert percent == pytest.approx(organ["uncertainty_parts_percent"][part], abs=1e-4)
        assert float(row["dose_per_activity_Gy_GBq"]) == pytest.approx(
            organ["mean_dose_Gy"] / 7.4, rel=1e-5
        )
    assert rows[1]["BED_Gy"] == ""
    assert float(rows[0]["BED_Gy"]) > float(rows[0]["mean_dose_Gy"])


def test_a_single_scan_has_no_half_life_and_a_larger_uncertainty(case_folder):
    case_folder.change("options", "integration", to="trapezoid")
    case_folder.change("options", "tail", to="effective")
    several = run_case(Case.read(case_folder.file)).organs[0]
    case_folder.change("time_points", to=case_folder.data["time_points"][1:2])
    single = run_case(Case.read(case_folder.file)).organs[0]
    assert single.effective_half_life_h is None
    assert single.BED_Gy is None
    key = "time_activity"
    assert single.uncertainty_parts_percent[key] > 2 * several.uncertainty_parts_percent[key]


def test_a_single_scan_with_usual_kinetics_has_all_and_is_as_unsure(case_folder):
    case_folder.change("options", "integration", to="bayesian")
    several = run_case(Case.read(case_folder.file)).organs[0]
    case_folder.change("time_points", to=case_folder.data["time_points"][1:2])
    single = run_case(Case.read(case_folder.file)).organs[0]
    assert single.effective_half_life_h == pytest.approx(60.0, rel=0.01)
    assert single.BED_Gy > single.mean_dose_Gy
    key = "time_activity"
    assert single.uncertainty_parts_percent[key] > 3 * several.uncertainty_parts_percent[key]


@pytest.mark.parametrize("integration", ["mono-exponential", "hybrid", "bayesian", "haenscheid"])
def test_every_integration_has_a_budget(case_folder, integration):
    case_folder.change("options", "integration", to=integration)
    for organ in run_case(Case.read(case_folder.file)).organs[:2]:
        assert 3.0 < organ.uncertainty_parts_percent["time_activity"] < 20.0


def test_a_case_can_be_cancelled_between_its_organs(case_folder):
    case_folder.change("options", "spect_resolution_mm", to=10)

    def until(fraction: float, message: str) -> None:
        if message == "uncertainty of the dose: tumour":
            raise Cancelled

    with pytest.raises(Cancelled):
        run_case(Case.read(case_folder.file), until)


@pytest.mark.slow
def test_monte_carlo_with_recovery(case_folder):
    """The dose without correction follows another method's ratio; the noise is in the budget."""
    pytest.importorskip("ompmc")
    case_folder.change("options", "spect_resolution_mm", to=12)
    case_folder.change("options", "histories", to=200_000)
    by_kernels = run_case(Case.read(case_folder.file).with_options(dose_method="multi-vsv"))
    by_transport = run_case(Case.read(case_folder.file).with_options(dose_method="monte-carlo"))
    for kernels, transport in zip(by_kernels.organs[:2], by_transport.organs[:2], strict=True):
        expected = kernels.mean_dose_without_recovery_Gy / kernels.mean_dose_Gy
        found = transport.mean_dose_without_recovery_Gy / transport.mean_dose_Gy
        assert found == pytest.approx(expected, rel=0.01)
        noise = 100.0 * transport.standard_error_Gy / transport.mean_dose_Gy
        assert transport.uncertainty_parts_percent["monte_carlo"] == pytest.approx(noise)
        assert noise > 0.0
