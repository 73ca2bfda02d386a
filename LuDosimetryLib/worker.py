"""
One calculation in a separate process: ``python -m LuDosimetryLib.worker JOBDIR``.

The job folder holds ``case.json`` with its images or ``comparison.json`` with the paths of images,
and receives the result in its folder ``result``; or it holds ``request.json``, which names a case
and a result folder elsewhere (see `job_folder`). Lines on stdout consist of `PREFIX` and a JSON
object with one key: "progress", "warning", "result" or "error". All other output, also of native
code, goes to stderr. When stdin closes the calculation is cancelled, so that none goes on after the
program that started it has ended. Exit codes: 0 done, 2 invalid input, 3 cancelled, 1 anything else.
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
from .base.progress import Progress
from .jobs.job_folder import CASE, COMPARISON, PREFIX, REQUEST, RESULT

_GRACE_S = 1.2
"""Time from the request to cancel until the process ends, whatever it is doing."""
_REPORT_EVERY_S = 0.1
_COMPARED = ("dose", "reference", "segmentation", "density", "reference_standard_error")


def main(arguments: list[str] | None = None) -> int:
    """Run the job of a folder; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1:
        print("usage: python -m LuDosimetryLib.worker JOBDIR", file=sys.stderr)
        return FAILED
    job = Path(given[0])
    channel = Channel.taking_stdout()
    watch = _Watch(job / RESULT)
    with suppress(AttributeError, OSError):
        os.nice(5)  # the program that started this is to stay responsive; not on Windows
    try:
        return _run(job, channel, watch)
    except BaseException as error:
        code, message = ending_of(error)
        if code == FAILED:
            traceback.print_exc()
        with suppress(OSError):
            channel.send("error", {"exit_code": code, "message": message})
        return code
    finally:
        watch.end()


class Channel:
    """
    Lines of messages for the program that started this one.

    Parameters
    ----------
    stream : text file
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    @classmethod
    def taking_stdout(cls) -> "Channel":
        """Take over stdout; what else is printed goes to stderr from then on."""
        sys.stdout.flush()
        stream = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)
        return cls(stream)

    def send(self, kind: str, value: Any) -> None:
        """Write one line."""
        self._stream.write(f"{PREFIX}{json.dumps({kind: value})}\n")
        self._stream.flush()


class _Watch:
    """Ends the process after stdin has closed, if the calculation has not ended by then."""

    def __init__(self, result: Path) -> None:
        self._result = result
        self._ending = False
        self.closed = threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()

    def end(self) -> None:
        """Let the process end by itself."""
        self._ending = True

    def _wait(self) -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        self.closed.set()
        time.sleep(_GRACE_S)
        if self._ending:
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
    folder = job / RESULT
    if (job / REQUEST).exists():
        folder, warnings = _calculate_elsewhere(job / REQUEST, progress)
    elif (job / COMPARISON).exists():
        warnings = _compare(job / COMPARISON)
    else:
        warnings = _calculate(job, progress)
    if watch.closed.is_set():
        shutil.rmtree(job / RESULT, ignore_errors=True)
        raise Cancelled
    for warning in warnings:
        channel.send("warning", warning)
    channel.send("result", str(folder))
    return DONE


# The calculation is imported inside these functions: where numpy or another package is missing, the
# error is sent to the program that started this one, like any other.


def _calculate(job: Path, progress: Progress) -> list[str]:
    from .case.case import Case
    from .pipeline import run_case

    result = run_case(Case.read(job / CASE), progress)
    result.write(job / RESULT, progress)
    return result.warnings


def _calculate_elsewhere(request: Path, progress: Progress) -> tuple[Path, list[str]]:
    from .case.case import Case
    from .pipeline import run_into

    asked = _read_json(request)
    case = Case.read(Path(asked["case"])).with_options(**asked["options"])
    folder = Path(asked["output"])
    return folder, run_into(case, folder, progress).warnings


def _compare(request: Path) -> list[str]:
    from .comparison.folder import compare_files

    asked = _read_json(request)
    for key in asked:
        check_known(key, _COMPARED)
    given = {key: request.parent / name for key, name in asked.items()}
    for key in ("dose", "reference"):
        if key not in given:
            raise InvalidInput(f"{request}: the key {key!r} is missing.")
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


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        asked: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.") from None
    return asked


if __name__ == "__main__":
    ended_with = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended_with)  # unloading numpy, torch and others can take a second on a busy machine
