"""The ``bench`` verb."""

import json
import sys

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.dose_methods import DOSE_METHODS
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.lab.bench import (
    BenchReport,
    _run_method,
    left_out,
    methods_to_measure,
    synthetic_patient,
)


@pytest.mark.slow
def test_json_has_the_contract_s_keys(capsys):
    assert main(["bench", "--grid", "24", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["grid"] == [24, 24, 24]
    assert found["device"] in ("cpu", "cuda")
    assert set(found["methods"]) == set(methods_to_measure())
    assert set(found["left_out"]) == set(DOSE_METHODS) - set(found["methods"])
    for method in found["methods"].values():
        assert method["seconds"] >= 0.0
        assert method["peak_MB"] > 50.0
        assert {"read", "integrate", "dose", "write", "total"} <= set(method["stages_s"])
    assert found["plain_fftconvolve_20_seconds"] > 0.0
    assert found["multi_vsv_on_device_seconds"] > 0.0


def test_what_is_measured_takes_seconds():
    measured = methods_to_measure()
    assert {"local", "single-vsv", "multi-vsv", "split-vsv"} <= set(measured)
    assert "monte-carlo" not in measured
    assert set(measured) | set(left_out()) == set(DOSE_METHODS)


def test_a_method_that_is_not_available_is_left_out_with_the_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "unet" not in methods_to_measure()
    assert "onnxruntime" in left_out()["unet"]
    report = BenchReport([8] * 3, "cpu", {}, left_out(), None, 0.1)
    (line,) = (text for text in report.as_text().splitlines() if "unet" in text)
    assert line.split()[:3] == ["unet", "left", "out:"]


@pytest.mark.slow
def test_no_other_method_is_measured_under_its_name(monkeypatch, case_folder):
    """The time of another method never stands for that of the network."""
    case_folder.data["options"].pop("dose_method", None)
    case_folder.write()
    measured = _run_method(case_folder.file, "unet")
    assert measured.seconds > 0.0
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InvalidInput, match="'unet' is not available"):
        _run_method(case_folder.file, "unet")


def test_synthetic_patient_has_all_that_a_patient_has():
    grid, hu, activity = synthetic_patient(48)
    assert hu.shape == activity.shape == grid.shape
    assert (hu < -900).any()
    for low, high in ((-900, -500), (-200, -50), (0, 100), (200, 900)):
        assert np.mean((hu > low) & (hu < high)) > 1e-3
    assert activity.max() > 20.0 * np.median(activity[activity > 0])
