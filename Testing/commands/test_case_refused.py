"""What the shell's command refuses in a case file."""

import pytest

POINT = ("time_points", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not valid JSON"),
        (b'{"schema": ', "line 1, column"),
        (b"[1, 2]", "expected a JSON object"),
        (b'"text"', "expected a JSON object"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "UTF-8"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"cycle": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"schema": "ludosimetry-case/1", "schema": "x"}', "occurs twice"),
        (b'{"schema": "ludosimetry-case/2"}', "expected 'ludosimetry-case/1'"),
        (b'{"schema": "ludosimetry-result/1", "status": "completed"}', "schema"),
        (b"{}", "schema is None"),
        (b'{"schema": "ludosimetry-case/1"}', "'time_points' is missing"),
    ],
)
def test_a_case_file_that_is_none(case_folder, refused, content, said):
    case_folder.file.write_bytes(content)
    message = refused()
    assert said in message
    assert str(case_folder.file) in message


def test_a_case_file_that_is_not_there(case_folder, refused):
    case_folder.file.unlink()
    assert "there is no case file" in refused()
    assert "there is no case file" in refused(file=case_folder.folder)


@pytest.mark.parametrize(
    ("keys", "near"),
    [
        (("time_point",), "'time_points'"),
        ((*POINT, "hour"), "'hours'"),
        ((*POINT, "calibration", "Bq_per_counts"), "'Bq_per_count'"),
        (("segmentation", "label"), "'labels'"),
        (("options", "dose-method"), "'dose_method'"),
    ],
)
def test_unknown_keys_name_the_nearest(case_folder, refused, keys, near):
    case_folder.change(*keys, to=1)
    message = refused()
    assert f"did you mean {near}?" in message
    assert repr(keys[-1]) in message


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (("time_points",), [], "at least one scan"),
        (("time_points",), {}, "must be a list"),
        (("time_points",), ["scan"], "expected a JSON object"),
        ((*POINT, "hours"), 0, "must be a number above 0"),
        ((*POINT, "hours"), -4, "hours is -4"),
        ((*POINT, "hours"), "24", "hours is '24'"),
        ((*POINT, "hours"), True, "hours is True"),
        ((*POINT, "hours"), None, "hours is None"),
        ((*POINT, "hours"), float("nan"), "hours is nan"),
        ((*POINT, "hours"), float("inf"), "hours is inf"),
        ((*POINT, "hours"), 10**400, "must be a number above 0"),
        ((*POINT, "hours"), 4.0, "two time points are both at 4 h"),
        ((*POINT, "spect"), "", "spect is ''"),
        ((*POINT, "spect"), 7, "spect is 7"),
        ((*POINT, "ct"), ["ct.nrrd"], "must be a text"),
        ((*POINT, "unit"), "bq/ml", "did you mean 'Bq/mL'?"),
        ((*POINT, "unit"), "counts", "there is no calibration"),
        ((*POINT, "calibration"), {"Bq_per_count": 1.0}, "only counts need"),
        (("reference_time_point",), 3, "allowed: 0 to 2"),
        (("reference_time_point",), -1, "at least 0"),
        (("reference_time_point",), 1.0, "whole number"),
        (("cycle",), 0, "at least 1"),
        (("patient_id",), 17, "must be a text"),
        (("nuclide",), "Lu177", "Lu-177"),
        (("administered_activity_MBq",), -7400, "above 0"),
        (("segmentation", "file"), None, "file is None"),
        (("segmentation", "labels"), [], "must be a JSON object"),
        (("segmentation", "labels"), {"1": "liver", "2": "liver"}, "'liver' more than once"),
        (("segmentation", "labels"), {"1": 5}, "must be a text"),
        (("segmentation", "differences"), {"rest": ["kidney"]}, "must be a list"),
        (("options",), [], "expected a JSON object"),
        (("options", "dose_method"), "multi_vsv", "did you mean 'multi-vsv'?"),
        (("options", "dose_method"), "montecarlo", "did you mean 'monte-carlo'?"),
        (("options", "compare_with"), "local", "must be a list"),
        (("options", "compare_with"), ["vsv-single"], "single-vsv"),
        (("options", "compare_with"), ["local", "local"], "more than once"),
        (("options", "media"), 0, "at least 1"),
        (("options", "media"), 7, "allowed: 20"),
        (("options", "histories"), 1e8, "whole number"),
        (("options", "seed"), -1, "at least 0"),
        (("options", "device"), "gpu", "allowed: auto, cpu, cuda"),
        (("options", "tail"), "none", "allowed: physical, effective"),
    ],
)
def test_values_that_are_not_allowed(case_folder, refused, keys, value, said):
    case_folder.change(*keys, to=value)
    message = refused()
    assert said in message
    assert len(message) < 600


@pytest.mark.parametrize(
    "calibration",
    [
        {},
        {"cps_per_MBq": 9.0},
        {"duration_s": 1800},
        {"Bq_per_count": 1.0, "duration_s": 1800},
        {"Bq_per_count": 0},
        {"cps_per_MBq": 9.0, "duration_s": float("nan")},
    ],
)
def test_half_a_calibration(case_folder, refused, calibration):
    case_folder.change(*POINT, "unit", to="counts")
    case_folder.change(*POINT, "calibration", to=calibration)
    assert "time_points[1]: calibration: " in refused()
