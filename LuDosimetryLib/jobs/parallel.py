"""Several background runs at a time."""

import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable
from pathlib import Path

from .runner import KILL_AFTER_S, BackgroundRun, Message, Outcome

_POLL_EVERY_S = 0.05
_END_WITHIN_S = 2.0 * KILL_AFTER_S
"""Longest wait for processes that have been killed."""


def run_jobs(
    jobs: Iterable[Path],
    workers: int,
    report: Callable[[Path, Message], object],
    check: Callable[[], object],
    interpreter: str | None = None,
) -> Generator[tuple[Path, Outcome], None, None]:
    """
    Run jobs in processes of this machine; one that fails or is killed does not affect the others.

    If `report` or `check` raises, or the iteration is abandoned, all running jobs are cancelled,
    and have ended when the exception leaves this function.

    Parameters
    ----------
    jobs : iterable of Path
        Job folders; see `LuDosimetryLib.worker`.
    workers : int
        Jobs at a time.
    report : callable
        Called with the job and each of its messages.
    check : callable
        Called about 20 times a second.
    interpreter : str, optional
        Python that calculates; by default that of `find_interpreter`.

    Yields
    ------
    Path, Outcome
        Job folder and outcome, in the order in which the jobs end.
    """
    waiting = deque(jobs)
    running: dict[Path, BackgroundRun] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                job = waiting.popleft()
                running[job] = BackgroundRun(job, interpreter=interpreter)
            for job, run in list(running.items()):
                for message in run.poll():
                    report(job, message)
                if run.outcome is not None:
                    del running[job]
                    yield job, run.outcome
            check()
            time.sleep(_POLL_EVERY_S)
    finally:
        _end(running.values())


def _end(runs: Collection[BackgroundRun]) -> None:
    """Cancel runs and wait until they have ended."""
    for run in runs:
        run.cancel()
    started = time.monotonic()
    while any(run.running for run in runs) and time.monotonic() - started < _END_WITHIN_S:
        for run in runs:
            run.poll()
        time.sleep(_POLL_EVERY_S)
