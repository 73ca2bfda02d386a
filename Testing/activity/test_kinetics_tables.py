"""The tables of bias and spread in Resources/Validation are what their command makes."""

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_kinetics_tables", ROOT / "Testing" / "support" / "make_kinetics_tables.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables() -> dict[tuple[str, ...], tuple[float, float]]:
    with (ROOT / "Resources/Validation/kinetics.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {tuple(row[:4]): (float(row[4]), float(row[5])) for row in rows}


def test_every_model_on_every_kinetics_and_number_of_scans(study, tables):
    scans = [", ".join(f"{t:g}" for t in hours) for hours in study.SCANS]
    assert [len(hours) for hours in study.SCANS] == [2, 3, 4, 5]
    for kinetics in study.KINETICS:
        for hours, listed in zip(study.SCANS, scans, strict=True):
            ways = {key[3] for key in tables if key[1:3] == (kinetics.name, listed)}
            assert ways == set(study._possible(hours))
    text = (ROOT / "Resources/Validation/kinetics.md").read_text(encoding="utf-8")
    for (_, kinetics, hours, _), (bias, sd) in tables.items():
        (line, *_) = [x for x in text.splitlines() if x.startswith(f"| {kinetics} | {hours} |")]
        assert line.count("|") == 3 + len(study.WAYS)
        assert np.isfinite([bias, sd]).all()


@pytest.mark.parametrize(
    ("number", "scans", "of", "draws"),
    [(3, 2, "volumes", 60), (0, 0, "voxels", 4000), (3, 3, "voxels", 4000)],
)
def test_other_draws_give_the_same(study, tables, number, scans, of, draws):
    kinetics, hours = study.KINETICS[number], study.SCANS[scans]
    row = getattr(study, f"of_{of}")(kinetics, hours, draws, 1000 + number)
    listed = ", ".join(f"{t:g}" for t in hours)
    for way, (bias, sd) in row.items():
        told, told_sd = tables[of, kinetics.name, listed, way]
        assert abs(bias - told) < 4.0 * told_sd / draws**0.5 + 0.3, way
        assert sd == pytest.approx(told_sd, rel=4.0 / (2.0 * draws) ** 0.5 + 0.05), way


def test_what_the_tables_say(tables):
    """Fits have little bias where the scans can show the kinetics; the trapezoid has more."""
    for (_, kinetics, hours, way), (bias, _) in tables.items():
        four = hours.count(",") > 2
        if way == "hybrid" and "two" not in kinetics and ("uptake" not in kinetics or four):
            assert abs(bias) < 1.0
        if way == "mono-exponential" and "washout, " in kinetics and "uptake" not in kinetics:
            assert abs(bias) < 2.0
        if way == "trapezoid" and "two" not in kinetics:
            assert bias > 4.0
