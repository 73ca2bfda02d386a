"""A job from nodes of the scene and back: copied out, calculated beside Slicer, taken in."""

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
"""Before what runs is ended, when nobody can wait."""
_STEP_S = 0.03
"""Work of one `poll`."""
_COPIED = 0.03
_CALCULATED = 0.97
"""Fractions of the progress at the end of the first two stages."""


class BackgroundJob:
    """
    A job that goes on whenever `poll` is called, and never holds up the event loop for long.

    Parameters
    ----------
    nodes : list
        The nodes that go in; if one of them changes, the result is not taken in.
    write : callable
        Of the job folder: writes its files in steps, each of which tells what is written.
    read : callable
        Of the result folder: reads its files in steps, and leaves the scene alone.
    show : callable
        Puts what was read into the scene, in steps.

    Attributes
    ----------
    outcome : Outcome or None
        Once the job has ended.
    fraction : float
    stage : str
    log : list of str
        What was told, in order.
    warnings : list of str
        Of the calculation.
    folder : Path or None
        Of the job; it stays when the job was done, for its result.
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
        """Whether there is still something to do."""
        return self.outcome is None

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    @property
    def seconds_left(self) -> float | None:
        """As far as the progress tells; None while it tells too little."""
        if self.seconds < 2.0 or self.fraction < 0.05:
            return None
        return self.seconds * (1.0 - self.fraction) / self.fraction

    def poll(self) -> None:
        """Go on for a moment."""
        until = time.monotonic() + _STEP_S
        while self.outcome is None:
            try:
                waiting = self._go_on()
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
        Ask for the end; it comes with one of the next calls of `poll`.

        A result that is already being put into the scene is put there as a whole.
        """
        if self._showing:
            return
        if self._run is not None:
            self.stage = _("cancelling")
            self._run.cancel()
        elif self.running:
            self._end(Outcome("cancelled", _("cancelled.")))

    def stop(self) -> None:
        """End at once, and leave nothing."""
        if self._run is not None:
            self._run.stop(_PATIENCE_S)
        if self.running:
            self._end(Outcome("cancelled", _("cancelled.")))

    def _go_on(self) -> bool:
        """One step; whether there is nothing to do but to wait."""
        if self._run is not None:
            return self._listen(self._run)
        assert self._steps is not None
        try:
            self._say(next(self._steps))
        except StopIteration:
            if self.fraction >= _CALCULATED:
                self.fraction = 1.0
                self._end(Outcome("done", _("done.")))
            else:
                assert self.folder is not None
                self.fraction = _COPIED
                self._say(_("starting"))
                self._run = BackgroundRun(self.folder, environment())
        return False

    def _listen(self, run: BackgroundRun) -> bool:
        for message in run.poll():
            if message.fraction is None:
                self.warnings.append(message.text)
                self.log.append(_("Warning: {text}").format(text=message.text))
            else:
                self.fraction = _COPIED + (_CALCULATED - _COPIED) * message.fraction
                self._say(message.text)
        if run.outcome is None:
            return True
        self._run = None
        if run.outcome.kind != "done":
            self._end(run.outcome)
            return False
        assert run.outcome.result is not None
        self.fraction = _CALCULATED
        self._steps = self._take_in(run.outcome.result)
        return True

    def _take_in(self, result: Path) -> Iterator[str]:
        yield from self._read(result)
        # from here to the first step of what is shown, nothing else gets its turn
        changed = changed_since(self._before, self._names)
        if changed:
            raise InvalidInput(
                _(
                    "{names} was changed or removed while the calculation ran, so its result was not put into the scene; run "
                    "again."
                ).format(names=", ".join(changed))
            )
        self._showing = True
        yield from self._show()

    def _say(self, text: str) -> None:
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
