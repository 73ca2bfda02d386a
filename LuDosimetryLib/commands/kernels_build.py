"""``ludosimetry kernels-build``: make the point kernels of a nuclide by Monte Carlo."""

import argparse

from ..base.log import Log
from ..case.case import Case
from .arguments import add_output, count, whole
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]

_ELECTRONS = 1_000_000
_PHOTONS = 10_000_000
_SEED = 20260101


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "--nuclide", default=Case.nuclide, metavar="NAME", help="nuclide whose emissions are taken"
    )
    add_output(parser, "file for the point kernels", "FILE.npz")
    parser.add_argument(
        "--electrons",
        type=count,
        default=_ELECTRONS,
        metavar="N",
        help="electron histories of each composition",
    )
    parser.add_argument(
        "--photons",
        type=count,
        default=_PHOTONS,
        metavar="N",
        help="photon histories of each composition",
    )
    parser.add_argument(
        "--seed", type=whole, default=_SEED, metavar="N", help="seed of the random numbers"
    )


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Calculate the point kernels and write them to a file."""
    # numpy, scipy and ompmc take a second
    from ..lab.kernels.build import build_point_kernels
    from ..tissue.nuclide import read_nuclide

    nuclide = read_nuclide(asked.nuclide)
    effort = (asked.electrons, asked.photons, asked.seed)
    build_point_kernels(asked.output, *effort, Log(progress), nuclide)
