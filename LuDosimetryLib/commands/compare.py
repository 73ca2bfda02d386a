"""``ludosimetry compare``: compare a dose with a reference dose."""

import argparse
from pathlib import Path

from .arguments import add_output
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("dose", type=Path, metavar="DOSE", help="dose image [Gy]")
    parser.add_argument(
        "reference", type=Path, metavar="REFERENCE", help="dose image to compare with [Gy]"
    )
    parser.add_argument(
        "--segmentation",
        type=Path,
        metavar="FILE",
        help="label image or Slicer segmentation, for differences of organ doses",
    )
    parser.add_argument(
        "--density",
        type=Path,
        metavar="FILE",
        help="density image [g/cm3], for mass-weighted mean doses",
    )
    parser.add_argument(
        "--reference-standard-error",
        type=Path,
        metavar="FILE",
        help="image of the statistical error of each voxel of a Monte Carlo reference [Gy]",
    )
    add_output(parser, "folder for the comparison")


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Write the comparison; print the path of its report."""
    # numpy, scipy and SimpleITK take a second
    from ..comparison.folder import compare_files

    compare_files(
        asked.dose,
        asked.reference,
        asked.segmentation,
        asked.output,
        asked.density,
        reference_standard_error=asked.reference_standard_error,
    )
    print(asked.output / "comparison.html")
