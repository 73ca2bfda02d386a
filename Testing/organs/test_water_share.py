"""What it costs to take the patient as water, measured on real CTs, and its share in the budget."""

import json
from dataclasses import replace
from math import hypot
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.lab.phantom.random_uptake import patient_of_ct
from LuDosimetryLib.lab.phantom.sample import sample_patient
from LuDosimetryLib.lab.phantom.scanner import Scanner
from LuDosimetryLib.lab.phantom.virtual_case import VirtualPatient, spect_grid, write_virtual_case
from LuDosimetryLib.organs.assessment import WATER_PERCENT
from LuDosimetryLib.report.uncertainty import uncertainty_section
from LuDosimetryLib.voi.write import Segment

CTS = Path(__file__).parents[3] / "shared" / "data" / "training_ct"
DENSE_G_CM3 = 0.9
"""Lungs and gas have less."""
LEAST_VOXELS = 400


def test_the_share_in_the_budget_and_in_the_report(case_folder):
    points = case_folder.data["time_points"]
    file = case_folder.change("time_points", to=[p | {"ct": None} for p in points])
    case_folder.change("time_points", 0, "ct", to="water")
    (organ, *_) = (result := run_case(Case.read(file))).organs
    parts = organ.uncertainty_parts_percent
    assert parts["dose_engine"] == pytest.approx(hypot(3.0, WATER_PERCENT))
    percent = 100.0 * organ.standard_uncertainty_Gy / organ.mean_dose_Gy
    assert percent == pytest.approx(hypot(*parts.values()))
    share = "part are for taking the patient as water"
    assert share in uncertainty_section(result, pictures=False)
    case_folder.change("time_points", to=points)
    with_ct = run_case(Case.read(file))
    assert with_ct.organs[0].uncertainty_parts_percent["dose_engine"] == pytest.approx(3.0)
    assert share not in uncertainty_section(with_ct, pictures=False)


def labelled() -> VirtualPatient:
    """The sample's patient with every organ that its CT's labels name."""
    patient = sample_patient()
    labels = read_volume(resource("SampleData", "labels.nii.gz"), "labels").values
    names = json.loads(resource("SampleData", "labels.json").read_text(encoding="utf-8"))
    masks = {name: labels == int(value) for value, name in names.items()}
    segments = [Segment(n, m) for n, m in masks.items() if np.count_nonzero(m) > LEAST_VOXELS]
    return replace(patient, segments=segments, differences={})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sample", "CRLM-CT-1004", "LIDC-IDRI-0314"])
def test_doses_as_water_spread_by_as_much(tmp_path, name):
    if name == "sample":
        patient = labelled()
    else:
        path = CTS / f"{name}_ct_3mm.nii.gz"
        if not path.exists():
            pytest.skip("no real CT here")
        patient = patient_of_ct(read_volume(path, name), name, seed=3)
    grid = spect_grid(patient.ct.grid)
    write_virtual_case(patient, tmp_path / "case", Log(), grid=grid, scanner=Scanner(), seed=5)
    file = tmp_path / "case" / "case.json"
    data = json.loads(file.read_text(encoding="utf-8"))

    def organs(*cts: str | None) -> dict[str, tuple[float, float]]:
        for point, ct in zip(data["time_points"], cts, strict=True):
            point["ct"] = ct
        data["options"] = {"dose_method": "multi-vsv", "integration": "trapezoid"}
        file.write_text(json.dumps(data), encoding="utf-8")
        found = run_case(Case.read(file)).organs
        return {o.name: (o.mass_g / o.volume_mL, o.mean_dose_Gy) for o in found}

    with_ct = organs(*(["ct.nrrd"] * len(data["time_points"])))
    as_water = organs("water", *([None] * (len(data["time_points"]) - 1)))
    off = {
        name: 100.0 * (as_water[name][1] / dose_Gy - 1.0)
        for name, (density, dose_Gy) in with_ct.items()
        if density > DENSE_G_CM3
    }
    mean_square = np.mean(np.square(list(off.values())))
    print(f"\n{name}: {len(off)} volumes, root mean square {mean_square**0.5:.1f} %")
    assert 0.5 * WATER_PERCENT < mean_square**0.5 < 1.2 * WATER_PERCENT
    # as by the density alone, of which the rest of the budget knows nothing
    by_density = [off[n] - 100.0 * (with_ct[n][0] - 1.0) for n in off]
    assert np.percentile(np.abs(by_density), 90) < 4.0
