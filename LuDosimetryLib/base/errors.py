"""Errors that end a calculation early, exit codes, and the sentence shown for an error."""

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from .wording import printable

DONE, FAILED, INVALID, CANCELLED = 0, 1, 2, 3


class InvalidInput(ValueError):
    """Unusable input: one sentence with the file, the value, the allowed range and the remedy."""


class Cancelled(Exception):
    """Raised from a progress callable to stop a calculation; nothing half written remains."""


def worst_of(codes: Iterable[int]) -> int:
    """Exit code of several runs: 0 if all are done, 1 if any failed for another reason than its input."""
    return max(codes, key=lambda code: (code == FAILED, code), default=DONE)


def ending_of(error: BaseException) -> tuple[int, str]:
    """Exit code and one sentence for the error that ended a run early."""
    if isinstance(error, InvalidInput):
        code, text = INVALID, str(error)
    elif isinstance(error, Cancelled | KeyboardInterrupt):
        code, text = CANCELLED, "cancelled; nothing was written."
    elif isinstance(error, BrokenPipeError):
        code, text = (
            CANCELLED,
            "cancelled, because nobody reads the output any more; nothing was written.",
        )
    elif isinstance(error, MemoryError):
        code, text = FAILED, "out of memory; close other programs or use a coarser grid."
    elif isinstance(error, ModuleNotFoundError) and error.name:
        code = FAILED
        text = f"the package {error.name} is missing from the Python {sys.executable}; install it there."
    elif isinstance(error, OSError):
        code, text = FAILED, str(error)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        code = FAILED
        text = (
            f"a defect of the program, please report it: {type(error).__name__}: {error} (line {place.lineno} of "
            f"{Path(place.filename).name}; python -X dev shows more)."
        )
    return code, printable(" ".join(text.split()))
