"""
One calculation in a process of its own: ``python -m LuDosimetryLib.worker JOBDIR``.

The job folder holds ``case.json`` with its images, or ``comparison.json`` with those of a
comparison, and takes the result into its folder ``result``. On stdout go lines of `PREFIX` and a
JSON object with one key: "progress", "warning", "result" or "error"; all else that is printed,
also by native code, goes to stderr. When stdin closes the calculation is cancelled, so that
nothing goes on after the program that started it has gone. Exit codes: 0 done, 2 invalid input,
3 cancelled, 1 anything else.
"""

import json
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from .base.checks import check_known
from .base.errors import CANCELLED, DONE, FAILED, Cancelled, InvalidInput, ending_of
from .jobs.job_folder import CASE, COMPARISON, PREFIX, RESULT

_GRACE_S = 1.2
"""After the request to cancel: for the calculation to end by itself."""
_REPORT_EVERY_S = 0.1
_COMPARED = ("dose", "reference", "segmentation", "density", "reference_standard_error")


def main(arguments: list[str] | None = None) -> int:
    """Run the job of a folder; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1:
        print("usage: python -m LuDosimetryLib.worker JOBDIR", file=sys.stderr)
        return FAILED
    job = Path(given[0])
    channel = Channel.taking_stdout()
    watch = _Watch(job / RESULT)
    with suppress(AttributeError, OSError):
        os.nice(5)  # who started this is to stay responsive; Windows knows no such thing
    try:
        return _run(job, channel, watch)
    except BaseException as error:
        code, said = ending_of(error)
        if code == FAILED:
            traceback.print_exc()
        with suppress(OSError):
            channel.send("error", {"exit_code": code, "message": said})
        return code
    finally:
        watch.end()


class Channel:
    """
    The lines for the program that started this one.

    Parameters
    ----------
    stream : text file
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    @classmethod
    def taking_stdout(cls) -> "Channel":
        """Of stdout, which then shows whatever is printed on stderr."""
        sys.stdout.flush()
        stream = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)
        return cls(stream)

    def send(self, kind: str, value: Any) -> None:
        """Write one line."""
        self._stream.write(f"{PREFIX}{json.dumps({kind: value})}\n")
        self._stream.flush()


class _Watch:
    """Waits for stdin to close, then ends the process: soon, or at once if it is still at work."""

    def __init__(self, result: Path) -> None:
        self._result = result
        self._ended = False
        self.closed = threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()

    def end(self) -> None:
        """The process ends by itself."""
        self._ended = True

    def _wait(self) -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        self.closed.set()
        time.sleep(_GRACE_S)
        if self._ended:
            return
        shutil.rmtree(self._result, ignore_errors=True)
        os._exit(CANCELLED)


def _run(job: Path, channel: Channel, watch: _Watch) -> int:
    last_message, last_time = "", 0.0

    def progress(fraction: float, message: str) -> None:
        nonlocal last_message, last_time
        if watch.closed.is_set():
            raise Cancelled
        now = time.monotonic()
        if message != last_message or now - last_time >= _REPORT_EVERY_S:
            last_message, last_time = message, now
            channel.send("progress", {"fraction": round(fraction, 4), "message": message})

    progress(0.0, "starting")
    comparison = job / COMPARISON
    warnings = _compare(comparison) if comparison.exists() else _calculate(job, progress)
    if watch.closed.is_set():
        shutil.rmtree(job / RESULT, ignore_errors=True)
        raise Cancelled
    for warning in warnings:
        channel.send("warning", warning)
    channel.send("result", str(job / RESULT))
    return DONE


def _calculate(job: Path, progress: Any) -> list[str]:
    from .case.case import Case

    case = Case.read(job / CASE)
    from .pipeline import run_case

    result = run_case(case, progress)
    result.write(job / RESULT, progress)
    return result.warnings


def _compare(request: Path) -> list[str]:
    try:
        asked: Mapping[str, str] = json.loads(request.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{request} cannot be read: {error}.") from None
    for key in asked:
        check_known(key, _COMPARED)
    given = {key: request.parent / name for key, name in asked.items()}
    for key in ("dose", "reference"):
        if key not in given:
            raise InvalidInput(f"{request}: the key {key!r} is missing.")
    from .comparison.comparison import compare_files

    summary = compare_files(
        given["dose"],
        given["reference"],
        given.get("segmentation"),
        request.parent / RESULT,
        given.get("density"),
        reference_standard_error=given.get("reference_standard_error"),
    )
    warnings: list[str] = summary["warnings"]
    return warnings


if __name__ == "__main__":
    sys.exit(main())
