import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.organs.organ_dose import cumulative_dvh, mean_dose, organ_doses

GRID = Grid.axial((1, 1, 4), (10.0, 10.0, 10.0))
ALL = np.ones(GRID.shape, bool)


def line(*values) -> np.ndarray:
    return np.array(values, np.float32).reshape(GRID.shape)


def test_an_organ_by_hand():
    """Eq. 2: masses 1, 2, 3 g of doses 4, 1, 2 Gy; a voxel of air counts for volume and TIA alone."""
    dose, density = line(4, 1, 2, 9), line(1, 2, 3, 0.001)
    (organ,) = organ_doses(
        {"organ": ALL},
        {"a": dose, "b": 2 * dose},
        "a",
        line(1, 2, 3, 4),
        density,
        density > 0.05,
        GRID,
    )
    assert organ.volume_mL == pytest.approx(4.0)
    assert organ.mass_g == pytest.approx(6.0)
    assert organ.tia_MBq_h == pytest.approx(10.0)
    assert organ.mean_dose_Gy == pytest.approx(2.0)
    assert organ.std_dose_Gy == pytest.approx(np.sqrt((1 * 4 + 2 * 1 + 3 * 0) / 6))
    assert (organ.min_dose_Gy, organ.max_dose_Gy) == (1.0, 4.0)
    assert organ.dose_by_method_Gy == pytest.approx({"a": 2.0, "b": 4.0})
    assert mean_dose(dose, density, density > 0.05) == pytest.approx(2.0)


def test_doses_at_a_part_of_the_volume():
    dose = np.arange(1001, dtype=np.float32).reshape(7, 11, 13)
    grid, every = Grid.axial(dose.shape, (1.0, 1.0, 1.0)), np.ones(dose.shape, bool)
    one = np.ones(dose.shape, np.float32)
    (organ,) = organ_doses({"v": every}, {"m": dose}, "m", one, one, every, grid)
    assert (organ.D98_Gy, organ.D50_Gy, organ.D2_Gy) == pytest.approx((20.0, 500.0, 980.0))
    dvh = cumulative_dvh(dose, {"v": every}, every)
    received = np.interp([20.0, 500.0, 980.0], dvh.dose_Gy, dvh.volume_percent["v"])
    assert received == pytest.approx([98.0, 50.0, 2.0], abs=0.2)


def test_a_volume_without_mass_is_an_error():
    with pytest.raises(InvalidInput, match=r"'gas' has no mass: all of its 4 voxels"):
        organ_doses(
            {"gas": ALL},
            {"m": line(1, 1, 1, 1)},
            "m",
            line(1, 1, 1, 1),
            line(0, 0, 0, 0),
            ~ALL,
            GRID,
        )


@given(st.lists(st.floats(0, 1e3, width=32), min_size=8, max_size=8))
def test_histograms_fall_from_all_to_nothing(doses):
    dose = np.array(doses, np.float32).reshape(2, 2, 2)
    every = np.ones(dose.shape, bool)
    part = every.copy()
    part[0] = False
    dvh = cumulative_dvh(dose, {"all": every, "part": part}, every)
    assert dvh.dose_Gy[0] == 0.0
    for curve in dvh.volume_percent.values():
        assert (curve[0], curve[-1]) == (100.0, 0.0)
        assert (np.diff(curve) <= 0.0).all()


def test_no_volumes_no_histograms():
    assert cumulative_dvh(line(1, 2, 3, 4), {}, ALL).volume_percent == {}
