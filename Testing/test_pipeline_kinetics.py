"""Activity over time from the case file to the result folder, by every integration."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.activity.integration import MODELS
from LuDosimetryLib.base.errors import DONE
from LuDosimetryLib.commands.main import main

from .conftest import read_folder

HALF_LIFE_H = 60.0
LN2 = np.log(2.0)


def calculate(case_folder, **options):
    case_folder.data["options"].update(options)
    case_folder.write()
    return run_case(Case.read(case_folder.file))


@pytest.mark.parametrize(
    ("options", "rel"),
    [
        ({"integration": "mono-exponential"}, 1e-4),
        ({"integration": "bi-exponential"}, 0.01),
        ({"integration": "hybrid"}, 0.01),
        ({"integration": "madsen", "effective_half_life_h": HALF_LIFE_H}, 1e-4),
        ({"integration": "haenscheid"}, 0.07),
    ],
)
def test_the_true_activity_comes_out(case_folder, options, rel):
    """All voxels of the case wash out with 60 h from administration on; scans at 4, 24, 96 h."""
    result = calculate(case_folder, **options)
    expected = 1e-6 * case_folder.activity * HALF_LIFE_H / LN2
    np.testing.assert_allclose(result.tia, expected, rtol=rel, atol=1e-9)
    assert result.tia_model is not None
    assert not result.tia_model[case_folder.activity == 0.0].any()
    assert (result.tia_model[case_folder.activity > 0.0] > 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("scans", [3, 1])
def test_usual_kinetics_help_few_scans(case_folder, tmp_path, scans):
    """Three scans give the true activity; the last alone nearly so, and says how unsure it is."""
    points = case_folder.data["time_points"]
    case_folder.change("time_points", to=points if scans == 3 else points[-1:])
    case_folder.change("reference_time_point", to=0)
    result = calculate(case_folder, integration="bayesian")
    expected = 1e-6 * case_folder.activity * HALF_LIFE_H / LN2
    np.testing.assert_allclose(result.tia, expected, rtol=0.03, atol=1e-9)
    assert result.tia_model is None
    kidney = result.organs[0]
    part = kidney.uncertainty_parts_percent["time_activity"]
    assert part < 8.0 if scans == 3 else part > 14.0
    assert kidney.effective_half_life_h == pytest.approx(HALF_LIFE_H, rel=0.03)
    assert any("only one scan" in warning for warning in result.warnings) == (scans == 1)
    result.write(tmp_path / "result")
    report = (tmp_path / "result" / "report.html").read_text(encoding="utf-8")
    assert "what the scans do not tell is as usual" in report


def test_curves_are_made_whatever_the_integration(case_folder):
    for integration in ("trapezoid", "hybrid", "haenscheid"):
        result = calculate(case_folder, integration=integration)
        assert set(result.curves) == set(result.vois)
        kidney = result.curves["kidney"]
        assert kidney.effective_half_life_h == pytest.approx(HALF_LIFE_H, rel=1e-4)
        mask = result.vois["kidney"]
        contained = 1e-6 * result.grid.voxel_volume_mL * case_folder.activity[mask].sum(dtype=float)
        assert kidney.tia_MBq_h == pytest.approx(contained * HALF_LIFE_H / LN2, rel=1e-4)
        if integration == "trapezoid":
            assert kidney.trapezoid_tia_MBq_h == pytest.approx(result.organs[0].tia_MBq_h, rel=1e-5)


def test_recovery_divides_what_a_fit_gives(case_folder):
    plain = calculate(case_folder, integration="mono-exponential")
    divided = calculate(case_folder, recovery_coefficients=[[1.0, 0.5], [1000.0, 0.5]])
    kidney = plain.vois["kidney"]
    np.testing.assert_allclose(divided.tia[kidney], 2.0 * plain.tia[kidney], rtol=1e-5)


@pytest.mark.slow
def test_the_result_folder_holds_curves_and_map(case_folder, tmp_path):
    output = tmp_path / "result"
    assert (
        main(["run", str(case_folder.file), "-o", str(output), "--integration", "hybrid"]) == DONE
    )
    summary, volumes = read_folder(output)
    assert summary["case"]["options"]["integration"] == "hybrid"
    assert [curve["name"] for curve in summary["curves"]] == ["kidney", "tumour", "lung"]
    curve = summary["curves"][0]
    formula = curve["formula"].split(" = ")[1]
    for t, fitted in zip(curve["fit_hours"], curve["fit_activity_MBq"], strict=True):
        value = eval(formula, {"exp": np.exp, "t": t, **curve["parameters"]})
        assert fitted == pytest.approx(value, rel=1e-6)
    assert summary["tia_models"] == {str(n): name for n, name in MODELS.items()}
    image = sitk.ReadImage(str(output / "tia_model.nrrd"))
    assert image.GetPixelID() == sitk.sitkUInt8
    assert set(np.unique(volumes["tia_model"].values)) == {0, 2, 3}
    with (output / "curves.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 3
    assert rows[0]["model"] == "mono-exponential"
    assert "Activity over time" in (output / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_later_trapezoid_takes_the_map_away(case_folder, tmp_path):
    output = tmp_path / "result"
    assert (
        main(["run", str(case_folder.file), "-o", str(output), "--integration", "hybrid"]) == DONE
    )
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert not (output / "tia_model.nrrd").exists()
    summary = json.loads((output / "result.json").read_text(encoding="utf-8"))
    assert "tia_model" not in summary["volumes"]
    assert summary["tia_models"] == {}
    case_folder.change("time_points", to=case_folder.data["time_points"][:1])
    assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
    assert not (output / "curves.csv").exists()
    assert json.loads((output / "result.json").read_text(encoding="utf-8"))["curves"] == []


def test_swapped_scans_are_remarked(case_folder):
    second, third = (case_folder.values(f"spect_{n}.nrrd") for n in (2, 3))
    case_folder.put("spect_2.nrrd", third)
    case_folder.put("spect_3.nrrd", second)
    result = calculate(case_folder)
    (warning,) = [w for w in result.warnings if "rises by 130 % from 24 to 96 h" in w]
    assert "check that the scans are in order" in warning


def test_rising_activity_at_the_end_names_the_volume(case_folder):
    values = case_folder.values("spect_3.nrrd")
    tumour = calculate(case_folder).vois["tumour"]
    values[tumour] *= 3.0
    case_folder.put("spect_3.nrrd", values)
    rises, names = calculate(case_folder).warnings[:2]
    assert "activity does not fall from the scan at 24 h to the last, at 96 h, in voxels" in rises
    assert "rises from the scan at 24 h to the last, at 96 h, in 'tumour'" in names
    assert "check registration" in names


@pytest.mark.parametrize(
    ("options", "scans", "expected"),
    [
        (
            {"integration": "mono-exponential"},
            1,
            "integration is 'mono-exponential', which needs at least 2 scans, but there is only 1",
        ),
        (
            {"integration": "bi-exponential"},
            2,
            "needs at least 3 scans, but there are only 2; choose 'trapezoid'",
        ),
        ({"integration": "hybrid"}, 1, "'hybrid', which needs at least 2 scans"),
        ({"integration": "madsen"}, 3, "effective_half_life_h is missing"),
        (
            {"integration": "madsen", "effective_half_life_h": 200},
            3,
            "effective_half_life_h is 200; it includes decay and cannot be longer than",
        ),
        ({"effective_half_life_h": -1}, 3, "effective_half_life_h is -1"),
        ({"single_time_point_h": "late"}, 3, "single_time_point_h is 'late'"),
        ({"integration": "monoexponential"}, 3, "did you mean 'mono-exponential'?"),
    ],
)
def test_an_integration_names_what_it_lacks(case_folder, refused, options, scans, expected):
    case_folder.data["options"].update(options)
    case_folder.change("time_points", to=case_folder.data["time_points"][:scans])
    assert expected in refused()


def test_hybrid_without_volumes_is_refused(case_folder, refused):
    case_folder.data["options"]["integration"] = "hybrid"
    case_folder.change("segmentation", to=None)
    assert "needs volumes of interest, but there is no segmentation" in refused()


def test_all_voxels_zero_are_refused_as_ever(case_folder, refused):
    for n in (1, 2, 3):
        case_folder.put(f"spect_{n}.nrrd", 0.0 * case_folder.values(f"spect_{n}.nrrd"))
    for integration in ("mono-exponential", "hybrid", "haenscheid"):
        case_folder.change("options", "integration", to=integration)
        assert "have no activity at all" in refused()
