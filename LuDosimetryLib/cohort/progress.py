"""Progress of a cohort from the progress of its cases."""

import time

from ..base.progress import Progress

_REPORT_EVERY_S = 0.5


class CohortProgress:
    """
    Progress of all cases together.

    Parameters
    ----------
    cases : int
        Number of cases.
    progress : callable
        ``(fraction, message)``; may raise `Cancelled`.
    """

    def __init__(self, cases: int, progress: Progress) -> None:
        self._cases, self._progress = cases, progress
        self._done = 0
        self._fractions: dict[str, float] = {}
        self._last = ""
        self._reported_at = time.monotonic()

    def note(self, name: str, fraction: float, message: str) -> None:
        """Note how far a case is."""
        self._fractions[name] = fraction
        self._last = f"{name}: {message}"

    def ended(self, name: str) -> None:
        """Note that a case has ended, and report."""
        self._fractions.pop(name, None)
        self._done += 1
        self.report()

    def report(self) -> None:
        """Report how far all cases are."""
        self._reported_at = time.monotonic()
        fraction = (self._done + sum(self._fractions.values())) / self._cases
        self._progress(min(1.0, fraction), f"{self._done} of {self._cases} done; {self._last}")

    def report_now_and_then(self) -> None:
        """Report if the last report is half a second old."""
        if time.monotonic() - self._reported_at > _REPORT_EVERY_S:
            self.report()
