"""Running the event loop in a test, and measuring how long something kept it from turning."""

import time
from collections.abc import Callable

from PySide6 import QtCore, QtWidgets

from .plain import raw


def process_events() -> None:
    """Let Qt do what it has waiting, deletions included."""
    QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)
    QtWidgets.QApplication.processEvents()


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> float:
    """Turn the event loop, at least once, until the condition holds; returns how long it took [s].

    Raises
    ------
    TimeoutError
        When the condition does not hold within the time.
    """
    start = time.perf_counter()
    loop = QtCore.QEventLoop()
    while True:
        timer = QtCore.QTimer()
        raw(timer, "setSingleShot")(True)
        raw(timer, "timeout").connect(raw(loop, "quit"))
        raw(timer, "start")(5)
        raw(loop, "exec")()
        passed = time.perf_counter() - start
        if condition():
            return passed
        if passed > seconds:
            raise TimeoutError(f"not within {seconds} s")


class Responsiveness:
    """Measures the longest time in which the event loop could not turn.

    A timer fires every millisecond; the longest gap between two of its events is the longest
    block, to within the millisecond. Use as a context manager around what the loop does.

    Attributes
    ----------
    longest_s : float
        The longest gap by the clock [s]; on a busy machine it has the waiting for a processor in it.
    longest_cpu_s : float
        The most that this thread calculated within one gap [s].
    """

    INTERVAL_MS = 1

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.longest_cpu_s = 0.0
        self._last = (0.0, 0.0)
        self._timer = QtCore.QTimer()
        raw(self._timer, "setTimerType")(QtCore.Qt.TimerType.PreciseTimer)
        raw(self._timer, "timeout").connect(self._tick)

    def _tick(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        self.longest_s = max(self.longest_s, now[0] - self._last[0])
        self.longest_cpu_s = max(self.longest_cpu_s, now[1] - self._last[1])
        self._last = now

    def __enter__(self) -> "Responsiveness":
        process_events()
        self._last = (time.perf_counter(), time.thread_time())
        raw(self._timer, "start")(self.INTERVAL_MS)
        return self

    def __exit__(self, *_: object) -> None:
        self._tick()  # a block that lasts to the end counts too
        raw(self._timer, "stop")()
