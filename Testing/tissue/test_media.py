"""Media of voxels by density and calcium."""

from itertools import pairwise

import numpy as np
import pytest

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.tissue.calcium import calcium_of, calcium_of_density
from LuDosimetryLib.tissue.compositions import read_composition
from LuDosimetryLib.tissue.density import density_of
from LuDosimetryLib.tissue.media import classify, read_media, read_monte_carlo_media


def test_the_twenty_media():
    media = read_media(20)
    assert len(media) == 20
    assert all(one.density_g_cm3 < denser.density_g_cm3 for one, denser in pairwise(media))
    without = [medium for medium in media if not medium.from_calcium]
    for medium, denser in pairwise(without):
        assert medium.from_g_cm3 <= medium.density_g_cm3 < denser.from_g_cm3
    soft = [m.from_g_cm3 for m in without if m.composition == "soft"]
    assert all(b - a < 0.05 for a, b in pairwise(soft))
    with pytest.raises(InvalidInput, match=r"options.media is 3; allowed: .*20"):
        read_media(3)


@pytest.mark.parametrize("media", [read_media(20), read_monte_carlo_media()])
def test_skeletal_media_have_the_calcium_of_their_voxels(media):
    skeletal = [medium for medium in media if medium.from_calcium]
    for medium, denser in pairwise(skeletal):
        calcium = read_composition(medium.composition).mass_fractions["Ca"]
        assert medium.from_calcium < calcium < denser.from_calcium


def test_each_density_has_its_medium():
    media = read_media(20)
    density = np.array([m.density_g_cm3 for m in media], np.float32)
    calcium = calcium_of_density(density)
    assert classify(density, calcium, media).tolist() == list(range(20))
    beyond = np.float32([0.0, 9.0])
    assert classify(beyond, calcium_of_density(beyond), media).tolist() == [0, 19]


def test_soft_tissue_with_contrast_medium_is_no_bone():
    # a liver of 72 to 119 HU is as dense as bone of 120 to 175 HU
    hu = np.float32([60.0, 78.0, 90.0, 119.0, 130.0, 140.0])
    density = density_of(hu)
    assert density[2] > density[4]
    media = read_media(20)
    names = [media[n].composition for n in classify(density, calcium_of(hu), media)]
    assert names == ["soft"] * 4 + ["skeletal-Ca4.5"] * 2


# mass per cent of calcium of Schneider 2000
@pytest.mark.parametrize(
    ("hu", "percent"),
    [
        (-1000, 0),
        (119, 0),
        (120, 4.5),
        (199, 4.5),
        (250, 6.4),
        (750, 14.6),
        (1050, 18.1),
        (3000, 21.0),
    ],
)
def test_calcium_by_steps(hu, percent):
    assert calcium_of(np.float32([hu]))[0] == pytest.approx(percent / 100.0)


def test_calcium_by_density_is_that_of_the_ct_number_of_bone():
    hu = np.arange(121.0, 1600.0, 7.0, np.float32)
    assert calcium_of_density(density_of(hu)) == pytest.approx(calcium_of(hu), abs=0.02)
    assert (calcium_of_density(density_of(hu)) == calcium_of(hu)).mean() > 0.95
