"""Compositions and the engine's media made of them."""

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.tissue.compositions import read_composition, read_compositions


def test_mass_fractions_sum_to_one():
    for composition in read_compositions().values():
        assert sum(composition.mass_fractions.values()) == pytest.approx(1.0, abs=1e-9)


# Schneider 2000, mass per cent of calcium
@pytest.mark.parametrize("calcium", [4.5, 6.4, 8.3, 11.7, 14.6, 18.1, 22.5])
def test_skeletal_calcium(calcium):
    assert read_composition(f"skeletal-Ca{calcium}").mass_fractions["Ca"] == pytest.approx(
        calcium / 100, rel=0.005
    )


def test_unknown_composition_names_the_known():
    with pytest.raises(InvalidInput, match="known compositions: water, air, lung"):
        read_composition("chalk")
