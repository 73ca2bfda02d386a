"""The shell's command ``ludosimetry VERB``, also ``python -m LuDosimetryLib VERB``."""

import argparse
import io
import os
import sys
from typing import Any

from .. import __version__
from ..base.errors import DONE, FAILED, ending_of
from .arguments import HelpOfVerbs, HelpWithDefaults
from .console import ConsoleProgress
from .verb import Verb

__all__ = ["VERBS", "main"]

VERBS = (
    Verb("run", "calculate a case"),
    Verb("cohort", "calculate every case below a folder"),
    Verb("course", "add up the doses of one patient's cycles"),
    Verb("compare", "compare a dose with a reference dose"),
    Verb("dicom-import", "make a case of a patient's DICOM files"),
    Verb("options", "list the options of a case with defaults and choices"),
    Verb("sample", "write the sample case: a real CT, four SPECT scans, organs"),
    Verb("phantom", "write a virtual patient as a case"),
    Verb("kernels", "calculate the voxel S values of a medium"),
    Verb("kernels-build", "make the point kernels of a nuclide by Monte Carlo"),
    Verb("bench", "measure time and memory of the dose methods"),
    Verb("training-data", "make datasets to train the network with, by Monte Carlo"),
    Verb("train", "train the residual network"),
    Verb("crossvalidate", "train and test leaving out one patient at a time"),
    Verb("release", "complete the card of a trained network, to ship it"),
)
"""All verbs, in the order of ``-h``. Each has its arguments and its function in a file of its name."""


class _VerbParser(argparse.ArgumentParser):
    """The parser of a verb, whose file is imported when the verb is asked for and not before."""

    verb: Verb

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Add the verb's arguments and parse them."""
        file = self.verb.load()
        file.add_arguments(self)
        self.add_argument(
            "--json-progress",
            action="store_true",
            help="write progress as JSON lines to stdout instead of a bar to the terminal",
        )
        self.set_defaults(run=file.run)
        return super().parse_known_args(args, namespace)


def main(arguments: list[str] | None = None) -> int:
    """
    Run one verb.

    Returns
    -------
    int
        Exit code: 0 done, 2 invalid input, 3 cancelled, 1 anything else.
    """
    _open_streams()
    asked = _parser().parse_args(arguments)
    try:
        with ConsoleProgress(asked.json_progress) as progress:
            return asked.run(asked, progress) or DONE
    except (Exception, KeyboardInterrupt) as error:
        code, sentence = ending_of(error)
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else the last flush fails once more
        if sys.flags.dev_mode and code == FAILED and not isinstance(error, MemoryError | OSError):
            raise
    print(f"ludosimetry: {sentence}", file=sys.stderr)
    return code


def _open_streams() -> None:
    """Let closed streams lead nowhere, and names that the console cannot show be printed as escapes."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ludosimetry",
        description="Absorbed dose of 177Lu radiopharmaceutical therapy. For research use only.",
        epilog="'ludosimetry VERB -h' shows the arguments of a verb. "
        "Exit codes: 0 done, 2 invalid input, 3 cancelled, 1 anything else.",
        formatter_class=HelpOfVerbs,
    )
    parser.add_argument("--version", action="version", version=f"LuDosimetry {__version__}")
    verbs = parser.add_subparsers(
        dest="verb", metavar="VERB", required=True, parser_class=_VerbParser
    )
    for verb in VERBS:
        added = verbs.add_parser(
            verb.name,
            help=verb.help,
            description=f"{verb.help[:1].upper()}{verb.help[1:]}.",
            formatter_class=HelpWithDefaults,
        )
        added.verb = verb
    return parser
