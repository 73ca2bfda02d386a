import csv
import dataclasses
import json

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import Cancelled, Case, InvalidInput, run_case
from LuDosimetryLib.result.result import check_inputs_kept, read_result

ORGAN_KEYS = {
    "name", "volume_mL", "mass_g", "tia_MBq_h", "mean_dose_Gy", "std_dose_Gy", "min_dose_Gy",
    "max_dose_Gy", "D98_Gy", "D50_Gy", "D2_Gy", "dose_by_method_Gy",
}  # fmt: skip
UNITS = {"tia": "MBq.h/mL", "density": "g/cm3", "relative": "%"}


@pytest.fixture
def result(case_folder):
    case_folder.change("options", "compare_with", to=["single-vsv"])
    return run_case(Case.read(case_folder.file))


@pytest.fixture
def folder(result, tmp_path):
    result.write(tmp_path / "result")
    return tmp_path / "result"


def test_result_json_holds_to_the_contract(folder):
    summary = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert summary["schema"] == "ludosimetry-result/1"
    assert summary["status"] == "completed"
    assert summary["dose_method"] == "local"
    assert summary["volumes"]["tia"] == "tia.nrrd"
    assert summary["volumes"]["dose"] == "dose.nrrd"
    assert [organ["name"] for organ in summary["organs"]] == ["kidney", "tumour", "lung"]
    for organ in summary["organs"]:
        assert set(organ) >= ORGAN_KEYS
        assert set(organ["dose_by_method_Gy"]) == {"local", "single-vsv"}
        assert organ["dose_by_method_Gy"]["local"] == pytest.approx(organ["mean_dose_Gy"])
    timing = summary["timing_s"]
    assert set(timing) >= {"read", "register", "integrate", "dose", "write", "total"}
    assert timing["total"] == pytest.approx(sum(timing.values()) - timing["total"])
    assert set(summary["provenance"]) >= {
        "version", "case_sha256", "inputs_sha256", "kernels", "model", "nuclide_data", "device", "packages",
    }  # fmt: skip
    assert isinstance(summary["warnings"], list)


def test_the_folder_has_all_its_files(folder):
    files = {path.name for path in folder.iterdir()}
    assert files >= {"result.json", "organs.csv", "dvh.csv", "report.html", "dose_single-vsv.nrrd"}
    assert files >= {"error_single-vsv.nrrd", "relative_error_single-vsv.nrrd", "density.nrrd"}


def test_volumes_say_their_unit_and_lie_on_the_reference(case_folder, folder):
    reference = sitk.ReadImage(str(case_folder.folder / "spect_1.nrrd"))
    summary = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    for key, name in summary["volumes"].items():
        image = sitk.ReadImage(str(folder / name))
        assert image.GetPixelID() == sitk.sitkFloat32
        assert image.GetMetaData("unit") == UNITS.get(key.partition("_")[0], "Gy")
        assert image.GetSize() == reference.GetSize()
        assert image.GetSpacing() == pytest.approx(reference.GetSpacing())
        assert image.GetOrigin() == pytest.approx(reference.GetOrigin())
        assert image.GetDirection() == reference.GetDirection()


def test_a_result_survives_its_folder(result, folder):
    summary, volumes = read_result(folder)
    assert summary == json.loads(json.dumps(result.summary()))
    for key, (_, _, values) in result.volumes().items():
        np.testing.assert_array_equal(volumes[key].values, values)
        assert volumes[key].grid.same_as(result.grid)


def test_errors_are_against_the_chosen_method(folder):
    _, volumes = read_result(folder)
    error = volumes["dose_single-vsv"].values - volumes["dose"].values
    np.testing.assert_allclose(volumes["error_single-vsv"].values, error, atol=1e-6)


def test_tables(result, folder):
    with (folder / "organs.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["kidney", "tumour", "lung"]
    assert float(rows[0]["mean_dose_Gy"]) == pytest.approx(result.organs[0].mean_dose_Gy, rel=1e-5)
    assert float(rows[0]["mean_dose_Gy local"]) == pytest.approx(float(rows[0]["mean_dose_Gy"]))
    with (folder / "dvh.csv").open(newline="", encoding="utf-8") as file:
        dvh = list(csv.DictReader(file))
    assert float(dvh[0]["kidney volume_percent"]) == 100.0
    assert float(dvh[-1]["kidney volume_percent"]) == 0.0


def test_cancelling_while_writing_leaves_the_folder_as_it_was(result, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def progress(fraction: float, message: str) -> None:
        if fraction >= 0.99:
            raise Cancelled

    result.warnings.append("another")
    with pytest.raises(Cancelled):
        result.write(folder, progress)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_writing_never_touches_an_input(case_folder, result):
    for n in range(3):
        case_folder.change("time_points", n, "ct", to="density.nrrd")
    (case_folder.folder / "ct.nrrd").rename(case_folder.folder / "density.nrrd")
    before = case_folder.hashes()
    case = Case.read(case_folder.file)
    with pytest.raises(InvalidInput, match="would be overwritten"):
        run_case(case).write(case_folder.folder)
    link = case_folder.folder.parent / "link"
    link.symlink_to(case_folder.folder)
    with pytest.raises(InvalidInput, match="would be overwritten"):
        dataclasses.replace(result, inputs=case.inputs).write(link)
    assert case_folder.hashes() == before
    check_inputs_kept(case_folder.folder / "result", case.inputs)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "holds no finished result"),
        ("{", "holds no finished result"),
        ("[]", "schema is None"),
        ('{"schema": "ludosimetry-case/1"}', "schema is 'ludosimetry-case/1'"),
        ('{"schema": "ludosimetry-result/1"}', "names no volumes"),
        (
            '{"schema": "ludosimetry-result/1", "volumes": {"dose": "dose.nrrd"}}',
            "there is no file",
        ),
    ],
)
def test_folders_that_hold_no_result(tmp_path, content, said):
    if content is not None:
        (tmp_path / "result.json").write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        read_result(tmp_path)
