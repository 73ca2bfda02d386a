"""Elemental compositions of tissues."""

import csv
from dataclasses import dataclass
from functools import cache

from ..base.errors import InvalidInput
from ..base.resources import resource

ELECTRON_REST_MEV = 0.511

ELEMENTS = {
    "H": (1, 1.008), "C": (6, 12.011), "N": (7, 14.007), "O": (8, 15.999),
    "Na": (11, 22.990), "Mg": (12, 24.305), "P": (15, 30.974), "S": (16, 32.06),
    "Cl": (17, 35.45), "Ar": (18, 39.95), "K": (19, 39.098), "Ca": (20, 40.078),
}  # fmt: skip
"""Atomic number and atomic weight (IUPAC 2021, rounded as in the engine's data) by symbol."""


@dataclass(frozen=True)
class Composition:
    """
    Elemental composition of a tissue; its density is given separately, per voxel.

    Attributes
    ----------
    name : str
    mass_fractions : dict of str to float
        Element symbol to mass fraction; they sum to 1.
    engine_medium : str or None
        Medium of this composition that ships with the engine. Where there is none, photon data
        follow the composition and the electron tables are those of the nearest engine medium.
    source : str
    """

    name: str
    mass_fractions: dict[str, float]
    engine_medium: str | None
    source: str


@cache
def read_compositions() -> dict[str, Composition]:
    """Read all compositions of ``Resources/Media/compositions.csv``, by name."""
    with resource("Media", "compositions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    compositions = {}
    for row in rows:
        percent = {element: float(row[element] or 0.0) for element in ELEMENTS}
        total = sum(percent.values())
        compositions[row["name"]] = Composition(
            row["name"],
            {element: p / total for element, p in percent.items() if p > 0.0},
            row["engine_medium"] or None,
            row["source"],
        )
    return compositions


def read_composition(name: str) -> Composition:
    """
    Read one composition by name.

    Raises
    ------
    InvalidInput
        If no composition has that name.
    """
    known = read_compositions()
    if name not in known:
        raise InvalidInput(f"composition is {name!r}; known compositions: {', '.join(known)}.")
    return known[name]
