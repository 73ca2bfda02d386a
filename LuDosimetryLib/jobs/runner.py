"""
A calculation in the background: starts `LuDosimetryLib.worker`, listens to it, cancels it.

Free of Qt: whoever started it calls `BackgroundRun.poll` now and then, from a timer or a loop.
QProcess reports no failed start and cannot end a tree of processes; multiprocessing would start
another Slicer on Windows.
"""

import json
import os
import queue
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
"""After the request to cancel: the process is asked to end."""
KILL_AFTER_S = 5.0
"""After the request to cancel: the process and all it started are ended."""
_LAST_LINES_S = 1.0
"""For the pipes to run dry after the process has ended; what it started may hold them open."""
_DETAIL_LINES = 60

_WINDOWS = os.name == "nt"

OutcomeKind = Literal["done", "invalid", "cancelled", "failed", "killed"]


@dataclass(frozen=True)
class Message:
    """
    What the calculation tells on its way.

    Attributes
    ----------
    text : str
    fraction : float or None
        Finished part; None for a warning.
    """

    text: str
    fraction: float | None = None


@dataclass(frozen=True)
class Outcome:
    """
    How a calculation ended.

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
    The Python to calculate with: LUDOSIMETRY_PYTHON, or PythonSlicer, or the one that runs this.

    Raises
    ------
    InvalidInput
        If there is none; inside Slicer ``sys.executable`` can be empty.
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


class BackgroundRun:
    """
    One job in a process of its own.

    Parameters
    ----------
    job : Path
        Folder as `LuDosimetryLib.worker` wants it.
    environment : mapping of str to str, optional
        Of the process; by default that of this one.

    Attributes
    ----------
    outcome : Outcome or None
        Once it has ended. A start that failed has ended, too.
    """

    def __init__(self, job: Path, environment: Mapping[str, str] | None = None) -> None:
        self.outcome: Outcome | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stderr: deque[str] = deque(maxlen=_DETAIL_LINES)
        self._readers: list[threading.Thread] = []
        self._said: dict[str, str] = {}
        self._cancelled_at: float | None = None
        self._ended_at: float | None = None
        try:
            interpreter = find_interpreter()
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
        """Whether it has not ended yet, as far as the last `poll` knows."""
        return self.outcome is None

    def poll(self) -> list[Message]:
        """What was told since the last call; also carries a request to cancel on. Never waits."""
        messages = self._received()
        process = self._process
        if self.outcome is not None or process is None:
            return messages
        if process.poll() is None:
            self._press(process)
            return messages
        now = time.monotonic()
        self._ended_at = self._ended_at or now
        dry = not any(reader.is_alive() for reader in self._readers)
        if dry or now - self._ended_at > _LAST_LINES_S:
            messages += self._received()
            self.outcome = self._outcome(process.returncode)
        return messages

    def cancel(self) -> None:
        """Ask for the end; `poll` sees to it that it comes."""
        if self.outcome is None and self._process is not None and self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            with suppress(OSError):
                _stream(self._process.stdin).close()

    def stop(self, patience_s: float = 0.5) -> None:
        """End it and all it started; returns when it has ended. For when there is no time to poll."""
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
        Wait for the end, where nobody polls.

        Raises
        ------
        TimeoutError
        """
        started = time.monotonic()
        while self.outcome is None:
            self.poll()
            if timeout_s is not None and time.monotonic() - started > timeout_s:
                raise TimeoutError(f"the calculation still runs after {timeout_s:g} s")
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
            ((kind, value),) = json.loads(line[len(PREFIX) :]).items()
            if kind == "progress":
                messages.append(Message(value["message"], value["fraction"]))
            elif kind == "warning":
                messages.append(Message(value))
            elif kind == "result":
                self._said["result"] = value
            elif kind == "error":
                self._said["error"] = value["message"]

    def _press(self, process: "subprocess.Popen[bytes]") -> None:
        """After a request to cancel that is not heard: be clearer."""
        if self._cancelled_at is None:
            return
        waited = time.monotonic() - self._cancelled_at
        if waited > KILL_AFTER_S:
            _kill_tree(process)
        elif waited > TERMINATE_AFTER_S:
            with suppress(OSError):
                process.terminate()

    def _outcome(self, code: int) -> Outcome:
        result = self._said.get("result")
        if self._cancelled_at is not None:
            return Outcome("cancelled", "cancelled.", self.details)
        if code == DONE and result is not None:
            return Outcome("done", "done.", self.details, Path(result))
        said = self._said.get("error")
        if code == INVALID and said:
            return Outcome("invalid", said, self.details)
        if code == CANCELLED:
            return Outcome("cancelled", "cancelled.", self.details)
        if code < 0 or (_WINDOWS and code > 255):
            return Outcome("killed", _killed(code), self.details)
        return Outcome(
            "failed",
            said or f"the calculation ended without a result (exit code {code}).",
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
        variables.pop("PYTHONHOME", None)  # of the Python that runs this, not of the other
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
        start_new_session=not _WINDOWS,  # so that it can be ended with all it starts
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
        return f"the calculation crashed (exit code {code:#x}); the details say more."
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
    return f"the calculation crashed ({name}); the details say more."


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
