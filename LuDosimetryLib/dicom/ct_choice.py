"""Which CT belongs to which scan."""

from collections.abc import Sequence

from ..image.grid import Grid
from .computed_tomography import CtSeries
from .nuclear_medicine import other_way_round
from .spect_scan import Scan

_SAME_VISIT_H = 24.0
_SAME_SESSION_H = 3.0
_BESIDE, _WITHIN = 0.05, 0.5
"""Parts of a scan that a CT covers when the scan lies beside it, and when it lies within."""
_AS_MUCH = 0.02
"""Part of the field of view by which one CT must cover more than another to be preferred."""


def ct_of_scan(scan: Scan, cts: Sequence[CtSeries], remarks: list[str]) -> CtSeries | None:
    """
    The CT in the frame of reference of a scan, else that of the same study and day, else of the hour.

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

    Raises
    ------
    InvalidInput
        If the scan lies beside its CT, but would lie within it were the sign of
        SpacingBetweenSlices the other.
    """
    frame = scan.beds[0].frame_of_reference
    own = [ct for ct in cts if frame and ct.header.text("FrameOfReferenceUID") == frame]
    if not own:
        own = [ct for ct in cts if _same_visit(scan, ct)]
        own = own or [ct for ct in cts if _apart_h(scan, ct) < _SAME_SESSION_H]
        if own:
            remarks.append(
                f"The scan of {scan.start or 'unknown time'} has no CT in its frame of reference; that of the same visit was "
                "taken as aligned with it."
            )
    if not own:
        return cts[0] if len(cts) == 1 and _only(scan, remarks) else None
    grid = scan.beds[0].stack.grid
    covers = {id(ct): _covered(grid, ct) for ct in own}
    most = max(covers.values())
    near = [ct for ct in own if covers[id(ct)] > most - _AS_MUCH]
    near.sort(key=lambda ct: (not _is_original(ct), _apart_h(scan, ct)))
    if most < _BESIDE:
        _check_sign(scan, near[0])
    if len(own) > 1:
        remarks.append(
            f"The scan of {scan.start or 'unknown time'} has {len(own)} CT series; the one that covers most of it, of those an "
            "original rather than a reformatted one, and the nearest in time, was taken (SeriesNumber (0020,0011) "
            f"{near[0].header.text('SeriesNumber') or 'not told'})."
        )
    return near[0]


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
    raise header.refused(
        "SpacingBetweenSlices",
        f"is {spacing:g} mm, which puts the scan beside its CT; {-spacing:g} would put it within: if that is right, give "
        f'"header": {{"SpacingBetweenSlices": {-spacing:g}}} with --supply FILE.json',
    )


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
