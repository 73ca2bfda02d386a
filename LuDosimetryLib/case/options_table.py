"""The reference table of the options, for the documentation."""

import json
from collections.abc import Iterator
from dataclasses import MISSING

from .json_fields import json_of
from .option import Option, options_of
from .options import Options

__all__ = ["options_table"]

_HEADINGS = ("option", "default", "what it decides", "choices", "flag")


def options_table(kind: type = Options) -> str:
    """
    List the options with their defaults, meanings, choices and flags.

    Parameters
    ----------
    kind : type
        Dataclass that declares the options.

    Returns
    -------
    str
        Markdown table, one line an option and one for each part of it.
    """
    lines = [_HEADINGS, ("---",) * len(_HEADINGS), *(_row(o) for o in _flat(options_of(kind)))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _flat(options: tuple[Option, ...], prefix: str = "") -> Iterator[tuple[str, Option]]:
    for o in options:
        yield f"{prefix}{o.name}", o
        yield from _flat(o.parts, f"{prefix}{o.name}.")


def _row(named: tuple[str, Option]) -> tuple[str, ...]:
    name, o = named
    choices = ", ".join(f"`{choice}`" for choice in o.choices or ())
    return f"`{name}`", _default(o), o.help, choices, f"`{o.flag}`" if o.flag else ""


def _default(o: Option) -> str:
    if o.default is MISSING:
        return "must be given"
    if o.parts:
        return "as below"
    text = f"`{json.dumps(json_of(o.default))}`"
    if o.default is None:
        return f"{text} ({o.when_none})"
    return f"{text} {o.unit}".strip()
