"""Remarks and progress of a calculation: each remark once, fractions nested."""

from collections.abc import Iterable

from .progress import Progress, no_progress
from .wording import printable

__all__ = ["Log"]


class Log:
    """
    Remarks and progress of a calculation, or of a part of one.

    A calculation receives one and passes each of its steps a `part`: the share of the time that
    the step takes. All parts add to the same remarks.

    Parameters
    ----------
    progress : callable
        ``(fraction, message)`` with the fraction from 0 to 1 of the whole; raising `Cancelled`
        from it stops the calculation.

    Attributes
    ----------
    remarks : list of str
        Assumptions and warnings, in the order in which they were made.

    Examples
    --------
    >>> log = Log(lambda fraction, message: print(f"{fraction:.2f} {message}"))
    >>> reading = log.part(0.5, "reading")
    0.00 reading
    >>> reading.at(0.5)
    0.25 reading
    >>> summing = log.part(0.5, "summing")
    0.50 summing
    """

    def __init__(self, progress: Progress = no_progress) -> None:
        self.remarks: list[str] = []
        self._vois: dict[str, set[str]] = {}
        self._progress = progress
        self._start, self._length = 0.0, 1.0
        self._used = 0.0
        self._message = ""

    def remark(self, text: str, vois: Iterable[str] = ()) -> None:
        """
        Note an assumption or a warning, once however often it is made.

        Parameters
        ----------
        text : str
        vois : iterable of str
            Names of the volumes of interest that it concerns in particular; none if it concerns
            the whole calculation.
        """
        text = printable(text)
        if text not in self.remarks:
            self.remarks.append(text)
        for name in vois:
            self._vois.setdefault(name, set()).add(text)

    @property
    def remarks_of_vois(self) -> dict[str, list[int]]:
        """Places in `remarks` of those that concern a volume of interest, by its name."""
        return {
            name: [n for n, text in enumerate(self.remarks) if text in texts]
            for name, texts in self._vois.items()
        }

    def at(self, fraction: float, message: str = "") -> None:
        """
        Report how far this part is, from 0 to 1.

        Parameters
        ----------
        fraction : float
        message : str
            What is being done; the message of the part if empty.

        Raises
        ------
        Cancelled
            If the calculation is to stop.
        """
        self._used = fraction
        reached = min(1.0, self._start + self._length * fraction)
        self._progress(reached, message or self._message)

    def check_cancelled(self) -> None:
        """
        Report the same progress once more, so that a request to cancel is noticed.

        Long steps of unknown progress call it several times a second.

        Raises
        ------
        Cancelled
            If the calculation is to stop.
        """
        self.at(self._used)

    def part(self, share: float, message: str = "") -> "Log":
        """
        Log of a part that begins where this one is and takes a share of its range.

        Parameters
        ----------
        share : float
            Share of this log's range, from 0 to 1.
        message : str
            What the part does; reported at once if given.
        """
        part = Log(self._progress)
        part.remarks, part._vois = self.remarks, self._vois
        part._start, part._length = self._start + self._length * self._used, self._length * share
        part._message = message or self._message
        if message:
            part.at(0.0)
        self._used = min(1.0, self._used + share)
        return part

    def without_remarks(self) -> "Log":
        """Log with the same progress for a repeated calculation, whose remarks are known already."""
        again = self.part(1.0 - self._used)
        again.remarks, again._vois = [], {}
        return again
