"""Which CT belongs to which scan."""

from collections.abc import Sequence

from .computed_tomography import CtSeries
from .spect_scan import Scan

_SAME_VISIT_H = 24.0
_AS_MUCH = 0.02
"""Part of the field of view by which one CT must cover more than another to be preferred."""


def ct_of_scan(scan: Scan, cts: Sequence[CtSeries], remarks: list[str]) -> CtSeries | None:
    """
    The CT in the frame of reference of a scan, else that of the same study or day.

    Parameters
    ----------
    scan : Scan
    cts : sequence of CtSeries
    remarks : list of str
        Added to where the choice is not plain.

    Returns
    -------
    CtSeries or None
        None where no CT is of the same visit; another scan's CT then serves.
    """
    frame = scan.beds[0].frame_of_reference
    own = [ct for ct in cts if frame and ct.header.text("FrameOfReferenceUID") == frame]
    if not own:
        own = [ct for ct in cts if _same_visit(scan, ct)]
        if own:
            remarks.append(
                f"The scan of {scan.start or 'unknown time'} has no CT in its frame of reference; that of the same visit was "
                "taken as aligned with it."
            )
    if not own:
        return cts[0] if len(cts) == 1 and _only(scan, remarks) else None
    grid = scan.beds[0].stack.grid
    covers = {id(ct): float(grid.covered_by(ct.stack.grid).mean()) for ct in own}
    most = max(covers.values())
    near = [ct for ct in own if covers[id(ct)] > most - _AS_MUCH]
    near.sort(key=lambda ct: _apart_h(scan, ct))
    if len(own) > 1:
        remarks.append(
            f"The scan of {scan.start or 'unknown time'} has {len(own)} CT series; the one that covers most of it, and of those the "
            f"nearest in time, was taken (SeriesNumber (0020,0011) {near[0].header.text('SeriesNumber') or 'not told'})."
        )
    return near[0]


def _only(scan: Scan, remarks: list[str]) -> bool:
    remarks.append(
        f"The scan of {scan.start or 'unknown time'} has no CT of its own; the only one there is was taken as aligned with it."
    )
    return True


def _same_visit(scan: Scan, ct: CtSeries) -> bool:
    study = scan.header.text("StudyInstanceUID")
    if study and study == ct.header.text("StudyInstanceUID"):
        return _apart_h(scan, ct) < _SAME_VISIT_H or scan.start is None or ct.start is None
    return False


def _apart_h(scan: Scan, ct: CtSeries) -> float:
    if scan.start is None or ct.start is None:
        return float("inf")
    return abs(scan.start.hours_since(ct.start))
