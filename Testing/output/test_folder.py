import copy
import csv
import dataclasses
import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import Cancelled, Case, InvalidInput, run_case
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.organs.organ_dose import cumulative_dvh
from LuDosimetryLib.output.folder import Result, check_inputs_kept, summary_of
from LuDosimetryLib.output.summary import read_summary
from LuDosimetryLib.output.volumes import volumes_of

from ..conftest import CaseFolder, read_folder

ORGAN_KEYS = {
    "name", "volume_mL", "mass_g", "tia_MBq_h", "mean_dose_Gy", "std_dose_Gy", "min_dose_Gy",
    "max_dose_Gy", "D98_Gy", "D50_Gy", "D2_Gy", "dose_by_method_Gy",
}  # fmt: skip
UNITS = {"tia": "MBq.h/mL", "density": "g/cm3", "relative": "%"}


@pytest.fixture(scope="module")
def calculated(tmp_path_factory):
    """A result and its folder, of which every test gets a copy."""
    place = tmp_path_factory.mktemp("calculated")
    case_folder = CaseFolder(place / "case")
    case_folder.change("options", "compare_with", to=["single-vsv"])
    result = run_case(Case.read(case_folder.file))
    result.write(place / "result")
    return result, place / "result"


@pytest.fixture
def result(calculated):
    return copy.deepcopy(calculated[0])


@pytest.fixture
def folder(calculated, tmp_path):
    return shutil.copytree(calculated[1], tmp_path / "result")


@pytest.mark.slow
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


@pytest.mark.slow
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
    summary, volumes = read_folder(folder)
    assert summary == json.loads(json.dumps(summary_of(result)))
    for key, volume in volumes_of(result).items():
        np.testing.assert_array_equal(volumes[key].values, volume.values)
        assert volumes[key].grid.same_as(result.grid)


NOT_KEPT = {"dicom": None, "inputs": (), "checkpoint": None}


def assert_same(found: Result, result: Result) -> None:
    """Everything that a folder keeps is exactly as it was."""
    for f in dataclasses.fields(Result):
        ours, theirs = getattr(found, f.name), getattr(result, f.name)
        if f.name in NOT_KEPT:
            assert ours == NOT_KEPT[f.name]
        elif f.name == "grid":
            assert ours.same_as(theirs, tolerance_mm=1e-9)
        elif f.name == "dvh":
            np.testing.assert_array_equal(ours.dose_Gy, theirs.dose_Gy)
            np.testing.assert_equal(ours.volume_percent, theirs.volume_percent)
        elif f.name == "alignments":
            _assert_same_alignments(ours, theirs)
        else:
            np.testing.assert_equal(ours, theirs, err_msg=f.name)
            assert type(ours) is type(theirs), f.name
    assert list(found.doses) == list(result.doses)
    assert list(found.vois) == list(result.vois)
    for mine, other in zip(_arrays(found), _arrays(result), strict=True):
        assert mine.dtype == other.dtype


def _arrays(result: Result) -> list[np.ndarray]:
    return [
        *(result.tia, result.density, result.reported, *result.doses.values()),
        *(*result.vois.values(), *result.standard_errors.values()),
        *([] if result.tia_model is None else [result.tia_model]),
    ]


def _assert_same_alignments(ours: list, theirs: list) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        assert dataclasses.replace(mine, transform=None) == dataclasses.replace(
            other, transform=None, overlay=None
        )
        assert (mine.transform is None) == (other.transform is None)
        if mine.transform is not None:
            assert mine.transform.GetName() == other.transform.GetName()
            assert mine.transform.GetParameters() == other.transform.GetParameters()
            assert mine.transform.GetFixedParameters() == other.transform.GetFixedParameters()


@pytest.mark.slow
def test_it_is_read_back_as_it_was(result, folder, tmp_path):
    found = Result.read(folder)
    assert_same(found, result)
    found.write(tmp_path / "again")
    assert_same(Result.read(tmp_path / "again"), found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "scans"),
    [
        ({"integration": "hybrid", "spect_resolution_mm": 9.0, "compare_with": []}, 3),
        ({"integration": "haenscheid", "compare_with": ["local"], "dose_method": "single-vsv"}, 1),
    ],
)
def test_other_cases_are_read_back(case_folder, tmp_path, options, scans):
    case_folder.data["administered_activity_MBq"] = 7400
    case_folder.data["time_points"] = case_folder.data["time_points"][:scans]
    case_folder.data["segmentation"]["differences"] = {"rest": ["kidney", "tumour"]}
    case_folder.data["options"] |= options
    result = run_case(Case.read(case_folder.write()))
    result.write(tmp_path / "result")
    assert_same(Result.read(tmp_path / "result"), result)


@pytest.mark.slow
def test_registered_scans_are_read_back(case_folder, tmp_path):
    for n in (1, 2):
        name = f"ct_{n + 1}.nrrd"
        moved = np.roll(case_folder.values("ct.nrrd"), n, axis=2)
        case_folder.put(name, moved, Grid.axial((48, 48, 48), (3.0, 3.0, 3.0)))
        case_folder.change("time_points", n, "ct", to=name)
    case_folder.change("options", "registration", to="deformable")
    result = run_case(Case.read(case_folder.file))
    assert result.alignments[0].method == "reference"
    assert any(a.transform is not None for a in result.alignments)
    result.write(tmp_path / "result")
    assert_same(Result.read(tmp_path / "result"), result)


@pytest.mark.slow
def test_a_monte_carlo_is_read_back(case_folder, tmp_path):
    pytest.importorskip("ompmc")
    case_folder.data["options"] |= {"dose_method": "monte-carlo", "histories": 20_000}
    case_folder.change("options", "compare_with", to=["local"])
    result = run_case(Case.read(case_folder.file))
    result.write(tmp_path / "result")
    found = Result.read(tmp_path / "result")
    assert list(found.standard_errors) == ["monte-carlo"]
    assert_same(found, result)


@pytest.mark.slow
def test_volumes_of_interest_of_any_name_and_number(result, tmp_path):
    """Names that differ in blanks alone, that no header can hold, and more than 255 of them."""
    (kidney, *_) = result.vois.values()
    names = ["a b", "a-b", "a,b", "2", '"', "ü" * 300, *(f"VOI {n}" for n in range(300))]
    rng = np.random.default_rng(1)
    masks = {name: kidney & (rng.random(kidney.shape) < 0.7) for name in names}
    many = dataclasses.replace(result, vois=masks, organs=[], curves={})
    many.dvh = cumulative_dvh(many.dose, masks, many.reported)
    many.write(tmp_path / "many")
    assert_same(Result.read(tmp_path / "many"), many)


def test_slicer_finds_the_segments_by_name(result, folder):
    image = sitk.ReadImage(str(folder / "vois.seg.nrrd"))
    assert [image.GetMetaData(f"Segment{n}_Name") for n in range(3)] == list(result.vois)


def test_files_that_do_not_belong_together(result, folder):
    other = Grid.axial(result.grid.shape, result.grid.spacing_mm, (7.0, 0.0, 0.0))
    write_volume(folder / "density.nrrd", Volume(result.density, other), "g/cm3")
    with pytest.raises(InvalidInput, match=r"density\.nrrd lies on another grid than the dose"):
        Result.read(folder)
    (folder / "density.nrrd").unlink()
    with pytest.raises(InvalidInput, match=r"density: there is no file .*density\.nrrd"):
        Result.read(folder)


def test_a_folder_without_masks_is_refused(folder):
    """As version 0.1.0 wrote it; its summary can be read."""
    data = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    del data["vois"]
    (folder / "result.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InvalidInput, match="did not keep the masks of volumes of interest"):
        Result.read(folder)
    assert read_summary(folder).vois is None


def test_errors_are_against_the_chosen_method(folder):
    _, volumes = read_folder(folder)
    error = volumes["dose_single-vsv"].values - volumes["dose"].values
    np.testing.assert_allclose(volumes["error_single-vsv"].values, error, atol=1e-6)


def test_tables(result, folder):
    with (folder / "organs.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["kidney", "tumour", "lung"]
    assert float(rows[0]["mean_dose_Gy"]) == pytest.approx(result.organs[0].mean_dose_Gy, rel=1e-5)
    assert list(rows[0])[-6:] == [
        *("dose_method", "integration", "tail", "version", "warnings", "warnings_of_voi"),
    ]
    for row in rows:
        assert row["dose_method"] == "local"
        assert row["integration"] == result.case["options"]["integration"]
        assert row["tail"] == result.case["options"]["tail"]
        assert row["version"] == result.provenance["version"]
        assert row["warnings"] == str(len(result.warnings))
        assert row["warnings_of_voi"] == str(len(result.warnings_of_vois.get(row["name"], ())))
    assert float(rows[0]["mean_dose_Gy local"]) == pytest.approx(float(rows[0]["mean_dose_Gy"]))
    with (folder / "dvh.csv").open(newline="", encoding="utf-8") as file:
        dvh = list(csv.DictReader(file))
    assert float(dvh[0]["kidney volume_percent"]) == 100.0
    assert float(dvh[-1]["kidney volume_percent"]) == 0.0


@pytest.mark.slow
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
