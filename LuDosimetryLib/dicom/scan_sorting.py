"""Which beds make one scan, which are images of the same scan, and which cannot both be."""

from itertools import pairwise

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.grid import Grid
from .administration import administration_of
from .bed import Bed
from .series_names import Identity, shown_series
from .spect_scan import Scan, given_of, rank
from .supplement import NOTHING, Supplement

_SAME_SCAN_H = 2.0
"""Beds begun within this time, and that do not cover each other, are one scan."""
_SAME_START_S = 1.0
"""One patient is not scanned twice at once: several images with one start are of the same scan."""
_SHORTEST_S, _USUAL_S = 300.0, 900.0
"""No scan that gives a dose is shorter; what is taken of one whose duration is not told."""
_SAME_PLACE = 0.5
"""Part of a bed that another may cover before both are taken for the same acquisition."""


def scans_of(
    beds: list[Bed], log: Log, supplement: Supplement = NOTHING, identity: Identity | None = None
) -> list[Scan]:
    """
    Sort beds into scans, in order of time; those without a time come last.

    Parameters
    ----------
    beds : list of Bed
    log : Log
    supplement : Supplement
        What the user says of the administration.
    identity : Identity, optional
        What remarks must not hold.

    Raises
    ------
    InvalidInput
        If two images show the same scan and nothing says which to take, or two scans overlap in time.
    """
    hidden = identity or Identity([])
    groups: list[list[Bed]] = []
    for bed in sorted(beds, key=_time_key):
        group = next((g for g in groups if _one_scan(g, bed)), None)
        if group is None:
            groups.append([bed])
        else:
            group.append(bed)
    _check_apart(groups)
    scans = []
    for group in groups:
        chosen = _without_alternatives(group, log, hidden)
        given = given_of(chosen)
        administration = administration_of(chosen[0].header, log, supplement, given)
        scans.append(Scan(chosen, administration, given))
    return scans


def _time_key(bed: Bed) -> tuple[bool, float, str]:
    start = bed.start
    if start is None:
        return (True, 0.0, str(bed.header.path))
    clock = start.clock if start.utc_offset is None else start.clock - start.utc_offset
    return (False, (clock - clock.min).total_seconds(), str(bed.header.path))


def _one_scan(group: list[Bed], bed: Bed) -> bool:
    """Whether a bed belongs to those of a scan: beside them, soon after; or another image of one."""
    first = group[0]
    hours = {b.given.hours for b in (*group, bed)} - {None}
    if len(hours) > 1 or first.start is None or bed.start is None:
        return False
    apart_h = abs(bed.start.hours_since(first.start))
    twin = next((b for b in group if same_place(b, bed)), None)
    if twin is not None:
        return _same_start(twin, bed)
    return first.frame_of_reference == bed.frame_of_reference and apart_h < _SAME_SCAN_H


def _same_start(a: Bed, b: Bed) -> bool:
    if a.start is None or b.start is None:
        return False
    return abs(a.start.hours_since(b.start)) * 3600.0 < _SAME_START_S


def _check_apart(groups: list[list[Bed]]) -> None:
    """Refuse two scans of which the later began before the earlier ended."""
    timed = [g for g in groups if g[0].start is not None and g[0].given.hours is None]
    for before, (later, *_) in pairwise(timed):
        earlier = before[0]
        assert later.start is not None
        apart_s = 3600.0 * later.start.hours_since(earlier.start)  # type: ignore[arg-type]
        if apart_s < _lasted_s(before):
            raise InvalidInput(
                f"{later.header.path}: AcquisitionTime (0008,0032) makes it begin {apart_s / 60.0:.3g} min after "
                f"{earlier.header.path}, but one patient is not scanned twice at once: if both are of one scan, leave one out, "
                f'{{"leave_out": ["{later.header.series}"]}}; if their dates or times are wrong, give the hours of each, '
                f'{{"series": {{"{earlier.header.series}": {{"hours": ...}}, "{later.header.series}": {{"hours": ...}}}}}}, '
                "with --supply FILE.json."
            )


def _lasted_s(group: list[Bed]) -> float:
    """From the start of the first bed to the end of the last [s]."""
    first = group[0].start
    ends = [
        3600.0 * bed.start.hours_since(first) + max(bed.lasted_s or _USUAL_S, _SHORTEST_S)
        for bed in group
        if bed.start is not None and first is not None
    ]
    return max(ends)


def _without_alternatives(group: list[Bed], log: Log, identity: Identity) -> list[Bed]:
    """Beds beside each other; of images of the same place the calibrated, corrected one."""
    kept: list[Bed] = []
    for bed in group:
        rival = next((b for b in kept if same_place(b, bed)), None)
        if rival is None:
            kept.append(bed)
            continue
        ranks = rank(rival), rank(bed)
        elsewhere = rival.frame_of_reference != bed.frame_of_reference
        if ranks[0] == ranks[1] or elsewhere:
            raise InvalidInput(
                f"{rival.header.path} and {bed.header.path} are images of the same time and place, and nothing says which to take: if "
                f'they are of one scan, leave one out, {{"leave_out": ["{bed.header.series}"]}}; if their dates or times are wrong, '
                f'give the hours of each, {{"series": {{"{rival.header.series}": {{"hours": ...}}, '
                f'"{bed.header.series}": {{"hours": ...}}}}}}, with --supply FILE.json.'
            )
        best, other = (bed, rival) if ranks[1] > ranks[0] else (rival, bed)
        kept[kept.index(rival)] = best
        log.remark(
            "There is more than one reconstruction of a scan; the one in units of activity, or corrected for attenuation, "
            f"was taken ({shown_series(best.header, identity)}, not {shown_series(other.header, identity)})."
        )
    return kept


def same_place(a: Bed, b: Bed) -> bool:
    """Whether one bed covers much of another."""
    return _covers(a.stack.grid, b.stack.grid)


def _covers(a: Grid, b: Grid) -> bool:
    box = a.box_around(b)
    covered = np.prod([max(0, s.stop - s.start) for s in box]) / np.prod(a.shape)
    return bool(covered > _SAME_PLACE)
