"""``ludosimetry course``: add up the doses of one patient's cycles."""

import argparse
import sys
from pathlib import Path

from .arguments import add_output
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="folder with the cycles' result folders"
    )
    add_output(parser, "folder for the course's report")
    parser.add_argument(
        "--limits",
        type=Path,
        metavar="FILE.json",
        help='lines to draw, for example {"kidney": {"dose_Gy": 23, "BED_Gy": 40}} (default: FOLDER/limits.json, if there '
        "is one)",
    )


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Write the course; print the path of its report."""
    # numpy, scipy and SimpleITK take a second
    from ..course.folder import read_course, read_limits, write_course

    limits = None if asked.limits is None else read_limits(asked.limits)
    course = read_course(asked.folder, limits)
    report = write_course(course, asked.output)
    for warning in course.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(report)
