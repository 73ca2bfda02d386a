"""Cases of a cohort on the workers of a dask.distributed scheduler."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any
from uuid import uuid4

from .. import __version__
from ..base.errors import DONE, FAILED, Cancelled, InvalidInput, ending_of
from ..base.progress import Progress
from ..case.case import Case
from ..jobs.scheduler import connected
from ..pipeline import run_into
from .cases import CohortCase, Ending
from .progress import CohortProgress

_LOOK_EVERY_S = 0.1
_REPORT_EVERY_S = 0.5
_GRACE_S = 10.0
"""Time from a request to cancel for the cases under way to end by themselves."""


def run_on_scheduler(
    cases: Sequence[CohortCase],
    changes: Mapping[str, Any],
    address: str,
    progress: CohortProgress,
) -> Iterator[Ending]:
    """
    Calculate cases on the workers of a scheduler, as many at a time as these have threads.

    Parameters
    ----------
    cases : sequence of CohortCase
    changes : mapping of str to object
        Options that replace those of the cases.
    address : str
        Address of the scheduler, whose workers see the same folders under the same paths.
    progress : CohortProgress

    Yields
    ------
    Ending
        Ending of every case, in the order in which they end.

    Raises
    ------
    InvalidInput
        If the scheduler does not answer, or no longer answers.
    """
    progress.note(cases[0].name, 0.0, "waiting for the workers")
    progress.report()
    client = connected(address)
    try:
        yield from _on_workers(client, cases, changes, progress)
    except BrokenPipeError:  # from the reader of the progress
        raise
    except OSError as error:
        raise InvalidInput(
            f"the scheduler {address!r} no longer answers ({error}); what is done stays: start the cohort again."
        ) from None
    finally:
        client.close()


def _on_workers(
    client: Any, cases: Sequence[CohortCase], changes: Mapping[str, Any], progress: CohortProgress
) -> Iterator[Ending]:
    channel = f"ludosimetry-{uuid4().hex}"
    stop = import_module("distributed").Event(channel, client=client)
    client.subscribe_topic(channel, lambda event: progress.note(*event[1]))
    waiting, under_way = deque(cases), dict[Any, CohortCase]()
    try:
        while waiting or under_way:
            room = max(1, sum(client.nthreads().values())) if waiting else 0
            while waiting and len(under_way) < room:
                case = waiting.popleft()
                task = (_on_worker, case, dict(changes), channel, __version__)
                under_way[client.submit(*task, pure=False, retries=0)] = case
            for future in [future for future in under_way if future.done()]:
                case = under_way.pop(future)
                progress.ended(case.name)
                yield Ending(case, *_received(future))
            progress.report_now_and_then()
            time.sleep(_LOOK_EVERY_S)
    except BaseException:
        with suppress(Exception):
            stop.set()
            _wait_for(under_way)
            client.cancel(list(under_way))
        raise


def _wait_for(under_way: Mapping[Any, CohortCase]) -> None:
    started = time.monotonic()
    while time.monotonic() - started < _GRACE_S:
        if all(future.done() for future in under_way):
            return
        time.sleep(_LOOK_EVERY_S)


def _received(future: Any) -> tuple[int, str]:
    """Exit code and sentence of a case that a worker has ended."""
    try:
        ending: tuple[int, str] = future.result()
        return ending
    except (Cancelled, InvalidInput) as error:
        return ending_of(error)
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            text = (
                "the process that calculated it ended, possibly out of memory; use a coarser SPECT grid or workers "
                "with more memory."
            )
        else:
            text = (
                f"the worker that calculated it failed ({type(error).__name__}: {error}); it needs the same LuDosimetry and "
                "the same folders as here."
            )
        return FAILED, " ".join(text.split())


def _on_worker(
    case: CohortCase, changes: Mapping[str, Any], channel: str, version: str
) -> tuple[int, str]:
    """Calculate a case on a worker, which reports progress and checks whether it is to stop."""
    if version != __version__:
        raise InvalidInput(
            f"a worker has LuDosimetry {__version__}, but here is {version}; install the same version there."
        )
    distributed = import_module("distributed")
    worker, stop = distributed.get_worker(), distributed.Event(channel)
    progress = _throttled(worker.log_event, stop.is_set, channel, case.name)
    try:
        run_into(Case.read(case.file).with_options(**changes), case.output, progress)
    except Cancelled:
        raise
    except Exception as error:
        return ending_of(error)
    return DONE, ""


def _throttled(
    log_event: Callable[[str, Any], object], stopped: Callable[[], bool], channel: str, name: str
) -> Progress:
    last = -_REPORT_EVERY_S

    def progress(fraction: float, message: str) -> None:
        nonlocal last
        if time.monotonic() - last < _REPORT_EVERY_S:
            return
        last = time.monotonic()
        if stopped():
            raise Cancelled
        log_event(channel, (name, fraction, message))

    return progress
