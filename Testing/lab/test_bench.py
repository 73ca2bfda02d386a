"""The ``bench`` verb."""

import json

import numpy as np
import pytest

from LuDosimetryLib.commands.main import main
from LuDosimetryLib.lab.bench import methods_to_measure, synthetic_patient


@pytest.mark.slow
def test_json_has_the_contract_s_keys(capsys):
    assert main(["bench", "--grid", "24", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["grid"] == [24, 24, 24]
    assert found["device"] in ("cpu", "cuda")
    assert set(found["methods"]) == set(methods_to_measure())
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


def test_synthetic_patient_has_all_that_a_patient_has():
    grid, hu, activity = synthetic_patient(48)
    assert hu.shape == activity.shape == grid.shape
    assert (hu < -900).any()
    for low, high in ((-900, -500), (-200, -50), (0, 100), (200, 900)):
        assert np.mean((hu > low) & (hu < high)) > 1e-3
    assert activity.max() > 20.0 * np.median(activity[activity > 0])
