"""A left and a right kidney are shown together, too, from the masks to the result folder."""

import csv

import numpy as np
import pytest

from LuDosimetryLib import Case, Result, run_case
from LuDosimetryLib.dicom.source import NO_REGIONS, DicomSource

NAMES = ["left kidney", "right kidney", "kidneys", "lung"]


def calculate(case_folder, **options):
    labels = {"1": "left kidney", "2": "right kidney", "3": "lung"}
    case_folder.change("segmentation", "labels", to=labels)
    case_folder.data["options"].update(options)
    case_folder.write()
    return run_case(Case.read(case_folder.file))


@pytest.mark.slow
@pytest.mark.parametrize("integration", ["trapezoid", "hybrid", "bayesian"])
def test_both_kidneys_are_the_sum_of_each(case_folder, tmp_path, integration):
    result = calculate(case_folder, integration=integration)
    assert [organ.name for organ in result.organs] == NAMES
    assert list(result.dvh.volume_percent) == NAMES
    left, right, both, _ = result.organs
    for key in ("tia_MBq_h", "mass_g", "volume_mL"):
        assert getattr(both, key) == pytest.approx(getattr(left, key) + getattr(right, key))
    energy = [o.mean_dose_Gy * o.mass_g for o in (left, right, both)]
    assert energy[2] == pytest.approx(energy[0] + energy[1])
    assert both.min_dose_Gy == min(left.min_dose_Gy, right.min_dose_Gy)
    least, most = sorted(o.uncertainty_parts_percent["time_activity"] for o in (left, right))
    assert 0.99 * least < both.uncertainty_parts_percent["time_activity"] < 1.01 * most
    result.write(tmp_path / "result")
    again = Result.read(tmp_path / "result")
    assert list(again.vois) == NAMES
    np.testing.assert_array_equal(
        again.vois["kidneys"], again.vois["left kidney"] | again.vois["right kidney"]
    )
    with (tmp_path / "result" / "organs.csv").open(encoding="utf-8") as file:
        assert [row["name"] for row in csv.DictReader(file)] == NAMES


def test_both_kidneys_are_as_unsure_by_recovery_as_each(case_folder):
    left, right, both, _ = calculate(case_folder, spect_resolution_mm=8.0).organs
    parts = sorted(o.uncertainty_parts_percent["recovery"] for o in (left, right))
    assert 0.0 < parts[0] < both.uncertainty_parts_percent["recovery"] < parts[1]


def test_warnings_know_the_volumes_that_they_concern(case_folder, tmp_path):
    result = calculate(case_folder, integration="trapezoid", tail="physical")
    (far,) = (n for n, text in enumerate(result.warnings) if "fitted curve" in text)
    assert far in result.warnings_of_vois["kidneys"]
    result.write(tmp_path / "result")
    assert Result.read(tmp_path / "result").warnings_of_vois == result.warnings_of_vois


def test_an_import_without_segmentation_says_so_as_long_as_there_is_none():
    source = DicomSource({}, {"StudyInstanceUID": "1.2"}, "1.3", remarks=[NO_REGIONS, "other"])
    assert source.remarks_for(has_segmentation=False) == [NO_REGIONS, "other"]
    assert source.remarks_for(has_segmentation=True) == ["other"]
