"""Tables of the study against values worked out by hand."""

import numpy as np
import pytest

from LuDosimetryLib.lab.training.evaluation import (
    METHODS,
    Evaluation,
    Moments,
    OrganRecord,
    TissueError,
)
from LuDosimetryLib.lab.training.study import (
    GROUPS,
    PAPER_MAE_PERCENT,
    correlation_table,
    group_of,
    organ_table,
    tissue_table,
)


def organ(name, reference, error=0.0, **by_method):
    doses = dict.fromkeys(METHODS, reference) | by_method
    return OrganRecord(name, reference, error, 10.0, doses)


def moments(seed):
    rng = np.random.default_rng(seed)
    reference = rng.random(50)
    return Moments.of(reference + 0.1 * rng.random(50), reference, np.full(50, 0.02))


def evaluation(patient, organs, tissues=None, seed=1):
    return Evaluation(
        patient,
        1,
        organs,
        {method: moments(seed + n) for n, method in enumerate(METHODS)},
        {method: moments(seed + n + 20) for n, method in enumerate(METHODS)},
        tissues or {},
    )


def tissue(voxels, mean, excess, noise):
    return TissueError(voxels, dict.fromkeys(METHODS, mean), dict.fromkeys(METHODS, excess), noise)


@pytest.fixture
def two():
    first = [
        organ("left kidney", 4.0, 0.02, unet=4.1),
        organ("right kidney", 5.0, 0.05, unet=4.9),
        organ("liver", 3.0, unet=9.0),
        organ("liver without tumours", 3.0, unet=3.03),
        organ("liver tumour 1", 20.0, unet=19.0),
        organ("lungs", 1.0, unet=1.0),
    ]
    second = [
        organ("left kidney", 6.0, 0.06, unet=6.0),
        organ("bone metastasis 1", 10.0, unet=10.2),
        organ("lymph node metastasis 2", 8.0, unet=8.0),
    ]
    return [
        evaluation(
            "a", first, {"bone": tissue(10, 1.0, 3.0, 2.0), "fat": tissue(5, 9.0, 1.0, 1.0)}
        ),
        evaluation("b", second, {"bone": tissue(30, -2.0, 4.0, 5.0)}, seed=5),
    ]


def test_groups(two):
    found = {group: [o.organ for o in group_of(two, group)] for group in GROUPS}
    assert found == {
        "kidneys": ["left kidney", "right kidney", "left kidney"],
        "lumbar marrow": [],
        "liver": ["liver without tumours"],
        "spleen": [],
        "tumours": ["liver tumour 1", "bone metastasis 1", "lymph node metastasis 2"],
        "lungs": ["lungs"],
        "urinary bladder": [],
    }


def test_a_liver_without_tumours_is_the_liver():
    """A patient free of liver tumours has no volume of its own for the rest of the liver."""
    found = group_of([evaluation("a", [organ("liver", 3.0)])], "liver")
    assert [o.organ for o in found] == ["liver"]


def test_organ_table(two):
    rows = {row["volumes of interest"]: row for row in organ_table(two)}
    assert list(rows) == ["kidneys", "liver", "tumours", "lungs"]
    kidneys = rows["kidneys"]
    assert kidneys["number"] == 3
    assert kidneys["Monte Carlo mean [Gy]"] == pytest.approx(5.0)
    assert kidneys["Monte Carlo SD [Gy]"] == pytest.approx(1.0)
    assert kidneys["Monte Carlo standard error [%]"] == pytest.approx((0.5 + 1.0 + 1.0) / 3)
    # +2.5 %, -2 % and 0
    assert kidneys["unet MAE [%]"] == pytest.approx(1.5)
    assert kidneys["unet bias [%]"] == pytest.approx(0.5 / 3)
    assert kidneys["unet greatest [%]"] == pytest.approx(2.5)
    assert kidneys["multi-vsv MAE [%]"] == 0.0
    # -5 %, +2 %, 0
    assert rows["tumours"]["unet MAE [%]"] == pytest.approx(7 / 3)
    assert rows["liver"]["unet MAE [%]"] == pytest.approx(1.0)
    assert rows["liver"]["Monte Carlo SD [Gy]"] == 0.0


def test_correlation_table(two):
    rows = {row["method"]: row for row in correlation_table(two)}
    assert list(rows) == [*METHODS, "perfect method"]
    for n, method in enumerate(METHODS):
        for column, offset in (("r", 0), ("r below 5 Gy", 20)):
            expected = moments(1 + n + offset) + moments(5 + n + offset)
            assert rows[method][column] == expected.r
    last = moments(1 + len(METHODS) - 1) + moments(5 + len(METHODS) - 1)
    assert rows["perfect method"]["r"] == last.perfect_r


def test_tissue_table(two):
    bone, fat = tissue_table(two)
    assert (bone["tissue"], fat["tissue"]) == ("bone", "fat")
    assert (bone["voxels"], fat["voxels"]) == (40, 5)
    assert bone["Monte Carlo noise [%]"] == pytest.approx(np.sqrt((4 + 25) / 2))
    assert bone["unet [%]"] == pytest.approx(np.sqrt((9 + 16) / 2))
    assert bone["unet mean [%]"] == pytest.approx(-0.5)
    assert fat["unet [%]"] == pytest.approx(1.0)


def test_the_paper_s_figures():
    """Kim et al. 2022, Table 1."""
    assert PAPER_MAE_PERCENT["unet"] == (1.04, 0.81, 0.54, 1.34, 3.18)
    assert PAPER_MAE_PERCENT["multi-vsv"] == (1.56, 1.21, 2.79, 2.28, 4.66)
    assert PAPER_MAE_PERCENT["single-vsv"] == (5.45, 11.84, 6.82, 9.30, 13.62)
