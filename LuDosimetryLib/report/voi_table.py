"""Tables of volumes of interest, in groups; those of less interest are folded."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from ..organs.quantities import OrganDose
from ..result.asked import AskedCase
from ..voi.groups import Arrangement, arranged
from .page import Html, folded, grouped_table, joined, swatch, table, voi_text
from .palette import organ_style

__all__ = ["arranged_vois", "in_figures", "voi_table"]


class WithOrgans(Protocol):
    """A result, in memory or as read from its folder."""

    @property
    def organs(self) -> Sequence[OrganDose]:
        """Doses of its volumes of interest."""

    @property
    def asked(self) -> AskedCase:
        """Its case."""


def arranged_vois(result: WithOrgans) -> Arrangement:
    """Arrange the volumes of interest of a result, as its case asks."""
    volumes = {organ.name: organ.volume_mL for organ in result.organs}
    return arranged(volumes, result.asked.options.report_vois, volumes)


def voi_table(
    headings: Sequence[Html],
    rows: Iterable[tuple[str, Sequence[Html]]],
    arrangement: Arrangement,
    *,
    main_column: int | None = None,
    warned: Collection[str] = (),
) -> Html:
    """
    A table of volumes of interest in groups, followed by the folded ones.

    Parameters
    ----------
    headings : sequence of Html
        The first is that of the names.
    rows : iterable of (str, sequence of Html)
        Name of a volume and its further cells; a volume may have several rows.
    arrangement : Arrangement
    main_column : int, optional
        Column to be set in bold.
    warned : collection of str
        Names of volumes that warnings concern; the line of a folded group states how many it has.
    """
    places = arrangement.places
    cells: dict[str, list[list[Html]]] = {}
    for name, row in rows:
        cells.setdefault(name, []).append([voi_name(name, places.get(name)), *row])

    def of(names: Iterable[str]) -> list[list[Html]]:
        return [row for name in names for row in cells.get(name, [])]

    open_ = [(group.heading, of(group.shown)) for group in arrangement.groups]
    parts = []
    if any(inside for _, inside in open_):
        parts.append(grouped_table(headings, [g for g in open_ if g[1]], main_column=main_column))
    for group in arrangement.groups:
        if inside := of(group.folded):
            there = [name for name in group.folded if name in cells]
            marked = sum(name in warned for name in there)
            more = " more" if group.shown and group.title else ""
            parts.append(
                folded(
                    group.title or "Other volumes",
                    f"({len(there)}{more}{f'; ⚠ {marked} with warnings' if marked else ''})",
                    table(headings, inside, main_column=main_column),
                )
            )
    return joined(parts)


def voi_name(name: str, place: int | None) -> Html:
    """The name of a volume, with its colour in the pictures if they show it."""
    if place is None:
        return voi_text(name)
    colour, dashes = organ_style(place)
    return swatch(colour, name, dashes)


def in_figures(arrangement: Arrangement, file: str) -> str:
    """State which volumes a figure shows and which file has all; empty if the figure shows all."""
    if not arrangement.folded:
        return ""
    count = len(arrangement.shown)
    return (
        f"Shown: {count} of {count + len(arrangement.folded)} volumes of interest, those that the tables show unfolded "
        f"(option report_vois); {file} has all."
    )
