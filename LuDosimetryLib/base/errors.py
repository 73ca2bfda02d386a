"""How a calculation ends early, the exit codes, and what is said of an error."""

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

DONE, FAILED, INVALID, CANCELLED = 0, 1, 2, 3


class InvalidInput(ValueError):
    """Input that cannot be used: one sentence with the file, the value and what is allowed."""


class Cancelled(Exception):
    """Raised from a progress callable to stop a calculation; nothing half-written remains."""


def worst_of(codes: Iterable[int]) -> int:
    """The exit code of several runs: 0 if all are done, 1 if one failed otherwise than by its input."""
    return max(codes, key=lambda code: (code == FAILED, code), default=DONE)


def ending_of(error: BaseException) -> tuple[int, str]:
    """Exit code and one sentence for what ended a run early."""
    if isinstance(error, InvalidInput):
        code, said = INVALID, str(error)
    elif isinstance(error, Cancelled | KeyboardInterrupt):
        code, said = CANCELLED, "cancelled; nothing was written."
    elif isinstance(error, BrokenPipeError):
        code, said = CANCELLED, "cancelled, for nobody reads the output; nothing was written."
    elif isinstance(error, MemoryError):
        code, said = FAILED, "out of memory; close other programs or use a coarser grid."
    elif isinstance(error, ModuleNotFoundError) and error.name:
        code = FAILED
        said = f"the package {error.name} is missing from the Python {sys.executable}; install it there."
    elif isinstance(error, OSError):
        code, said = FAILED, str(error)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        code = FAILED
        said = (
            f"a defect of the program, please report it: {type(error).__name__}: {error} (line {place.lineno} of "
            f"{Path(place.filename).name}; python -X dev shows more)."
        )
    return code, " ".join(said.split())
