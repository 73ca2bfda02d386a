import hashlib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib import Cancelled, Case, Result, run_case
from LuDosimetryLib.activity.trapezoid import trapezoid_tia
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.tissue.nuclide import read_nuclide

LOCAL_GY_G_PER_MBQ_H = 0.08532


def calculate(case_folder) -> Result:
    return run_case(Case.read(case_folder.file))


def test_doses_by_hand(case_folder):
    """TIA by Eq. 1, all electron energy where it is emitted, density from the CT."""
    case_folder.change("options", "tail", to="physical")
    result = calculate(case_folder)
    hours = [point["hours"] for point in case_folder.data["time_points"]]
    scans = [case_folder.values(f"spect_{n}.nrrd") for n in (1, 2, 3)]
    tia = trapezoid_tia(hours, scans, read_nuclide("Lu-177").decay_constant_per_h, "physical")
    np.testing.assert_allclose(result.tia, tia, rtol=1e-6)
    centre = (slice(11, 13),) * 3
    np.testing.assert_allclose(result.density[centre], 1.04, atol=0.02)
    expected = LOCAL_GY_G_PER_MBQ_H * tia[centre] / result.density[centre]
    np.testing.assert_allclose(result.dose[centre], expected, rtol=0.02)
    assert not result.dose[~result.reported].any()
    (warning,) = result.warnings
    assert warning.startswith("the trapezoid with physical tail, and with it the dose, differs")


def test_units_of_activity_make_no_difference(case_folder):
    expected = [organ.mean_dose_Gy for organ in calculate(case_folder).organs]
    voxel_mL, duration_s, cps_per_MBq = 0.216, 1800.0, 9.3
    per_count_Bq = 1e6 / (cps_per_MBq * duration_s)
    ways = [
        ("Bq", voxel_mL, None),
        ("counts", voxel_mL / 2.5, {"Bq_per_count": 2.5}),
        ("counts", voxel_mL / per_count_Bq, {"cps_per_MBq": cps_per_MBq, "duration_s": duration_s}),
    ]
    scans = [case_folder.values(f"spect_{n}.nrrd") for n in (1, 2, 3)]
    for unit, factor, calibration in ways:
        for n, scan in enumerate(scans):
            case_folder.put(f"spect_{n + 1}.nrrd", scan * np.float32(factor))
            case_folder.change("time_points", n, "unit", to=unit)
            case_folder.change("time_points", n, "calibration", to=calibration)
        doses = [organ.mean_dose_Gy for organ in calculate(case_folder).organs]
        assert doses == pytest.approx(expected, rel=1e-5)


def test_the_order_of_the_time_points_does_not_matter(case_folder):
    expected = calculate(case_folder)
    case_folder.change("time_points", to=case_folder.data["time_points"][::-1])
    case_folder.change("reference_time_point", to=2)
    shuffled = calculate(case_folder)
    np.testing.assert_array_equal(shuffled.dose, expected.dose)
    assert "have been sorted by time" in shuffled.warnings[0]


def test_a_single_scan(case_folder):
    case_folder.change("time_points", to=case_folder.data["time_points"][1:2])
    result = calculate(case_folder)
    assert "there is only one scan, at 24 h" in result.warnings[0]
    expected = case_folder.values("spect_2.nrrd") * 1e-6 * (12.0 + 1 / 0.0043450)
    np.testing.assert_allclose(result.tia, expected, rtol=1e-4)


def test_the_tail_is_effective_unless_it_is_chosen(case_folder):
    effective = calculate(case_folder)
    assert effective.case["options"]["tail"] == "effective"
    case_folder.change("options", "tail", to="physical")
    physical = calculate(case_folder)
    assert 0.5 < effective.tia.sum() / physical.tia.sum() < 0.9


def test_a_scan_on_another_grid_keeps_its_activity(case_folder):
    expected = calculate(case_folder)
    fine = case_folder.values("spect_3.nrrd").repeat(2, 0).repeat(2, 1).repeat(2, 2)
    case_folder.put("spect_3.nrrd", fine, Grid.axial((48,) * 3, (3.0,) * 3))
    result = calculate(case_folder)
    assert "SPECT at 96 h (spect_3.nrrd) lies on another grid" in result.warnings[0]
    assert result.tia.sum(dtype=float) == pytest.approx(expected.tia.sum(dtype=float), rel=0.002)
    kidney = [r.organs[0].tia_MBq_h for r in (result, expected)]
    assert kidney[0] == pytest.approx(kidney[1], rel=0.001)


def test_the_reference_chooses_the_grid(case_folder):
    other = Grid.axial((26, 24, 22), (5.0, 5.5, 6.0))
    case_folder.put("spect_2.nrrd", np.full(other.shape, 1e4, np.float32), other)
    case_folder.change("reference_time_point", to=1)
    assert calculate(case_folder).grid == other


def test_negative_activity_of_no_weight_is_set_to_zero(case_folder):
    values = case_folder.values("spect_1.nrrd")
    values[0, 0, :4] = -10.0
    case_folder.put("spect_1.nrrd", values)
    result = calculate(case_folder)
    assert "negative voxels" in result.warnings[0]
    assert result.tia.min() >= 0.0


def test_a_ct_that_is_a_little_too_small(case_folder):
    hu = case_folder.values("ct.nrrd")
    case_folder.put("ct.nrrd", hu[2:-2], Grid.axial((44, 48, 48), (3.0,) * 3))
    result = calculate(case_folder)
    assert any("the CT covers 92 % of the SPECT's field of view" in w for w in result.warnings)
    assert not result.dose[0].any()
    assert result.dose[1].any()


def test_more_activity_than_was_given_is_said(case_folder):
    case_folder.change("administered_activity_MBq", to=1.0)
    assert (
        sum("MBq administered only" in warning for warning in calculate(case_folder).warnings) == 3
    )


def test_a_flipped_ct_is_said(case_folder):
    """A body that is flat in front, and the activity in it; then the CT flipped alone."""
    hu = case_folder.values("ct.nrrd")
    hu[:, :18] = -1000
    grid = Grid.axial((48,) * 3, (3.0,) * 3)
    case_folder.put("ct.nrrd", hu, grid)
    for n in (1, 2, 3):
        scan = case_folder.values(f"spect_{n}.nrrd")
        scan[:, :9] = 0.0
        case_folder.put(f"spect_{n}.nrrd", scan)
    assert not any("right way round" in w for w in calculate(case_folder).warnings)
    case_folder.put("ct.nrrd", hu[:, ::-1], grid)
    (said,) = [w for w in calculate(case_folder).warnings if "right way round" in w]
    assert "but only 0.0 % would if the CT were flipped front to back" in said


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_volume_mostly_of_air_is_said(case_folder):
    labels = case_folder.values("organs.nrrd")
    labels[:, :2] = 4
    labels[22:26, 22:26, 22:26] = 4
    case_folder.put("organs.nrrd", labels, Grid.axial((48,) * 3, (3.0,) * 3))
    case_folder.change("segmentation", "labels", to={"4": "skin"})
    result = calculate(case_folder)
    assert any("of 'skin' is air or lies outside" in w for w in result.warnings)
    (skin,) = result.organs
    # drawn otherwise is the part that has mass: of the deepest voxels of the whole none has
    assert 0.0 <= skin.uncertainty_parts_percent["delineation"] < skin.volume_uncertainty_percent
    assert 0.0 < skin.standard_uncertainty_Gy < skin.mean_dose_Gy


def test_a_case_without_volumes_of_interest(case_folder, tmp_path):
    case_folder.change("segmentation", to=None)
    result = calculate(case_folder)
    assert result.organs == []
    assert result.dose.max() > 0.0
    result.write(tmp_path / "result")


def test_a_uniform_lung_is_a_patient(case_folder):
    case_folder.put(
        "ct.nrrd", np.full((48,) * 3, -722, np.int16), Grid.axial((48,) * 3, (3.0,) * 3)
    )
    result = calculate(case_folder)
    assert result.reported.all()
    assert result.density == pytest.approx(0.287, abs=0.01)


def test_provenance(case_folder):
    result = calculate(case_folder)
    provenance = result.provenance

    def sha256(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert provenance["case_sha256"] == sha256(case_folder.file)
    names = ["spect_1.nrrd", "spect_2.nrrd", "spect_3.nrrd", "ct.nrrd", "organs.nrrd"]
    assert provenance["inputs_sha256"] == {n: sha256(case_folder.folder / n) for n in names}
    assert set(provenance["packages"]) >= {"python", "numpy", "scipy", "SimpleITK"}
    assert all(provenance["packages"].values())
    assert not {"onnxruntime", "torch"} & set(provenance["packages"])
    assert "107" in provenance["nuclide_data"]
    assert provenance["device"] == "cpu"
    assert result.inputs[0] == case_folder.file


@pytest.mark.slow
def test_provenance_names_what_calculated_the_network(case_folder):
    case_folder.change("options", "dose_method", to="unet")
    packages = calculate(case_folder).provenance["packages"]
    assert packages["onnxruntime"] == version("onnxruntime")
    assert "torch" not in packages


def test_progress_rises_and_can_cancel(case_folder):
    case = Case.read(case_folder.file).with_options(dose_method="multi-vsv", compare_with=["local"])
    seen: list[float] = []
    run_case(case, lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] <= seen[-1] <= 1.0
    for stop in seen[:: len(seen) // 3]:

        def until(fraction: float, message: str, stop: float = stop) -> None:
            if fraction >= stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            run_case(case, until)


def test_print_will_do_for_progress(case_folder, capsys):
    run_case(Case.read(case_folder.file), progress=print)
    assert "reading the scans" in capsys.readouterr().out
