"""Background job: nodes of the scene are exported, calculated beside Slicer, and the result loaded."""

import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput, ending_of
from LuDosimetryLib.jobs.runner import BackgroundRun, Outcome

from .fingerprint import changed_since, fingerprint
from .jobs import cannot_write, environment, new_job_folder, remove

_PATIENCE_S = 0.1
"""Time that a running process has to end by itself when the job is stopped."""
_STEP_S = 0.03
"""Longest work of one `poll`."""
_COPIED = 0.03
_CALCULATED = 0.97
"""Fractions of the progress after exporting and after calculating."""


class BackgroundJob:
    """
    Job that advances whenever `poll` is called and never blocks the event loop for long.

    Parameters
    ----------
    nodes : list
        Input nodes; if one of them changes, the result is not loaded into the scene.
    write : callable
        Called with the job folder; writes its files in steps, each of which yields a message.
    read : callable
        Called with the result folder; reads its files in steps, without changing the scene.
    show : callable
        Adds what was read to the scene, in steps.

    Attributes
    ----------
    outcome : Outcome or None
        Outcome once the job has ended.
    fraction : float
        Progress, from 0 to 1.
    stage : str
        Current step.
    log : list of str
        All messages, in order.
    warnings : list of str
        Warnings of the calculation.
    folder : Path or None
        Job folder; it is kept for its result if the job was done.
    """

    def __init__(
        self,
        nodes: list[Any],
        write: Callable[[Path], Iterator[str]],
        read: Callable[[Path], Iterator[str]],
        show: Callable[[], Iterator[str]],
    ) -> None:
        self.outcome: Outcome | None = None
        self.fraction = 0.0
        self.stage = _("preparing")
        self.log: list[str] = []
        self.warnings: list[str] = []
        self.folder: Path | None = None
        self._before = fingerprint(nodes)
        self._names = {node.GetID(): node.GetName() for node in nodes}
        self._read, self._show = read, show
        self._showing = False
        self._run: BackgroundRun | None = None
        self._started = time.monotonic()
        try:
            self.folder = new_job_folder()
        except InvalidInput as error:
            self._end(Outcome("invalid", str(error)))
            return
        self._steps: Iterator[str] | None = write(self.folder)

    @property
    def running(self) -> bool:
        """Whether the job has not ended."""
        return self.outcome is None

    @property
    def seconds(self) -> float:
        """Time since the start [s]."""
        return time.monotonic() - self._started

    @property
    def seconds_left(self) -> float | None:
        """Remaining time estimated from the progress [s]; None while there is too little of it."""
        if self.seconds < 2.0 or self.fraction < 0.05:
            return None
        return self.seconds * (1.0 - self.fraction) / self.fraction

    def poll(self) -> None:
        """Advance for a moment."""
        until = time.monotonic() + _STEP_S
        while self.outcome is None:
            try:
                waiting = self._advance()
            except InvalidInput as error:
                self._end(Outcome("invalid", str(error)))
                return
            except OSError as error:
                assert self.folder is not None
                self._end(Outcome("failed", str(cannot_write(self.folder, error))))
                return
            except Exception as error:
                self._end(Outcome("failed", ending_of(error)[1], traceback.format_exc()))
                return
            if waiting or time.monotonic() > until:
                return

    def cancel(self) -> None:
        """
        Request the end, which comes with one of the next calls of `poll`.

        A result that is already being added to the scene is added completely.
        """
        if self._showing:
            return
        if self._run is not None:
            self.stage = _("cancelling")
            self._run.cancel()
        elif self.running:
            self._end(Outcome("cancelled", _("cancelled.")))

    def stop(self) -> None:
        """End at once and leave nothing behind."""
        if self._run is not None:
            self._run.stop(_PATIENCE_S)
        if self.running:
            self._end(Outcome("cancelled", _("cancelled.")))

    def _advance(self) -> bool:
        """Take one step; returns whether there is nothing to do but wait."""
        if self._run is not None:
            return self._receive(self._run)
        assert self._steps is not None
        try:
            self._report(next(self._steps))
        except StopIteration:
            if self.fraction >= _CALCULATED:
                self.fraction = 1.0
                self._end(Outcome("done", _("done.")))
            else:
                assert self.folder is not None
                self.fraction = _COPIED
                self._report(_("starting"))
                self._run = BackgroundRun(self.folder, environment())
        return False

    def _receive(self, run: BackgroundRun) -> bool:
        for message in run.poll():
            if message.fraction is None:
                self.warnings.append(message.text)
                self.log.append(_("Warning: {text}").format(text=message.text))
            else:
                self.fraction = _COPIED + (_CALCULATED - _COPIED) * message.fraction
                self._report(message.text)
        if run.outcome is None:
            return True
        self._run = None
        if run.outcome.kind != "done":
            self._end(run.outcome)
            return False
        assert run.outcome.result is not None
        self.fraction = _CALCULATED
        self._steps = self._load(run.outcome.result)
        return True

    def _load(self, result: Path) -> Iterator[str]:
        yield from self._read(result)
        # nothing else runs between this check and the first step of showing the result
        changed = changed_since(self._before, self._names)
        if changed:
            raise InvalidInput(
                _(
                    "{names} was changed or removed during the calculation, so its result was not added to the scene; run "
                    "it again."
                ).format(names=", ".join(changed))
            )
        self._showing = True
        yield from self._show()

    def _report(self, text: str) -> None:
        if text != self.stage:
            self.log.append(text)
        self.stage = text

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.stage = outcome.text
        self.log.append(outcome.text)
        if outcome.details:
            self.log.append(outcome.details)
        if outcome.kind != "done":
            remove(self.folder)
            self.folder = None
