"""Progress on a console: a bar on a terminal, JSON lines for programs, Ctrl-C as a request."""

import json
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from ..base.errors import Cancelled

_WIDTH = 30


class ConsoleProgress:
    """
    A progress callable for the shell; raises `Cancelled` once Ctrl-C or a termination came.

    Signals are turned into requests as long as the ``with`` block runs.

    Parameters
    ----------
    json_lines : bool
        Write one JSON object a line to stdout instead of a bar to a terminal's stderr.
    """

    def __init__(self, json_lines: bool) -> None:
        self._json = json_lines
        self._bar = not json_lines and sys.stderr.isatty()
        self._drawn = False
        self._started = time.perf_counter()
        self._cancelled = False
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> "ConsoleProgress":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._request)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self.close()

    def __call__(self, fraction: float, message: str) -> None:
        """Show the finished fraction and what is going on."""
        if self._cancelled:
            raise Cancelled
        self.show(fraction, message)

    def show(self, fraction: float, message: str) -> None:
        """Show the progress of work that can no longer be cancelled."""
        seconds = time.perf_counter() - self._started
        if self._json:
            line = {
                "fraction": round(fraction, 4),
                "message": message,
                "seconds": round(seconds, 2),
            }
            print(json.dumps({"progress": line}), flush=True)
        elif self._bar:
            full = int(_WIDTH * fraction)
            bar = "#" * full + "-" * (_WIDTH - full)
            text = f"\r[{bar}] {100 * fraction:3.0f} % {seconds:5.1f} s  {message:<48.48}"
            print(text, end="", file=sys.stderr, flush=True)
            self._drawn = True

    def close(self) -> None:
        """End the bar's line."""
        if self._drawn:
            print(file=sys.stderr)
            self._drawn = False

    def _request(self, number: int, frame: FrameType | None) -> None:
        self._cancelled = True
