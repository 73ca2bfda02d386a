"""``ludosimetry phantom``: write a virtual patient."""

import argparse

from ..base.log import Log
from .arguments import add_output, count, whole
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "--seed",
        type=whole,
        required=True,
        metavar="N",
        help="number of the virtual patient; the same number gives the same patient",
    )
    parser.add_argument(
        "--cycle",
        type=count,
        default=1,
        metavar="N",
        help="treatment cycle: the same body with another uptake",
    )
    add_output(parser, "folder for the case")


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Write the case; print its path."""
    from ..lab.phantom.patient import write_phantom  # numpy, scipy and SimpleITK take a second

    print(write_phantom(asked.seed, asked.output, Log(progress), asked.cycle))
