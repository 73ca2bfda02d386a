"""Elemental compositions, and the engine's media made of them."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.resources import resource
from ..montecarlo.engine_files import Nameless

ELECTRON_REST_MEV = 0.511

# Z and atomic weight (IUPAC 2021, rounded as in the engine's own data)
_ELEMENTS = {
    "H": (1, 1.008), "C": (6, 12.011), "N": (7, 14.007), "O": (8, 15.999),
    "Na": (11, 22.990), "Mg": (12, 24.305), "P": (15, 30.974), "S": (16, 32.06),
    "Cl": (17, 35.45), "Ar": (18, 39.95), "K": (19, 39.098), "Ca": (20, 40.078),
}  # fmt: skip

_BONE_DONOR_CALCIUM = 0.13
"""Calcium mass fraction from which electron tables of cortical bone fit better than of soft tissue."""


@dataclass(frozen=True)
class Composition:
    """
    What a tissue is made of; its density is given apart, per voxel.

    Attributes
    ----------
    name : str
    mass_fractions : dict of str to float
        Element symbol to mass fraction; they sum to 1.
    engine_medium : str or None
        The engine's own medium of this composition. Where it has none, the photon data follow
        the composition and the electron tables are those of the nearest engine medium.
    source : str
    """

    name: str
    mass_fractions: dict[str, float]
    engine_medium: str | None
    source: str


@cache
def read_compositions() -> dict[str, Composition]:
    """All compositions of ``Resources/Media/compositions.csv``, by name."""
    with resource("Media", "compositions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    compositions = {}
    for row in rows:
        percent = {element: float(row[element] or 0.0) for element in _ELEMENTS}
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
    One composition by name.

    Raises
    ------
    InvalidInput
        If there is none of that name.
    """
    known = read_compositions()
    if name not in known:
        raise InvalidInput(f"composition is {name!r}; known compositions: {', '.join(known)}.")
    return known[name]


@contextmanager
def written_media(
    compositions: list[Composition], engine_data: Path
) -> Iterator[tuple[Path, list[str]]]:
    """
    Write the engine's interaction file with these media added; it is gone afterwards.

    Parameters
    ----------
    compositions : list of Composition
    engine_data : Path
        The engine's data folder, which holds ``pegs4/521icru.pegs4dat``.

    Yields
    ------
    Path, list of str
        The file, and the engine's name of each medium in the order given.
    """
    text = (engine_data / "pegs4" / "521icru.pegs4dat").read_text(encoding="ascii")
    names, added = [], []
    for index, composition in enumerate(compositions):
        if composition.engine_medium is not None:
            names.append(composition.engine_medium)
            continue
        names.append(f"TISSUE{index:02d}")
        calcium = composition.mass_fractions.get("Ca", 0.0)
        donor = "ICRPBONE521ICRU" if calcium >= _BONE_DONOR_CALCIUM else "ICRUTISSUE521ICRU"
        added.append(_derived_medium(text, donor, names[-1], composition))
    content = (text + "".join(added)).encode("ascii")
    with Nameless.holding({".pegs4dat": content}) as files:
        yield files.base.with_suffix(".pegs4dat"), names


def _derived_medium(pegs: str, donor: str, name: str, composition: Composition) -> str:
    """A copy of the donor's record under another name with other elements."""
    start = pegs.index(f" MEDIUM={donor} ")
    end = pegs.find(" MEDIUM=", start + 1)
    lines = pegs[start : end if end > 0 else None].splitlines(keepends=True)
    is_element = [line.startswith(" ASYM=") for line in lines]
    first = is_element.index(True)
    rest = lines[first + sum(is_element) :]
    before, _, after = lines[1].partition("NE=")
    mixture = f"{before}NE={len(composition.mass_fractions):2d},{after.partition(',')[2]}"
    elements = []
    for symbol, fraction in composition.mass_fractions.items():
        z, weight = _ELEMENTS[symbol]
        elements.append(
            f" ASYM={symbol.upper():2s},Z={z:2d}.,A={weight:9.3f},"
            f"PZ={fraction / weight:12.5E},RHOZ={fraction:12.5E}\n"
        )
    header = f" MEDIUM={name:24s},STERNCID={name:24s}\n"
    return "".join([header, mixture, *elements, *rest])
