"""``ludosimetry options``: list the options of a case."""

import argparse

from ..case.options_table import options_table
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb: it has none."""


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Print the table."""
    print(options_table())
