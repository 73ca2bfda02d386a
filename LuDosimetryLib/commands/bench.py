"""``ludosimetry bench``: measure time and memory of the dose methods."""

import argparse
import json

from ..case.choices import DEVICES
from .arguments import count
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]

_VOXELS = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--grid", type=count, default=_VOXELS, metavar="N", help="voxels along each axis"
    )
    parser.add_argument(
        "--device",
        choices=tuple(DEVICES),
        default="auto",
        help="device for the calculation; auto uses a CUDA device if there is one",
    )
    parser.add_argument(
        "--without-plain",
        action="store_true",
        help="leave out the plain convolutions, which take minutes",
    )


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Print the figures."""
    from ..lab.bench import bench  # numpy, scipy and SimpleITK take a second

    report = bench(asked.grid, asked.device, not asked.without_plain, progress)
    print(json.dumps(report.as_dict()) if asked.json else report.as_text())
