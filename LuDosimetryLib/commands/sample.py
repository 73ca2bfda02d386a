"""``ludosimetry sample``: write the bundled sample case."""

import argparse

from ..base.log import Log
from .arguments import add_output
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_output(parser, "folder for the case")


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Write the case; print its path."""
    from ..lab.phantom.sample import write_sample  # numpy, scipy and SimpleITK take a second

    print(write_sample(asked.output, Log(progress)))
