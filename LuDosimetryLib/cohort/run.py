"""Many cases, each into a result folder of its own, on the processes of dask.distributed."""

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from .. import __version__
from ..base.errors import DONE, FAILED, Cancelled, InvalidInput, ending_of
from ..base.progress import Progress, no_progress
from ..base.storage import LAST
from ..case.case import Case
from ..case.case_file import FILE_NAME
from ..jobs.scheduler import connected, has_distributed, on_this_machine

_LOOK_EVERY_S = 0.1
_TELL_EVERY_S = 0.5
_GRACE_S = 10.0
"""After a request to cancel: for the cases under way to end by themselves."""


@dataclass(frozen=True)
class CohortCase:
    """
    One case of a cohort.

    Attributes
    ----------
    name : str
        Its folder below that of the cohort, with slashes.
    file : Path
    output : Path
        Its result folder.
    """

    name: str
    file: Path
    output: Path


@dataclass(frozen=True)
class Ending:
    """
    How a case ended.

    Attributes
    ----------
    case : CohortCase
    code : int
        As the exit codes: 0 done, 2 invalid input, 3 cancelled, 1 anything else.
    text : str
        One sentence where it is not done.
    earlier : bool
        Whether an earlier run had done it.
    """

    case: CohortCase
    code: int
    text: str = ""
    earlier: bool = False


def find_cases(folder: Path, output: Path) -> list[CohortCase]:
    """
    Every ``case.json`` below a folder, but for hidden folders and the output.

    Results lie in the output as the cases lie in the folder.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {folder}; give a folder with cases below it.")
    folder, output = folder.resolve(), output.resolve()
    apart = [output] if folder in output.parents else []
    files = [
        file
        for file in sorted(folder.rglob(FILE_NAME))
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and not any(other in file.parent.parents for other in apart)
    ]
    if not files:
        raise InvalidInput(
            f"{folder} holds no case (no {FILE_NAME} at any depth); write one, or make it of DICOM files with 'dicom-import'."
        )
    names = [file.parent.relative_to(folder).as_posix() for file in files]
    names = [folder.name if name == "." else name for name in names]
    if len(set(names)) < len(names):
        raise InvalidInput(
            f"{folder} holds a case itself and one in its folder {folder.name}, which would have the same result folder; "
            "move one of them."
        )
    return [CohortCase(n, f, output / n) for n, f in zip(names, files, strict=True)]


def run_cohort(
    cases: Sequence[CohortCase],
    changes: Mapping[str, Any],
    progress: Progress = no_progress,
    scheduler: str | None = None,
    workers: int | None = None,
) -> Iterator[Ending]:
    """
    Calculate cases; one that fails does not stop the others.

    What an earlier run has finished, with the same case, options, input files and version, is not
    calculated again. Without dask.distributed the cases are calculated one after the other.

    Parameters
    ----------
    cases : sequence of CohortCase
    changes : mapping of str to object
        Options instead of the cases' own.
    progress : callable
        ``(fraction, message)``; raising `Cancelled` from it stops the cases under way, of which
        nothing remains.
    scheduler : str, optional
        Address of a scheduler of dask.distributed, whose workers see the same folders under the
        same paths; by default one with processes of this machine is started.
    workers : int, optional
        Number of these processes; by default one for every two cores.

    Yields
    ------
    Ending
        Of every case, in the order in which they end.

    Raises
    ------
    InvalidInput
        If the scheduler is not there.
    Cancelled
        From `progress`.
    """
    telling = _Telling(len(cases), progress)
    left = []
    for case in cases:
        telling.of(case.name, 0.0, "looking for a finished result")
        ending = _known_ending(case, changes)
        if ending is None:
            left.append(case)
            continue
        telling.ended(case.name)
        yield ending
    if not left:
        return
    if scheduler is None and not has_distributed():
        yield from _one_after_the_other(left, changes, telling)
        return
    telling.of(left[0].name, 0.0, "waiting for the workers")
    workers = workers or max(1, (os.cpu_count() or 2) // 2)
    with _client(scheduler, min(workers, len(left))) as client:
        yield from _on_workers(client, left, changes, telling)


def calculated(case: CohortCase, changes: Mapping[str, Any], progress: Progress) -> tuple[int, str]:
    """
    Calculate one case into its result folder; the exit code and a sentence.

    Raises
    ------
    Cancelled
        From `progress`.
    """
    from ..pipeline import run_into

    try:
        run_into(Case.read(case.file).with_options(**changes), case.output, progress)
    except Cancelled:
        raise
    except Exception as error:
        return ending_of(error)
    return DONE, ""


class _Telling:
    """The progress of all cases in one."""

    def __init__(self, cases: int, progress: Progress) -> None:
        self._cases, self._progress = cases, progress
        self._done = 0
        self._under_way: dict[str, float] = {}
        self._last = ""

    def of(self, name: str, fraction: float, message: str) -> None:
        """How far a case is; tells."""
        self.note(name, fraction, message)
        self.tell()

    def note(self, name: str, fraction: float, message: str) -> None:
        """How far a case is."""
        self._under_way[name] = fraction
        self._last = f"{name}: {message}"

    def ended(self, name: str) -> None:
        """A case has ended; tells."""
        self._under_way.pop(name, None)
        self._done += 1
        self.tell()

    def tell(self) -> None:
        """Tell how far all are."""
        fraction = (self._done + sum(self._under_way.values())) / self._cases
        self._progress(min(1.0, fraction), f"{self._done} of {self._cases} done; {self._last}")


def _known_ending(case: CohortCase, changes: Mapping[str, Any]) -> Ending | None:
    """Of a case that is finished already, or cannot be calculated; None of one that is left."""
    try:
        asked = Case.read(case.file).with_options(**changes)
    except InvalidInput as error:
        return Ending(case, *ending_of(error))
    return Ending(case, DONE, earlier=True) if _finished(asked, case.output) else None


def _finished(case: Case, output: Path) -> bool:
    """Whether a folder holds the result of a case as it is now."""
    from ..result.provenance import inputs_sha256

    try:
        found = json.loads((output / LAST).read_text(encoding="utf-8"))
        made = found["provenance"]
        same = made["version"] == __version__ and found["status"] == "completed"
        return bool(
            same
            and found["case"] == json.loads(json.dumps(case.to_dict()))
            and made["inputs_sha256"] == inputs_sha256(case)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _one_after_the_other(
    cases: Sequence[CohortCase], changes: Mapping[str, Any], telling: _Telling
) -> Iterator[Ending]:
    for case in cases:

        def of_case(fraction: float, message: str, name: str = case.name) -> None:
            telling.of(name, fraction, message)

        ending = calculated(case, changes, of_case)
        telling.ended(case.name)
        yield Ending(case, *ending)


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    if scheduler is None:
        with on_this_machine(workers) as client:
            yield client
        return
    client = connected(scheduler)
    try:
        yield client
    except BrokenPipeError:  # of who listens to the progress
        raise
    except OSError as error:
        raise InvalidInput(
            f"the scheduler {scheduler!r} does not answer any more ({error}); what is done stays: start the cohort again."
        ) from None
    finally:
        client.close()


def _on_workers(
    client: Any, cases: Sequence[CohortCase], changes: Mapping[str, Any], telling: _Telling
) -> Iterator[Ending]:
    """As many cases at once as there are threads; which, the scheduler decides."""
    channel = f"ludosimetry-{uuid4().hex}"
    stop = import_module("distributed").Event(channel, client=client)
    client.subscribe_topic(channel, lambda event: telling.note(*event[1]))
    waiting, under_way = deque(cases), dict[Any, CohortCase]()
    told = 0.0
    try:
        while waiting or under_way:
            room = max(1, sum(client.nthreads().values())) if waiting else 0
            while waiting and len(under_way) < room:
                case = waiting.popleft()
                task = (_on_worker, case, dict(changes), channel, __version__)
                under_way[client.submit(*task, pure=False, retries=0)] = case
            for future in [future for future in under_way if future.done()]:
                case = under_way.pop(future)
                telling.ended(case.name)
                yield Ending(case, *_received(future))
            if time.monotonic() - told > _TELL_EVERY_S:
                told = time.monotonic()
                telling.tell()
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
    except Cancelled as error:
        return ending_of(error)
    except InvalidInput as error:
        return ending_of(error)
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            said = (
                "the process that calculated it ended, possibly out of memory; use fewer --workers or a coarser SPECT "
                "grid."
            )
        else:
            said = (
                f"the worker that calculated it failed ({type(error).__name__}: {error}); it needs the same LuDosimetry and "
                "the same folders as here."
            )
        return FAILED, " ".join(said.split())


def _on_worker(
    case: CohortCase, changes: Mapping[str, Any], channel: str, version: str
) -> tuple[int, str]:
    """Calculate a case on a worker, which tells how far it is and looks whether it is to stop."""
    if version != __version__:
        raise InvalidInput(
            f"a worker has LuDosimetry {__version__}, but here is {version}; install the same version there."
        )
    distributed = import_module("distributed")
    worker, stop = distributed.get_worker(), distributed.Event(channel)
    return calculated(case, changes, _throttled(worker.log_event, stop.is_set, channel, case.name))


def _throttled(
    log_event: Callable[[str, Any], object], stopped: Callable[[], bool], channel: str, name: str
) -> Progress:
    last = -_TELL_EVERY_S

    def progress(fraction: float, message: str) -> None:
        nonlocal last
        if time.monotonic() - last < _TELL_EVERY_S:
            return
        last = time.monotonic()
        if stopped():
            raise Cancelled
        log_event(channel, (name, fraction, message))

    return progress
