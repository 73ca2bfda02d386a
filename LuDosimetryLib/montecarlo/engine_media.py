"""Media for the engine, made from elemental compositions."""

from pathlib import Path

from ..tissue.compositions import ELEMENTS, Composition

_BONE_DONOR_CALCIUM = 0.13
"""Calcium mass fraction above which electron tables of cortical bone fit better than of soft tissue."""


def engine_media(compositions: list[Composition], engine_data: Path) -> tuple[bytes, list[str]]:
    """
    Add media to the engine's table of interaction data.

    Parameters
    ----------
    compositions : list of Composition
    engine_data : Path
        Data folder of the engine, with ``pegs4/521icru.pegs4dat``.

    Returns
    -------
    bytes, list of str
        Content of the ``.pegs4dat`` file, and the engine's name of each medium in the same order.
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
    return (text + "".join(added)).encode("ascii"), names


def _derived_medium(pegs: str, donor: str, name: str, composition: Composition) -> str:
    """Copy of a donor's record under another name and with other elements."""
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
        z, weight = ELEMENTS[symbol]
        elements.append(
            f" ASYM={symbol.upper():2s},Z={z:2d}.,A={weight:9.3f},"
            f"PZ={fraction / weight:12.5E},RHOZ={fraction:12.5E}\n"
        )
    header = f" MEDIUM={name:24s},STERNCID={name:24s}\n"
    return "".join([header, mixture, *elements, *rest])
