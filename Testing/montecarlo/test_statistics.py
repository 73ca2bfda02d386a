"""Mean and standard error of batches."""

import numpy as np
import pytest

from LuDosimetryLib.montecarlo.patient import Absorbed
from LuDosimetryLib.montecarlo.statistics import BatchStatistics

SHAPE = (2, 3, 4)


@pytest.fixture
def batches():
    return np.random.default_rng(6).normal(100.0, 3.0, (12, *SHAPE))


def statistics_of(batches, regions):
    done = BatchStatistics.none_of(SHAPE, regions)
    for batch in batches:
        done.add(Absorbed(batch, {"electron": 5, "photon": 2}), regions)
    return done


def test_voxels(batches):
    done = statistics_of(batches, {})
    np.testing.assert_allclose(done.mean, batches.mean(axis=0), rtol=1e-12)
    expected = batches.std(axis=0, ddof=1) / np.sqrt(12)
    np.testing.assert_allclose(done.standard_error(), expected, rtol=1e-9)
    some = batches[0] > 100.0
    np.testing.assert_allclose(done.standard_error(some), expected[some], rtol=1e-9)
    assert done.followed == {"electron": 60, "photon": 24}


def test_regions_count_the_correlation_of_their_voxels(batches):
    """What one voxel loses its neighbour gains: the sum is certain though the voxels are not."""
    batches[:, 0, 0, 1] = 200.0 - batches[:, 0, 0, 0]
    region = np.zeros(SHAPE, bool)
    region[0, 0, :2] = True
    done = statistics_of(batches, {"pair": region})
    assert done.regions["pair"] == pytest.approx([200.0] * 12)
    assert done.region_standard_errors()["pair"] == pytest.approx(0.0, abs=1e-12)
    assert done.standard_error()[0, 0, 0] > 0.3


def test_a_region_without_energy_has_no_relative_error():
    region = np.ones(SHAPE, bool)
    done = statistics_of(np.zeros((3, *SHAPE)), {"nothing": region})
    assert done.relative_region_error("nothing") == float("inf")
