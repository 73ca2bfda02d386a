"""
Background calculation: starts `LuDosimetryLib.worker`, receives its messages, cancels it.

Independent of Qt: the caller calls `BackgroundRun.poll` from a timer or a loop. QProcess does not
report a failed start and cannot end a tree of processes; multiprocessing would start another Slicer
on Windows.
"""

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from ..base.errors import CANCELLED, DONE, INVALID, InvalidInput
from .job_folder import PREFIX

INTERPRETER_VARIABLE = "LUDOSIMETRY_PYTHON"

TERMINATE_AFTER_S = 2.0
"""Time from the request to cancel until the process is asked to terminate."""
KILL_AFTER_S = 5.0
"""Time from the request to cancel until the process and all its children are killed."""
_LAST_LINES_S = 1.0
"""Time for reading the last lines of an ended process, whose children may keep the pipes open."""
_DETAIL_LINES = 60

_WINDOWS = os.name == "nt"

OutcomeKind = Literal["done", "invalid", "cancelled", "failed", "killed"]


@dataclass(frozen=True)
class Message:
    """
    Message of a running calculation.

    Attributes
    ----------
    text : str
    fraction : float or None
        Finished fraction, from 0 to 1; None for a warning.
    """

    text: str
    fraction: float | None = None


@dataclass(frozen=True)
class Outcome:
    """
    Outcome of a calculation.

    Attributes
    ----------
    kind : {"done", "invalid", "cancelled", "failed", "killed"}
    text : str
        One sentence for the user.
    details : str
        The last lines that the process wrote to stderr.
    result : Path or None
        Folder of the finished result.
    """

    kind: OutcomeKind
    text: str
    details: str = ""
    result: Path | None = None


def find_interpreter() -> str:
    """
    Find the Python to calculate with: LUDOSIMETRY_PYTHON, PythonSlicer, or the running one.

    Raises
    ------
    InvalidInput
        If there is none: inside Slicer ``sys.executable`` can be empty.
    """
    found = (
        os.environ.get(INTERPRETER_VARIABLE) or shutil.which("PythonSlicer") or sys.executable or ""
    )
    if not found:
        raise InvalidInput(
            "no Python to calculate with was found: there is no PythonSlicer on the PATH; set the environment variable "
            f"{INTERPRETER_VARIABLE} to the path of a Python with numpy, scipy, SimpleITK, pydicom and highdicom."
        )
    return found


def running_interpreter() -> str | None:
    """
    Python that runs this, if it is a plain interpreter; None within another program.

    A shell command calculates with the Python, and so with the packages, that it was started with.
    """
    if os.environ.get(INTERPRETER_VARIABLE):
        return None
    plain = re.fullmatch(r"pythonw?[\d.]*t?(\.exe)?", Path(sys.executable or "").name.lower())
    return sys.executable if plain else None


class BackgroundRun:
    """
    Job in a separate process.

    Parameters
    ----------
    job : Path
        Job folder; see `LuDosimetryLib.worker`.
    environment : mapping of str to str, optional
        Environment of the process; by default that of this one.
    interpreter : str, optional
        Python of the process; by default that of `find_interpreter`.

    Attributes
    ----------
    outcome : Outcome or None
        Outcome once the job has ended; a failed start is an outcome, too.
    """

    def __init__(
        self,
        job: Path,
        environment: Mapping[str, str] | None = None,
        interpreter: str | None = None,
    ) -> None:
        self.outcome: Outcome | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stderr: deque[str] = deque(maxlen=_DETAIL_LINES)
        self._readers: list[threading.Thread] = []
        self._reported: dict[str, str] = {}
        self._cancelled_at: float | None = None
        self._ended_at: float | None = None
        try:
            interpreter = interpreter or find_interpreter()
        except InvalidInput as error:
            self.outcome = Outcome("failed", str(error))
            return
        try:
            self._process = _start(interpreter, job, environment)
        except (OSError, ValueError) as error:
            self.outcome = Outcome(
                "failed",
                f"the calculation could not be started with {interpreter} ({getattr(error, 'strerror', None) or error}); "
                f"set the environment variable {INTERPRETER_VARIABLE} to the path of a Python.",
            )
            return
        self._listen(self._process)

    @property
    def running(self) -> bool:
        """Whether the job has not ended, as of the last `poll`."""
        return self.outcome is None

    def poll(self) -> list[Message]:
        """Messages since the last call; also carries out a request to cancel. Never waits."""
        messages = self._received()
        process = self._process
        if self.outcome is not None or process is None:
            return messages
        if process.poll() is None:
            self._enforce_cancel(process)
            return messages
        now = time.monotonic()
        self._ended_at = self._ended_at or now
        all_read = not any(reader.is_alive() for reader in self._readers)
        if all_read or now - self._ended_at > _LAST_LINES_S:
            messages += self._received()
            self.outcome = self._outcome(process.returncode)
        return messages

    def cancel(self) -> None:
        """Request the end, which `poll` enforces."""
        if self.outcome is None and self._process is not None and self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            with suppress(OSError):
                _stream(self._process.stdin).close()

    def stop(self, patience_s: float = 0.5) -> None:
        """End the process and its children, and wait for that; for a caller that cannot poll."""
        self.cancel()
        process = self._process
        if process is None or self.outcome is not None:
            return
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            _kill_tree(process)
            process.wait()
        while self.outcome is None:
            self.poll()
            time.sleep(0.01)

    def wait(self, timeout_s: float | None = None) -> Outcome:
        """
        Wait for the end, polling.

        Raises
        ------
        TimeoutError
        """
        started = time.monotonic()
        while self.outcome is None:
            self.poll()
            if timeout_s is not None and time.monotonic() - started > timeout_s:
                raise TimeoutError(f"the calculation is still running after {timeout_s:g} s")
            time.sleep(0.02)
        return self.outcome

    @property
    def details(self) -> str:
        """The last lines that the process wrote to stderr."""
        return "\n".join(self._stderr)

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        def read(stream: IO[bytes], take: Callable[[str], object]) -> None:
            with stream:
                for line in stream:
                    take(line.decode("utf-8", "replace").rstrip("\r\n"))

        for stream, take in (
            (process.stdout, self._lines.put),
            (process.stderr, self._stderr.append),
        ):
            reader = threading.Thread(target=read, args=(_stream(stream), take), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _received(self) -> list[Message]:
        messages: list[Message] = []
        while True:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                return messages
            if not line.startswith(PREFIX):
                continue
            try:
                ((kind, value),) = json.loads(line[len(PREFIX) :]).items()
            except ValueError:  # cut in the middle, as a killed process leaves it
                continue
            if kind == "progress":
                messages.append(Message(value["message"], value["fraction"]))
            elif kind == "warning":
                messages.append(Message(value))
            elif kind == "result":
                self._reported["result"] = value
            elif kind == "error":
                self._reported["error"] = value["message"]

    def _enforce_cancel(self, process: "subprocess.Popen[bytes]") -> None:
        """Terminate, then kill a process that does not follow a request to cancel."""
        if self._cancelled_at is None:
            return
        waited = time.monotonic() - self._cancelled_at
        if waited > KILL_AFTER_S:
            _kill_tree(process)
        elif waited > TERMINATE_AFTER_S:
            with suppress(OSError):
                process.terminate()

    def _outcome(self, code: int) -> Outcome:
        result = self._reported.get("result")
        if self._cancelled_at is not None:
            return Outcome("cancelled", "cancelled.", self.details)
        if code == DONE and result is not None:
            return Outcome("done", "done.", self.details, Path(result))
        error = self._reported.get("error")
        if code == INVALID and error:
            return Outcome("invalid", error, self.details)
        if code == CANCELLED:
            return Outcome("cancelled", "cancelled.", self.details)
        if code < 0 or (_WINDOWS and code > 255):
            return Outcome("killed", _killed(code), self.details)
        return Outcome(
            "failed",
            error or f"the calculation ended without a result (exit code {code}).",
            self.details,
        )


def _start(
    interpreter: str, job: Path, environment: Mapping[str, str] | None
) -> "subprocess.Popen[bytes]":
    variables = dict(os.environ if environment is None else environment)
    library = str(Path(__file__).resolve().parents[2])
    known = variables.get("PYTHONPATH")
    variables["PYTHONPATH"] = os.pathsep.join([library, known] if known else [library])
    if os.environ.get(INTERPRETER_VARIABLE):
        variables.pop("PYTHONHOME", None)  # belongs to this Python, not to the other
    flags = 0
    if _WINDOWS:
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP  # type: ignore[attr-defined, unused-ignore]
    return subprocess.Popen(
        [interpreter, "-m", "LuDosimetryLib.worker", str(job)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=job,
        env=variables,
        start_new_session=not _WINDOWS,  # so that it can be ended with its children
        creationflags=flags,
    )


def _kill_tree(process: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):
        if _WINDOWS:
            command = ["taskkill", "/PID", str(process.pid), "/T", "/F"]
            subprocess.run(command, capture_output=True, check=False)
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _killed(code: int) -> str:
    if _WINDOWS:
        return f"the calculation crashed (exit code {code:#x}); see the details."
    number = -code
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number == signal.SIGKILL:
        return (
            "the calculation was killed, possibly out of memory; close other programs, use a coarser SPECT grid or "
            "compare with fewer methods."
        )
    if number == signal.SIGTERM:
        return "the calculation was ended from outside (SIGTERM); run it again."
    return f"the calculation crashed ({name}); see the details."


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
