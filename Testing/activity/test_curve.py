import csv
import io
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from LuDosimetryLib.activity.curve import VoiCurve, curve_table, exponential_tia
from LuDosimetryLib.activity.curve_fit import fit_curve
from LuDosimetryLib.tissue.nuclide import read_nuclide

DECAY = read_nuclide("Lu-177").decay_constant_per_h
HOURS = (4.0, 24.0, 48.0, 96.0, 168.0)


def curves() -> list[VoiCurve]:
    t = np.array(HOURS)
    washout = 100.0 * 2.0 ** (-t / 60.0)
    uptake = 100.0 * (2.0 ** (-t / 88.0) - 2.0 ** (-t / 6.0))
    phases = 60.0 * 2.0 ** (-t / 8.0) + 40.0 * np.exp(-DECAY * t)
    rising = (1.0, 2.0, 3.0, 4.0, 5.0)
    return [
        fit_curve(f"VOI {n}", HOURS, list(values), DECAY, "physical")
        for n, values in enumerate((washout, uptake, phases, rising))
    ]


def test_there_is_a_curve_of_every_model():
    assert [curve.model for curve in curves()] == [
        "mono-exponential",
        "bi-exponential",
        "two-phase washout",
        "trapezoid",
    ]


@pytest.mark.parametrize("curve", curves()[:3], ids=lambda curve: curve.model)
def test_the_formula_as_written_gives_the_curve(curve):
    """What stands in result.json must be enough to draw the curve."""
    _, formula = curve.formula.split(" = ")
    for t in (0.0, 10.0, 100.0):
        value = eval(formula, {"exp": np.exp, "t": t, **curve.parameters})
        assert value == pytest.approx(float(curve.activity_at([t])[0]), rel=1e-9)


@pytest.mark.parametrize("curve", curves(), ids=lambda curve: curve.model)
def test_the_integral_is_that_of_the_curve(curve):
    def at(t: float) -> float:
        return float(curve.activity_at([t])[0])

    edges = [0.0, *HOURS, 1000.0, 8000.0]
    area = sum(quad(at, a, b, limit=200)[0] for a, b in pairwise(edges))
    assert curve.tia_MBq_h == pytest.approx(area, rel=1e-5)
    if curve.terms:
        assert curve.tia_MBq_h == pytest.approx(exponential_tia(curve.terms), rel=1e-12)


@pytest.mark.parametrize("curve", curves(), ids=lambda curve: curve.model)
def test_the_trapezoid_passes_through_the_scans(curve):
    np.testing.assert_allclose(curve.trapezoid_at(HOURS), curve.activity_MBq, rtol=1e-12)
    assert curve.trapezoid_at([0.0, 2.0]).tolist() == [0.0, curve.activity_MBq[0] / 2.0]
    last = curve.activity_MBq[-1] * np.exp(-DECAY * 100.0)
    assert curve.trapezoid_at([268.0])[0] == pytest.approx(last, rel=1e-5)


def test_json_has_all_that_a_plot_needs():
    for curve in curves():
        data = json.loads(json.dumps(curve.as_dict(), allow_nan=False))
        assert data["hours"] == list(HOURS)
        assert data["name"] == curve.name
        assert len(data["fit_hours"]) == len(data["fit_activity_MBq"]) == 121
        assert (data["fit_hours"][0], data["fit_hours"][-1]) == (0.0, 1.5 * HOURS[-1])
        sampled = curve.activity_at(data["fit_hours"])
        np.testing.assert_allclose(data["fit_activity_MBq"], sampled, rtol=1e-6, atol=1e-12)


def test_the_table_has_a_row_for_every_scan():
    curve = replace(curves()[0], name='a "b", c')
    rows = list(csv.DictReader(io.StringIO(curve_table([curve, curves()[3]]))))
    assert len(rows) == 2 * len(HOURS)
    assert [row["name"] for row in rows[:2]] == ['a "b", c'] * 2
    assert float(rows[1]["hours"]) == 24.0
    assert float(rows[1]["activity_MBq"]) == pytest.approx(curve.activity_MBq[1], rel=1e-5)
    assert float(rows[1]["fit_MBq"]) == pytest.approx(curve.activity_MBq[1], rel=1e-5)
    assert rows[0]["parameters"].startswith("amplitude_MBq = 100; rate_per_h = 0.0115")
    assert rows[-1]["tia_standard_uncertainty_MBq_h"] == ""
