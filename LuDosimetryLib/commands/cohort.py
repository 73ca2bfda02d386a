"""``ludosimetry cohort``: calculate every case below a folder."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from ..base.errors import CANCELLED, DONE, Cancelled, worst_of
from .arguments import add_output, count
from .console import ConsoleProgress
from .option_flags import add_option_flags, given_options

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="folder with case.json files at any depth"
    )
    add_output(parser, "folder for the result folders, the table and the report")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="address of a dask.distributed scheduler whose workers calculate the cases, instead of processes of this "
        "machine",
    )
    where.add_argument(
        "--workers",
        type=count,
        metavar="N",
        help="number of processes of this machine (default: one for every two cores)",
    )
    add_option_flags(parser, leave_out=("scheduler",))


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> int:
    """Calculate the cases; print the path of the report, and of each case that failed why."""
    # numpy, scipy and SimpleITK take a second
    from ..base.storage import check_writable
    from ..cohort.cases import find_cases
    from ..cohort.folder import read_cohort, write_cohort
    from ..cohort.run import run_cohort

    check_writable(asked.output)
    cases = find_cases(asked.folder, asked.output)
    changes = given_options(asked)
    endings = []
    try:
        for ending in run_cohort(cases, changes, progress, asked.scheduler, asked.workers):
            endings.append(ending)
            if ending.code != DONE:
                progress.close()
                print(f"{ending.case.name}: {ending.text}", file=sys.stderr)
    except Cancelled:
        done = sum(ending.code == DONE for ending in endings)
        progress.close()
        print(
            f"ludosimetry: cancelled; {done} of {len(cases)} cases are done and stay, and are not calculated again when the "
            "cohort is started again.",
            file=sys.stderr,
        )
        return CANCELLED
    report = write_cohort(read_cohort(asked.output, endings))
    with suppress(BrokenPipeError):
        progress.show(1.0, "done")
        progress.close()
        print(report, flush=True)
    return worst_of([ending.code for ending in endings])
