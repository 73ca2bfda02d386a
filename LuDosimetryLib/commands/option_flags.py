"""The flags that take the place of a case's own options, made of the options' declarations."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from ..base.checks import check_choice
from ..base.errors import InvalidInput
from ..case.option import Option, options_of
from ..case.options import Options
from ..case.presets import PRESET, PRESETS

__all__ = ["add_option_flags", "given_options"]

_FEW = 3
"""Choices that ``-h`` shows in braces and argparse checks; more are listed in the help."""
_METAVARS = {"mm": "MM", "h": "H", "%": "PCT"}


def add_option_flags(
    parser: argparse.ArgumentParser, kind: type = Options, leave_out: Sequence[str] = ()
) -> None:
    """
    Add the flags to a verb that calculates cases.

    Parameters
    ----------
    parser : ArgumentParser
    kind : type
        Dataclass that declares the options.
    leave_out : sequence of str
        Options whose flag means something else for this verb.
    """
    group = parser.add_argument_group(
        "options of the calculation",
        "Each overrides the case file. The default applies if neither gives a value.",
    )
    group.add_argument(
        PRESET.flag,
        metavar="NAME",
        help=f"{PRESET.help} One of: {', '.join(PRESETS)}. (default: {PRESET.default})",
    )
    declared = [o for o in options_of(kind) if o.flag and o.name not in leave_out]
    shared = {o.instead_of: group.add_mutually_exclusive_group() for o in declared if o.instead_of}
    for o in declared:
        _add_flag(shared.get(o.instead_of or o.name, group), o)


def given_options(asked: argparse.Namespace, kind: type = Options) -> dict[str, Any]:
    """
    List the options that were given, by name, and the preset under ``"preset"``.

    Raises
    ------
    InvalidInput
        For a name that is not a choice.
    """
    found = {o.name: getattr(asked, _destination(o), None) for o in options_of(kind) if o.flag}
    changes = {name: value for name, value in found.items() if value is not None}
    for o in options_of(kind):
        if o.choices is not None and o.name in changes:
            value = changes[o.name]
            for name in value if isinstance(value, tuple) else (value,):
                check_choice(o.flag, name, tuple(o.choices))
        if o.instead_of in changes:
            changes[o.name] = None
    if asked.preset is not None:
        check_choice(PRESET.flag, asked.preset, tuple(PRESETS))
        changes["preset"] = asked.preset
    return changes


def _add_flag(group: Any, o: Option) -> None:
    """Add the flag of one option to a group of arguments."""
    taken: dict[str, Any] = {"dest": _destination(o), "default": None, "help": _help(o)}
    if o.type is bool:
        group.add_argument(o.flag, action=argparse.BooleanOptionalAction, **taken)
    elif _in_braces(o):
        group.add_argument(o.flag, choices=tuple(o.choices or ()), **taken)
    else:
        group.add_argument(o.flag, type=_reader(o), metavar=_metavar(o), **taken)


def _destination(o: Option) -> str:
    return f"option_{o.name}"


def _in_braces(o: Option) -> bool:
    return o.choices is not None and o.type is str and len(o.choices) <= _FEW


def _metavar(o: Option) -> str:
    if o.metavar:
        return o.metavar
    if o.choices is not None:
        return "NAME" if o.type is str else "NAME,NAME"
    return _METAVARS.get(o.unit, "N" if o.type in (int, float) else "TEXT")


def _help(o: Option) -> str:
    text = f"[{o.unit}] {o.help}" if o.unit and o.type is float else o.help
    if o.choices is not None and not _in_braces(o):
        several = "Any of" if o.type is not str else "One of"
        text += f" {several}: {', '.join(o.choices)}."
    return f"{text} (default: {_default(o)})".replace("%", "%%")


def _default(o: Option) -> str:
    if isinstance(o.default, tuple):
        return ",".join(o.default) or o.when_none
    return o.words(o.default) if o.default is None or o.type is bool else str(o.default)


def _reader(o: Option) -> Callable[[str], Any]:
    """Make a function that reads the option's value from the command line, and checks it."""

    def read(text: str) -> Any:
        if o.choices is None and isinstance(o.default, tuple):
            value: Any = tuple(filter(None, map(str.strip, text.split(","))))
        elif o.choices is not None:  # checked later, where the refusal names the nearest choice
            return text if o.type is str else tuple(filter(None, text.split(",")))
        else:
            value = _number(o, text) if o.type in (int, float) else o.type(text)
        try:
            o.refuse_wrong(value)
        except InvalidInput as error:
            raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None
        return value

    return read


def _number(o: Option, text: str) -> float | int:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    return int(value) if o.type is int and value.is_integer() else value
