"""Point kernels made afresh, with few histories, against those shipped."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.kernels.point import point_kernel_provenance, read_point_kernels
from LuDosimetryLib.lab.kernels.absorption import measured_ratios
from LuDosimetryLib.lab.kernels.build import (
    ELECTRON_NODES,
    PHOTON_NODES,
    SMOOTH_NODES,
    build_point_kernels,
    simulate_point_source,
    smoothed,
)
from LuDosimetryLib.tissue.compositions import read_composition
from LuDosimetryLib.tissue.nuclide import read_nuclide

pytest.importorskip("ompmc")
LU177 = read_nuclide("Lu-177")


@pytest.mark.slow
@pytest.mark.parametrize("composition", ["water", "lung", "cortical-bone"])
def test_electrons_equal_the_shipped(composition):
    within = simulate_point_source(LU177, read_composition(composition), "electron", 20_000, 99)
    shipped = read_point_kernels()[composition].electrons(ELECTRON_NODES)
    # of 20 000 electrons: under 0.4 % of the energy at any radius
    assert np.abs(within - shipped).max() < 0.004 * 147.92


@pytest.mark.slow
@pytest.mark.parametrize("composition", ["soft", "skeletal-Ca8.3"])
def test_photons_equal_the_shipped(composition):
    histories = 300_000
    within = simulate_point_source(LU177, read_composition(composition), "photon", histories, 98)
    shipped = read_point_kernels()[composition].photons
    assert np.abs(within - shipped(PHOTON_NODES)).max() < 0.004 * 35.1
    smooth = smoothed(within, histories)
    assert smooth[-1] == pytest.approx(within[-1], rel=1e-12)
    assert np.abs(smooth - shipped(SMOOTH_NODES)).max() < 0.004 * 35.1


@pytest.mark.slow
def test_absorption_ratio_against_the_shipped():
    soft, bone = read_composition("soft"), read_composition("skeletal-Ca8.3")
    mean, error = measured_ratios(LU177, soft, [bone], 500_000, 97, Log())[bone.name]
    kernels = read_point_kernels()
    radii = np.array([8.0, 12.0])
    shipped = np.diff(kernels[bone.name].photons_in_soft_tissue(radii)) / np.diff(
        kernels["soft"].photons(radii)
    )
    assert abs(mean[3] - shipped[0]) < 4.0 * error[3] + 0.02


def test_shipped_kernels_say_how_they_were_made():
    made = point_kernel_provenance()
    assert made["nuclide"] == "Lu-177"
    assert made["engine"].startswith("ompmc ")
    assert made["histories_per_composition"]["photon"] >= 1_000_000
    assert set(made["compositions"]) == set(read_point_kernels())


def test_cancelled_build_leaves_nothing(tmp_path):
    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        build_point_kernels(tmp_path / "kernels.npz", 1000, 1000, 1, Log(stop))
    assert list(tmp_path.iterdir()) == []
