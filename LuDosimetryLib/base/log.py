"""What a calculation has to say: its remarks, each once, and how far it is."""

from .progress import Progress, no_progress

__all__ = ["Log"]


class Log:
    """
    Remarks and progress of a calculation, or of a part of one.

    A calculation is given one; it passes to each of its parts the `part` that the part takes of
    its time. All of them share the remarks.

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
        self._progress = progress
        self._start, self._length = 0.0, 1.0
        self._used = 0.0
        self._message = ""

    def remark(self, text: str) -> None:
        """Note an assumption or a warning; what was noted before is not repeated."""
        if text not in self.remarks:
            self.remarks.append(text)

    def at(self, fraction: float, message: str = "") -> None:
        """
        Tell how far this part is, from 0 to 1.

        Parameters
        ----------
        fraction : float
        message : str
            What is being done; that of the part if empty.

        Raises
        ------
        Cancelled
            If the calculation is to stop.
        """
        self._used = fraction
        self._progress(self._start + self._length * fraction, message or self._message)

    def part(self, share: float, message: str = "") -> "Log":
        """
        The log of a part that begins where this one is, and takes a share of it.

        Parameters
        ----------
        share : float
            Of this log's own range, from 0 to 1.
        message : str
            What the part does; told at once if given.
        """
        part = Log(self._progress)
        part.remarks = self.remarks
        part._start, part._length = self._start + self._length * self._used, self._length * share
        part._message = message or self._message
        if message:
            part.at(0.0)
        self._used = min(1.0, self._used + share)
        return part

    def without_remarks(self) -> "Log":
        """The same progress, for what is calculated again: its remarks have been made."""
        again = self.part(1.0 - self._used)
        again.remarks = []
        return again
