"""Decay correction: undone or completed, so that activity is that at the start of the scan."""

from dataclasses import dataclass
from math import exp, expm1

from ..base.log import Log
from ..dicom_files.header import Header
from ..dicom_files.moment import Moment
from ..dicom_files.private_elements import SIEMENS_DECAY_CORRECTION

CORRECTIONS = ("NONE", "START", "ADMIN")
_FACTOR_AGREES = 0.03
"""Difference of the stated decay factor from that of the correction; less than the decay of 177Lu in seven hours."""


@dataclass(frozen=True)
class Decay:
    """
    What the values of a scan refer to, and the decay to undo or complete it.

    Attributes
    ----------
    correction : {"NONE", "START", "ADMIN"}
        As DecayCorrection (0054,1102): to nothing, the start of the scan, the administration.
    per_h : float
        Decay constant [1/h]; the scanner's own where it corrected to the administration.
    start : Moment or None
        Of the scan: its first bed.
    hours : float
        From administration to start [h].
    """

    correction: str
    per_h: float
    start: Moment | None
    hours: float

    def factor(self, bed: Moment | None, begun: Moment | None, duration_s: float | None) -> float:
        """
        By which to multiply the values of a slice.

        Parameters
        ----------
        bed : Moment or None
            Start of the series or file, to which START corrects.
        begun : Moment or None
            Start of the slice's own acquisition.
        duration_s : float or None
            Of that acquisition [s]; a mean over it lies below the value at its start.
        """
        if self.correction == "START":
            return self._since_start(bed)
        if self.correction == "ADMIN":
            return exp(-self.per_h * self.hours)
        decayed = self.per_h * (duration_s or 0.0) / 3600.0
        mean = -expm1(-decayed) / decayed if decayed > 0.0 else 1.0
        return self._since_start(begun) / mean

    def check_factor(
        self, header: Header, bed: Moment | None, begun: Moment | None, duration_s: float | None
    ) -> str:
        """
        Compare the factor by which a scanner says it multiplied a slice with that of the correction.

        Parameters
        ----------
        header : Header
            Of the slice.
        bed, begun, duration_s
            As for `factor`.

        Returns
        -------
        str
            A remark where the factor is told as 1, as some writers always do; empty if all is well.

        Raises
        ------
        InvalidInput
            If another correction than the one named must have been made.
        """
        told = header.number("DecayFactor")
        if told is None or self.correction not in CORRECTIONS:
            return ""
        seen = Decay("NONE", self.per_h, self.start, self.hours).factor(bed, begun, duration_s)
        expected = seen / self.factor(bed, begun, duration_s)
        if abs(told / expected - 1.0) <= _FACTOR_AGREES:
            return ""
        says = (
            f"is {told:.4g}, but DecayCorrection (0054,1102) {self.correction} makes {expected:.4g}"
        )
        if told == 1.0:
            return f"DecayFactor (0054,1321) {says}; the correction was believed."
        raise header.refused(
            "DecayFactor", f"{says}; give {_remedy(header)} with --supply FILE.json"
        )

    def _since_start(self, moment: Moment | None) -> float:
        if moment is None or self.start is None:
            return 1.0
        return exp(self.per_h * moment.hours_since(self.start))


def decay_correction(header: Header, given: str | None, log: Log) -> str:
    """
    Which correction a series has; what PET must tell is asked for, NM without one has none.

    Parameters
    ----------
    header : Header
    given : str or None
        By the user.
    log : Log
    """
    if given is not None:
        return given
    told = header.text("DecayCorrection").upper()
    if told in CORRECTIONS:
        return told
    if told:
        raise header.refused(
            "DecayCorrection", f"is {told!r}; give {_remedy(header)} with --supply FILE.json"
        )
    private = SIEMENS_DECAY_CORRECTION.text(header).upper()
    if private in CORRECTIONS:
        log.remark(
            f"{SIEMENS_DECAY_CORRECTION} is {private}; it was taken for DecayCorrection (0054,1102)."
        )
        return private
    if header.text("DecayCorrectionDateTime"):
        raise header.refused(
            "DecayCorrectionDateTime",
            f"is neither the start of the scan nor the administration; give {_remedy(header)} with --supply FILE.json",
        )
    corrected = "DECY" in (text.upper() for text in header.texts("CorrectedImage"))
    factor = header.number("DecayFactor")
    if header.text("Modality") == "PT" or corrected or (factor or 1.0) != 1.0:
        raise header.lacking("DecayCorrection", _remedy(header))
    log.remark(
        "DecayCorrection (0054,1102) is missing; the images were taken as not corrected for decay."
    )
    return "NONE"


def _remedy(header: Header) -> str:
    return f"""{header.remedy('"decay_correction": ...')} ("NONE", "START" or "ADMIN")"""
