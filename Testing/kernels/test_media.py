"""Point kernels of media, and few kernels for many."""

import numpy as np
import pytest

from LuDosimetryLib.kernels.media import combine, few_for_many, long_range, whole_kernel
from LuDosimetryLib.kernels.point import read_point_kernels
from LuDosimetryLib.tissue.media import read_media


@pytest.mark.parametrize("number", [0, 5, 10, 19])
def test_short_and_long_range_make_up_the_whole(number):
    medium = read_media(20)[number]
    kernels = read_point_kernels("Lu-177")
    kernel = kernels.by_composition[medium.composition]
    short, long = whole_kernel(kernels, medium)
    total = short.within[-1] + long.within[-1]
    whole = kernel.electrons.within[-1] + kernel.photons.within[-1]
    assert total == pytest.approx(whole, rel=1e-9)
    # nothing of the electrons is long-range but bremsstrahlung: a few parts in ten thousand
    assert long.within[-1] - kernel.photons.within[-1] < 1e-3 * whole


def test_few_for_many_of_dependent_rows_is_exact():
    rng = np.random.default_rng(0)
    kernels = rng.random((10, 3)) @ rng.random((3, 50))
    expand, reduce = few_for_many(kernels, lambda a, e: float(np.abs(a - e).max()), 1e-10)
    assert expand.shape == (10, 3)
    np.testing.assert_allclose(expand @ (reduce @ kernels), kernels, atol=1e-10)


def test_combined_kernels_keep_their_tolerance():
    deposits = [long_range(read_point_kernels("Lu-177"), medium, 2.0) for medium in read_media(20)]
    expand, few = combine(deposits, 0.4, 60.0, 1e-3)
    assert len(few) < 20
    radius = np.arange(0.0, 60.0, 0.4)
    basis = np.array([np.diff(deposit(radius)) for deposit in few])
    exact = np.array([np.diff(deposit(radius)) for deposit in deposits])
    # the few are tabulated anew, which costs up to half the tolerance more
    scale = np.maximum(exact, 1e-3 * exact.max(axis=1, keepdims=True))
    assert (np.abs(expand @ basis - exact) / scale).max() < 1.5e-3


def test_tissue_behind_soft_tissue_absorbs_by_its_calcium():
    kernels = read_point_kernels("Lu-177").by_composition
    within = [
        kernels[name].photons_in_soft_tissue(np.array([15.0]))[0]
        for name in ("adipose", "soft", "skeletal-Ca4.5", "skeletal-Ca11.7", "skeletal-Ca18.1")
    ]
    assert within == sorted(within)
    # photon dose in bone is 30 to 45 % low where its photo-electric absorption is ignored
    assert 1.2 < within[2] / within[1] < within[3] / within[1] < 2.3
