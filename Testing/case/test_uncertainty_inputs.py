import pytest

from LuDosimetryLib import Case
from LuDosimetryLib.case.uncertainty_inputs import UncertaintyInputs


def test_inputs_in_a_case_file(case_folder):
    case_folder.change("options", "uncertainty", to={"calibration_percent": 2.5})
    case = Case.read(case_folder.file)
    assert case.options.uncertainty == UncertaintyInputs(calibration_percent=2.5)
    assert Case.from_dict(case.to_dict(), case_folder.folder) == case
    changed = case.with_options(uncertainty={"dose_engine_percent": 1})
    assert changed.options.uncertainty == UncertaintyInputs(dose_engine_percent=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"calibration": 5},
            "the key 'calibration' is unknown; did you mean 'calibration_percent'",
        ),
        ({"scan_percent": -1}, "scan_percent is -1; it must be at least 0"),
        ({"scan_percent": "5 %"}, "scan_percent is '5 %'; it must be a number"),
        ({"dose_engine_percent": 130}, "must be a standard uncertainty of 0 to 100 %"),
        ({"segmentation_voxel_mm": -2}, "segmentation_voxel_mm is -2; it must be at least 0"),
        ({"scan_time_h": None}, "scan_time_h is None; it must be a number"),
        ([5], "this is [5]; expected a JSON object"),
    ],
)
def test_inputs_that_cannot_be(case_folder, refused, given, said):
    case_folder.change("options", "uncertainty", to=given)
    sentence = refused()
    assert said in sentence
    assert "options: uncertainty: " in sentence
