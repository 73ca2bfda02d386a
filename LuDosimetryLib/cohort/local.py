"""Cases of a cohort in processes of this machine."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..base.errors import CANCELLED, DONE, FAILED, INVALID
from ..base.storage import remove_abandoned
from ..jobs.job_folder import REQUEST
from ..jobs.parallel import run_jobs
from ..jobs.runner import Message, Outcome, OutcomeKind, running_interpreter
from .cases import CohortCase, Ending
from .progress import CohortProgress

_CODES: dict[OutcomeKind, int] = {
    "done": DONE,
    "invalid": INVALID,
    "cancelled": CANCELLED,
    "failed": FAILED,
    "killed": FAILED,
}


def run_locally(
    cases: Sequence[CohortCase],
    changes: Mapping[str, Any],
    workers: int,
    progress: CohortProgress,
) -> Iterator[Ending]:
    """
    Calculate cases, each in a process that writes into the result folder.

    Parameters
    ----------
    cases : sequence of CohortCase
    changes : mapping of str to object
        Options that replace those of the cases.
    workers : int
        Cases at a time.
    progress : CohortProgress

    Yields
    ------
    Ending
        Ending of every case, in the order in which they end.
    """
    with tempfile.TemporaryDirectory(prefix="ludosimetry-cohort-") as folder:
        jobs = {Path(folder) / str(n): case for n, case in enumerate(cases)}
        for job, case in jobs.items():
            job.mkdir()
            paths = {"case": str(case.file.resolve()), "output": str(case.output.resolve())}
            (job / REQUEST).write_text(
                json.dumps({**paths, "options": dict(changes)}), encoding="utf-8"
            )

        def report(job: Path, message: Message) -> None:
            if message.fraction is not None:
                progress.note(jobs[job].name, message.fraction, message.text)
                progress.report()

        outcomes = run_jobs(
            jobs, workers, report, progress.report_now_and_then, running_interpreter()
        )
        try:
            for job, outcome in outcomes:
                case = jobs.pop(job)
                if outcome.kind != "done":
                    _clean(case)
                progress.ended(case.name)
                yield Ending(case, _CODES[outcome.kind], _sentence(outcome))
        finally:
            outcomes.close()
            for case in jobs.values():
                _clean(case)


def _clean(case: CohortCase) -> None:
    """Remove what a killed process left in its result folder, and the folders that it made."""
    remove_abandoned(case.output)
    folders = [case.output, *case.output.parents][: len(Path(case.name).parts)]
    for folder in folders:
        with suppress(OSError):  # absent, or not empty
            folder.rmdir()


def _sentence(outcome: Outcome) -> str:
    if outcome.kind == "done":
        return ""
    if outcome.kind == "killed":
        return (
            "the process that calculated it ended, possibly out of memory; use fewer --workers or a coarser SPECT "
            "grid."
        )
    return outcome.text
