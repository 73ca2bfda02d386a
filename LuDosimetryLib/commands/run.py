"""``ludosimetry run``: calculate a case."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..case.case import Case
from .arguments import add_output
from .console import ConsoleProgress
from .option_flags import add_option_flags, given_options

if TYPE_CHECKING:
    from ..organs.organ_dose import OrganDose

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

    from ..pipeline import run_into  # numpy, scipy and SimpleITK take a second

    result = run_into(case, asked.output, progress)
    with suppress(BrokenPipeError):  # the result is there whether or not anybody reads on
        progress.show(1.0, "done")
        progress.close()
        for warning in result.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        if not asked.json_progress:
            print(_organ_lines(result.organs, result.dose_method))
            print(f"{asked.output / 'report.html'}", flush=True)


def _organ_lines(organs: "list[OrganDose]", method: str) -> str:
    noisy = any(o.standard_error_Gy is not None for o in organs)
    error = f"{'error [Gy]':>12}" if noisy else ""
    lines = [
        f"{'volume of interest':<28}{'mass [g]':>10}{'TIA [MBq h]':>14}{'dose [Gy]':>12}{error}   ({method})"
    ]
    lines += [
        f"{o.name:<28.28}{o.mass_g:>10.1f}{o.tia_MBq_h:>14.1f}{o.mean_dose_Gy:>12.3f}"
        + ("" if o.standard_error_Gy is None else f"{o.standard_error_Gy:>12.2g}")
        for o in organs
    ]
    return "\n".join(lines)
