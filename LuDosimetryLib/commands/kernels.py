"""``ludosimetry kernels``: calculate the voxel S values of a medium."""

import argparse
from pathlib import Path

from ..case.case import Case
from .arguments import positive
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "--voxel-mm",
        type=positive,
        nargs=3,
        required=True,
        metavar=("X", "Y", "Z"),
        help="edge lengths of a voxel [mm]",
    )
    parser.add_argument(
        "--density",
        type=positive,
        required=True,
        metavar="RHO",
        help="density of the medium [g/cm3]",
    )
    parser.add_argument(
        "--composition",
        required=True,
        metavar="NAME",
        help="elemental composition: water, lung, adipose, soft, cortical-bone, ...; an unknown name lists them all",
    )
    parser.add_argument(
        "--nuclide", default=Case.nuclide, metavar="NAME", help="nuclide whose emissions are taken"
    )
    parser.add_argument(
        "--json", action="store_true", help="print a few values and the absorbed energy as JSON"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="file for the table of all values (.csv) or the JSON (.json), instead of printing",
    )


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Print the voxel S values, or write them to a file."""
    from ..kernels.table import KernelTable  # numpy and scipy take a second

    size = tuple(asked.voxel_mm)
    table = KernelTable.of(size, asked.density, asked.composition, asked.nuclide)
    text = table.as_json() if asked.json else table.as_text()
    if asked.output is None:
        print(text)
    else:
        table.write(asked.output)
