"""SPECT voxels to activity concentration."""

from collections.abc import Sequence
from math import exp, inf

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..case.parts import TimePoint
from ..image.volume import Volume

TOLERATED_NEGATIVE = 0.01
"""Part of the activity that may be negative, as filters leave it; set to zero with a warning."""
TOLERATED_EXCESS = 0.1
"""Part by which a scan may show more activity than decay leaves of that administered, without a warning."""
TOLERATED_RETURN = 0.3
"""Part by which a scan may show more, corrected for decay, than the one before, without a warning: activity does not come back."""
_SAME_FIELD = 1.1
"""Ratio of two fields of view up to which their activities are compared."""
LEAST_SHOWN = 0.01
"""Part of what can be left of the activity administered that a scan shows, before a warning."""


def activity_concentration(spect: Volume, point: TimePoint, log: Log) -> Volume:
    """
    Convert a SPECT to activity concentration at the time of the scan [Bq/mL].

    Parameters
    ----------
    spect : Volume
        Scan in the time point's unit.
    point : TimePoint
    log : Log
        Takes up where a value was changed.

    Raises
    ------
    InvalidInput
        If negative voxels sum to more than 1 % of the positive ones.
    """
    positive = float(spect.values.sum(where=spect.values > 0.0, dtype=np.float64))
    negative = float(-spect.values.sum(where=spect.values < 0.0, dtype=np.float64))
    if negative > TOLERATED_NEGATIVE * positive:
        share = f"{100 * negative / positive:.3g} % of" if positive > 0.0 else "more than"
        raise InvalidInput(
            f"SPECT at {point.hours:g} h: {point.spect} has {int((spect.values < 0).sum())} negative voxels (least "
            f"{float(spect.values.min()):g} {point.unit}) that sum to {share} the positive ones; allowed: "
            f"{100 * TOLERATED_NEGATIVE:g} %."
        )
    if negative > 0.0:
        log.remark(
            f"SPECT at {point.hours:g} h: negative voxels, {100 * negative / positive:.2g} % of the activity, were set to zero."
        )
    if positive == 0.0:
        log.remark(
            f"SPECT at {point.hours:g} h: {point.spect} has no activity at all; leave the scan out, or check the file."
        )
    factor = 1.0
    if point.unit != "Bq/mL":
        factor /= spect.grid.voxel_volume_mL
    if point.unit == "counts":
        assert point.calibration is not None
        factor *= point.calibration.activity_per_count_Bq
    with np.errstate(over="ignore"):  # refused when the activity is summed
        return Volume(np.maximum(spect.values, 0.0) * np.float32(factor), spect.grid)


def check_administered(
    activity: Volume, hours: float, administered_MBq: float, decay_per_h: float, log: Log
) -> None:
    """
    Warn of a scan that shows more activity than was given, or next to none of it.

    Either hints at a wrong unit or calibration. How much is excreted or lies beyond the field of
    view is nobody's guess, so the lower bound is a wide one.

    Parameters
    ----------
    activity : Volume
        [Bq/mL].
    hours : float
        Time of the scan after administration [h].
    administered_MBq : float
    decay_per_h : float
        Physical decay constant [1/h].
    log : Log
        Takes up the warnings.
    """
    shown_MBq = 1e-6 * float(activity.values.sum(dtype=np.float64)) * activity.grid.voxel_volume_mL
    left_MBq = administered_MBq * exp(-decay_per_h * hours)
    if shown_MBq > (1.0 + TOLERATED_EXCESS) * left_MBq:
        log.remark(
            f"SPECT at {hours:g} h: it holds {shown_MBq:.4g} MBq, but of the {administered_MBq:g} MBq administered only "
            f"{left_MBq:.4g} MBq can be left; check unit and calibration."
        )
    elif 0.0 < shown_MBq < LEAST_SHOWN * left_MBq:
        log.remark(
            f"SPECT at {hours:g} h: it holds {shown_MBq:.3g} MBq, {100 * shown_MBq / left_MBq:.2g} % of what decay leaves of the "
            f"{administered_MBq:g} MBq administered; check unit and calibration."
        )


def check_course(
    scans: Sequence[Volume], hours: Sequence[float], decay_per_h: float, log: Log
) -> None:
    """
    Warn of a scan that shows more activity, corrected for decay, than the one before it.

    None comes back into a field of view that holds the whole trunk, so one of both has another unit,
    calibration or decay correction than stated.

    Parameters
    ----------
    scans : sequence of Volume
        [Bq/mL], in order of time.
    hours : sequence of float
        After administration [h].
    decay_per_h : float
        Physical decay constant [1/h].
    log : Log
        Takes up the warnings.
    """
    shown = []
    for scan, hour in zip(scans, hours, strict=True):
        field_mL = scan.grid.voxel_volume_mL * scan.values.size
        concentration = float(scan.values.mean(dtype=np.float64))
        shown.append((concentration * field_mL * exp(decay_per_h * hour), field_mL, hour))
    for n, (late, field_mL, hour) in enumerate(shown):
        before = [s for s in shown[:n] if 0.0 < s[0] < inf and field_mL < _SAME_FIELD * s[1]]
        if not before:
            continue
        last, _, earlier = before[-1]
        if late > (1.0 + TOLERATED_RETURN) * last:
            log.remark(
                f"SPECT at {hour:g} h: corrected for decay it shows {late / last:.3g} times the activity of that at "
                f"{earlier:g} h, and activity does not come back; check unit, calibration and decay correction of both."
            )
