"""Point kernels made afresh, with few histories, against those shipped."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.kernels.point import read_point_kernels
from LuDosimetryLib.lab.kernels.absorption import measured_ratios
from LuDosimetryLib.lab.kernels.build import (
    PHOTON_NODES,
    SMOOTH_NODES,
    build_point_kernels,
    electron_nodes,
    electron_reach_g_cm2,
    simulate_point_source,
    smoothed,
)
from LuDosimetryLib.tissue.compositions import read_composition
from LuDosimetryLib.tissue.nuclide import read_nuclide

pytest.importorskip("ompmc")
LU177 = read_nuclide("Lu-177")
SHIPPED = read_point_kernels("Lu-177")


@pytest.mark.slow
@pytest.mark.parametrize("composition", ["water", "lung", "cortical-bone"])
def test_electrons_equal_the_shipped(composition):
    within = simulate_point_source(LU177, read_composition(composition), "electron", 20_000, 99)
    shipped = SHIPPED.by_composition[composition].electrons(
        electron_nodes(SHIPPED.electron_reach_g_cm2)
    )
    # of 20 000 electrons: under 0.4 % of the energy at any radius
    assert np.abs(within - shipped).max() < 0.004 * 147.92


@pytest.mark.slow
@pytest.mark.parametrize("composition", ["soft", "skeletal-Ca8.3"])
def test_photons_equal_the_shipped(composition):
    histories = 300_000
    within = simulate_point_source(LU177, read_composition(composition), "photon", histories, 98)
    shipped = SHIPPED.by_composition[composition].photons
    assert np.abs(within - shipped(PHOTON_NODES)).max() < 0.004 * 35.1
    smooth = smoothed(within, histories)
    assert smooth[-1] == pytest.approx(within[-1], rel=1e-12)
    assert np.abs(smooth - shipped(SMOOTH_NODES)).max() < 0.004 * 35.1


@pytest.mark.slow
def test_absorption_ratio_against_the_shipped():
    soft, bone = read_composition("soft"), read_composition("skeletal-Ca8.3")
    mean, error = measured_ratios(LU177, soft, [bone], 500_000, 97, Log())[bone.name]
    kernels = SHIPPED.by_composition
    radii = np.array([8.0, 12.0])
    shipped = np.diff(kernels[bone.name].photons_in_soft_tissue(radii)) / np.diff(
        kernels["soft"].photons(radii)
    )
    assert abs(mean[3] - shipped[0]) < 4.0 * error[3] + 0.02


def test_shipped_kernels_say_how_they_were_made():
    made = SHIPPED.provenance
    assert made["nuclide"] == SHIPPED.nuclide == "Lu-177"
    assert electron_reach_g_cm2(LU177) == SHIPPED.electron_reach_g_cm2 == 0.2
    assert made["engine"].startswith("ompmc ")
    assert made["histories_per_composition"]["photon"] >= 1_000_000
    assert set(made["compositions"]) == set(SHIPPED.by_composition)


def test_cancelled_build_leaves_nothing(tmp_path):
    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        build_point_kernels(tmp_path / "kernels.npz", 1000, 1000, 1, Log(stop), LU177)
    assert list(tmp_path.iterdir()) == []
