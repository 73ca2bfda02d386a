"""Kinds of arguments that several verbs take, and how ``-h`` shows defaults."""

import argparse
from pathlib import Path

__all__ = ["HelpOfVerbs", "HelpWithDefaults", "add_output", "count", "positive", "whole"]


class HelpWithDefaults(argparse.ArgumentDefaultsHelpFormatter):
    """Help that ends with the default of every argument that has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False, []):
            return action.help
        return super()._get_help_string(action)


class HelpOfVerbs(argparse.HelpFormatter):
    """Help that lists the verbs in a column of their own."""

    def add_argument(self, action: argparse.Action) -> None:
        """Leave room for the indentation of the verbs, which argparse forgets."""
        super().add_argument(action)
        self._action_max_length += 2 if action.nargs == argparse.PARSER else 0


def add_output(parser: argparse.ArgumentParser, help: str, metavar: str = "DIR") -> None:
    """Add the argument ``-o``, which must be given."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar=metavar, help=help)


def positive(text: str) -> float:
    """Read a number above 0."""
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def whole(text: str) -> int:
    """Read a whole number of at least 0; ``1e8`` is one."""
    value = float(text)
    if not (0.0 <= value < float("inf") and value.is_integer()):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 0")
    return int(value)


def count(text: str) -> int:
    """Read a whole number of at least 1; ``1e8`` is one."""
    if (value := whole(text)) == 0:
        raise argparse.ArgumentTypeError("0 is not a whole number of at least 1")
    return value
