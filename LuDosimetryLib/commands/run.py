"""``ludosimetry run``: calculate a case."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from ..case.case import Case
from .arguments import add_output
from .console import ConsoleProgress
from .option_flags import add_option_flags, given_options

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "case", type=Path, metavar="CASE.json", help="case file, or a folder with a case.json"
    )
    add_output(parser, "result folder")
    add_option_flags(parser)


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Calculate the case; print the organ doses and the path of the report."""
    case = Case.read(asked.case).with_options(**given_options(asked))

    # numpy, scipy and SimpleITK take a second
    from ..output.tables import organ_lines
    from ..pipeline import run_into
    from ..report.how_calculated import preset_sentence

    result = run_into(case, asked.output, progress)
    with suppress(BrokenPipeError):  # the result is there whether or not anybody reads on
        progress.show(1.0, "done")
        progress.close()
        for n, warning in enumerate(result.warnings, start=1):
            print(f"warning {n}: {warning}", file=sys.stderr)
        if not asked.json_progress:
            print(organ_lines(result))
            print(preset_sentence(result.case))
            print(f"{asked.output / 'report.html'}", flush=True)
