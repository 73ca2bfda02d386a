"""Calculation of many cases, each into its result folder, on this machine or on a scheduler."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..base.errors import DONE, InvalidInput, ending_of
from ..base.progress import Progress, no_progress
from ..case.case import Case
from ..output.summary import read_summary
from ..result.provenance import inputs_sha256
from .cases import CohortCase, Ending
from .cluster import run_on_scheduler
from .local import run_locally
from .progress import CohortProgress


def run_cohort(
    cases: Sequence[CohortCase],
    changes: Mapping[str, Any],
    progress: Progress = no_progress,
    scheduler: str | None = None,
    workers: int | None = None,
) -> Iterator[Ending]:
    """
    Calculate cases; one that fails, or whose process is killed, does not stop the others.

    A case that an earlier run has finished, with the same case file, options, images and version,
    is not calculated again.

    Parameters
    ----------
    cases : sequence of CohortCase
    changes : mapping of str to object
        Options that replace those of the cases, with values as in ``case.json``.
    progress : callable
        ``(fraction, message)``; raising `Cancelled` from it stops the cases under way, of which
        nothing remains.
    scheduler : str, optional
        Address of a scheduler of dask.distributed, whose workers see the same folders under the
        same paths; by default processes of this machine calculate.
    workers : int, optional
        Number of these processes; by default one for every two cores.

    Yields
    ------
    Ending
        Ending of every case, in the order in which they end.

    Raises
    ------
    InvalidInput
        If the scheduler does not answer.
    Cancelled
        From `progress`.
    """
    shown = CohortProgress(len(cases), progress)
    left = []
    for case in cases:
        shown.note(case.name, 0.0, "looking for a finished result")
        shown.report()
        ending = _known_ending(case, changes)
        if ending is None:
            left.append(case)
            continue
        shown.ended(case.name)
        yield ending
    if not left:
        return
    if scheduler is not None:
        yield from run_on_scheduler(left, changes, scheduler, shown)
    else:
        workers = workers or max(1, (os.cpu_count() or 2) // 2)
        yield from run_locally(left, changes, workers, shown)


def _known_ending(case: CohortCase, changes: Mapping[str, Any]) -> Ending | None:
    """Ending of a case that is finished already or invalid; None for one to be calculated."""
    try:
        asked = Case.read(case.file).with_options(**changes)
    except InvalidInput as error:
        return Ending(case, *ending_of(error))
    return Ending(case, DONE, earlier=True) if _finished(asked, case.output) else None


def _finished(case: Case, output: Path) -> bool:
    """Whether a folder holds the complete result of a case as it is now."""
    try:
        found = read_summary(output)
    except InvalidInput:
        return False
    made = found.provenance
    return (
        made.get("version") == __version__
        and found.vois is not None
        and found.case == json.loads(json.dumps(case.to_dict()))
        and made.get("inputs_sha256") == inputs_sha256(case)
    )
