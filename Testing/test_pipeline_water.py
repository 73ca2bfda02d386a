"""Cases without any CT: the patient as water within the outline that the SPECT shows."""

import json

import numpy as np
import pytest

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.case.parts import WATER
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.tissue.density import density_of
from LuDosimetryLib.tissue.spect_outline import spect_outline


def without_ct(case_folder, **options):
    for n in range(len(case_folder.data["time_points"])):
        case_folder.data["time_points"][n]["ct"] = "water" if n == 0 else None
    case_folder.data["options"].update(options)
    return case_folder.write()


def test_doses_of_soft_tissue_differ_by_the_density_alone(case_folder):
    with_ct = run_case(Case.read(case_folder.file))
    water = run_case(Case.read(without_ct(case_folder)))
    density = float(density_of(np.array([40.0]))[0])
    ratio = {o.name: o.mean_dose_Gy for o in water.organs}
    ratio = {o.name: ratio[o.name] / o.mean_dose_Gy for o in with_ct.organs}
    # local deposition goes as 1 / density: exactly in what is soft tissue on the CT throughout
    assert ratio["tumour"] == pytest.approx(density, rel=2e-3)
    assert ratio["lung"] < 0.5
    assert any("there is no CT" in warning for warning in water.warnings)


@pytest.mark.slow
def test_the_default_method_gives_way_and_the_title_says_so(case_folder, tmp_path):
    del case_folder.data["options"]["dose_method"]
    file = without_ct(case_folder)
    assert main(["run", str(file), "-o", str(tmp_path / "result")]) == DONE
    summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
    assert summary["dose_method"] == "photon-transport"
    assert "it needs a CT" in " ".join(summary["warnings"])
    report = (tmp_path / "result" / "report.html").read_text(encoding="utf-8")
    assert "Photon transport instead of Residual U-Net" in report.split("</h1>")[0]


def test_a_method_that_was_asked_for_is_refused(case_folder, tmp_path, capsys):
    file = without_ct(case_folder, dose_method="unet")
    assert main(["run", str(file), "-o", str(tmp_path / "result")]) == INVALID
    output = capsys.readouterr().err
    assert "'unet' is not available: it needs a CT" in output
    assert "local, single-vsv, multi-vsv, split-vsv, photon-transport or monte-carlo" in output
    # the remedy works
    assert main(["run", str(file), "-o", str(tmp_path / "r"), "--dose-method", "local"]) == DONE


def test_water_beside_a_ct_is_refused(case_folder):
    case_folder.data["time_points"][0]["ct"] = "water"
    with pytest.raises(InvalidInput, match='"water" is for cases without any CT'):
        Case.read(case_folder.write())


def test_the_word_survives_writing(case_folder, tmp_path):
    case = Case.read(without_ct(case_folder))
    case.write(tmp_path / "copy.json")
    again = Case.read(tmp_path / "copy.json")
    assert again.time_points[0].ct == WATER
    assert again.ct is None
    assert WATER not in again.images


def test_the_outline_of_a_blurred_cylinder_lies_where_it_is():
    grid = Grid.axial((24, 48, 48), (5.0, 5.0, 5.0))
    y, x = np.ogrid[-117.5:122.5:5.0, -117.5:122.5:5.0]
    radius = 80.0
    edge = np.clip((radius - np.hypot(y, x)) / 10.0 + 0.5, 0.0, 1.0)
    rng = np.random.default_rng(3)
    activity = 2e3 * edge * np.ones(grid.shape) * rng.gamma(9.0, 1.0 / 9.0, grid.shape)
    activity[8:12, 20:26, 20:26] = 3e5
    outline = spect_outline(activity.astype(np.float32), grid, "SPECT")
    area = outline.sum(axis=(1, 2)) * 25.0
    assert np.median(area) == pytest.approx(np.pi * radius**2, rel=0.05)
