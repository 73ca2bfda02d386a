"""Which CT is a scan's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.grid import Grid
from .computed_tomography import CtSeries
from .nuclear_medicine import other_way_round
from .series_names import Identity, is_named, no_such_series, shown_series
from .spect_scan import Scan, hours_from_scan, in_session

_AS_NEAR_H = 1.0
"""CTs that are nearer to each other than this are of one session: time does not choose between them."""
_BESIDE = 0.05
"""Part of a scan that a CT covers at most when the scan lies beside it."""
_LITTLE, _WITHIN = 0.3, 0.7
"""Parts of a scan that a CT covers when the sign of its spacing is wrong, and were it right."""
_AS_MUCH = 0.02
"""Part of the field of view by which one CT must cover more than another to be preferred."""


@dataclass
class CtChoice:
    """
    The choice of a CT for each scan.

    A CT is a scan's own if both have the same frame of reference, or if it was taken in the same
    session, within minutes of the scan. A scan without one has none: another day's CT shows the
    patient lying elsewhere.

    Attributes
    ----------
    cts : sequence of CtSeries
    folder : Path
        Of the study.
    identity : Identity
    log : Log
        Takes a remark where a choice is not plain.
    clocks_agree : bool
        Whether the times of the headers are to be believed.
    """

    cts: Sequence[CtSeries]
    folder: Path
    identity: Identity
    log: Log
    clocks_agree: bool = True
    _faults: dict[int, str] = field(default_factory=dict)

    def of(self, scan: Scan) -> CtSeries | None:
        """
        The scan's own CT, or the one that the user names; None if it has none.

        Raises
        ------
        InvalidInput
            If the CT that the user names is not there; if the scan lies beside its CT, but would lie
            within it were the sign of SpacingBetweenSlices the other.
        """
        if scan.given.ct is not None:
            return self._named(scan.given.ct)
        frame = scan.frame_of_reference
        of_frame = [
            ct for ct in self.cts if frame and ct.header.text("FrameOfReferenceUID") == frame
        ]
        of_session = [
            ct
            for ct in self.cts
            if self.clocks_agree and ct.start is not None and in_session(scan, ct.start)
        ]
        for own in (of_frame, of_session):
            usable = self._usable(own)
            if usable:
                if own is of_session:
                    self.log.remark(
                        f"The scan of {scan.start} has no CT in its frame of reference; that of the same session was taken as "
                        "aligned with it."
                    )
                return self._best(scan, usable)
        return None

    def refusal(self) -> InvalidInput | None:
        """Why a series that might have been a scan's CT is none."""
        for ct in self.cts:
            if why := self._faults.get(id(ct)):
                return InvalidInput(
                    f"{ct.header.path} is no CT of the patient: {why}; densities need one."
                )
        return None

    def _usable(self, cts: list[CtSeries]) -> list[CtSeries]:
        """Those that may be CTs; refused if the header of one is deficient and there is no other."""
        usable, faults = [], []
        for ct in cts:
            try:
                if not self._why_no_ct(ct):
                    usable.append(ct)
            except InvalidInput as error:
                faults.append(error)
        if faults and not usable:
            raise faults[0]
        for fault in faults:
            self.log.remark(
                f"A CT was left out: {str(fault).partition(': ')[2].partition(';')[0]}."
            )
        return usable

    def _named(self, name: str) -> CtSeries | None:
        if not name:
            return None
        found = [ct for ct in self.cts if is_named(ct.header, name, self.folder)]
        if len(found) > 1:
            uids = ", ".join(ct.header.text("SeriesInstanceUID") for ct in found)
            raise InvalidInput(
                f"--supply: ct names {name!r}, which is {len(found)} CT series; name one by its UID: {uids}."
            )
        if not found:
            raise no_such_series("ct", name, [ct.header for ct in self.cts])
        if why := self._why_no_ct(found[0]):
            raise InvalidInput(f"{found[0].header.path} is no CT of the patient: {why}.")
        return found[0]

    def _best(self, scan: Scan, own: list[CtSeries]) -> CtSeries:
        """Choose the nearest in time; within one session the one that covers most of the scan."""
        nearest_h = min(_from_scan_h(scan, ct) for ct in own)
        grid = scan.beds[0].stack.grid
        near = [ct for ct in own if _from_scan_h(scan, ct) <= nearest_h + _AS_NEAR_H]
        covers = {id(ct): _covered(grid, ct) for ct in own}
        if max(covers[id(ct)] for ct in near) < _BESIDE:
            near = own
        most = max(covers[id(ct)] for ct in near)
        best = [ct for ct in near if covers[id(ct)] > most - _AS_MUCH]
        best.sort(key=lambda ct: (not _is_original(ct), _from_scan_h(scan, ct)))
        if most < _LITTLE:
            _check_sign(scan, best[0])
        if len(own) > 1:
            self.log.remark(
                f"The scan of {scan.start or 'unknown time'} has {len(own)} CT series; the nearest in time was taken, of those of "
                "one session the one that covers most of it, an original rather than a reformatted one "
                f"({shown_series(best[0].header, self.identity)})."
            )
        return best[0]

    def _why_no_ct(self, ct: CtSeries) -> str:
        """Why a series is no CT, with a remark; empty if it may be one."""
        uid = id(ct)
        if uid not in self._faults:
            self._faults[uid] = ct.why_no_ct()
            if self._faults[uid]:
                self.log.remark(
                    f"The CT of {shown_series(ct.header, self.identity)} was left out: {self._faults[uid]}."
                )
        return self._faults[uid]


def _covered(grid: Grid, ct: CtSeries) -> float:
    return float(grid.covered_by(ct.stack.grid).mean())


def _is_original(ct: CtSeries) -> bool:
    """Not a reformatted one, which has gone through an interpolation."""
    return "ORIGINAL" in (text.upper() for text in ct.header.texts("ImageType"))


def _check_sign(scan: Scan, ct: CtSeries) -> None:
    header = scan.header
    spacing = None if len(scan.beds[0].stack.headers) > 1 else header.number("SpacingBetweenSlices")
    if spacing is None or _covered(other_way_round(scan.beds[0].stack), ct) < _WITHIN:
        return
    remedy = header.remedy(f'"header": {{"SpacingBetweenSlices": {-spacing:g}}}')
    raise header.refused(
        "SpacingBetweenSlices",
        f"is {spacing:g} mm, which puts the scan beside its CT; {-spacing:g} would put it within: if that is right, give {remedy} "
        "with --supply FILE.json",
    )


def _from_scan_h(scan: Scan, ct: CtSeries) -> float:
    """Hours between a CT and a scan, from its start to its end; infinite where a time is not told."""
    return float("inf") if ct.start is None else hours_from_scan(scan, ct.start)
