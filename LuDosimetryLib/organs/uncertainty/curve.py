"""How sure a volume's time-integrated activity is: by its scans, by kinetics, by how it was integrated."""

from collections.abc import Mapping
from math import hypot

import numpy as np

from ...activity.bayesian import fits_of
from ...activity.curve import TRAPEZOID, VoiCurve
from ...activity.integration import BQ_TO_MBQ, IntegrationProblem
from ...image.arrays import Array

__all__ = ["time_activity_percent"]


def time_activity_percent(
    series: IntegrationProblem, tia_MBq_h_mL: Array, curves: Mapping[str, VoiCurve]
) -> dict[str, float]:
    """
    Standard uncertainty of each VOI's time-integrated activity by what lies between the scans [%].

    Whatever the integration, the most likely curve that knows how kinetics usually are says what
    the truth may be: how far that curve can be off by the errors of scans and by kinetics that they
    do not show, and how far the integration is from it, or from the curve of the VOI that is reported. An
    integration that does not go with the scans is thus never surer than it is far from them.

    Parameters
    ----------
    series : IntegrationProblem
    tia_MBq_h_mL : ndarray, shape (k, j, i)
        As integrated, without recovery correction.
    curves : mapping of str to VoiCurve
        The fitted curves that are reported.
    """
    inputs = series.options.uncertainty
    to_MBq = BQ_TO_MBQ * series.voxel_mL
    sums = {
        name: [to_MBq * float(scan[mask].sum(dtype=np.float64)) for scan in series.activity_Bq_mL]
        for name, mask in series.vois.items()
    }
    active = {name: values for name, values in sums.items() if any(values)}
    found = dict.fromkeys(sums, 0.0)
    if active:
        fits = fits_of(series.hours, active, series.decay_per_h, series.options)
        for name, likely, relative in zip(active, fits.tia, fits.relative_uncertainty, strict=True):
            used = series.voxel_mL * float(tia_MBq_h_mL[series.vois[name]].sum(dtype=np.float64))
            apart = max(abs(used - likely), _from_curve(used, curves.get(name)))
            found[name] = 100.0 * hypot(float(likely * relative), apart) / used
    if len(series.hours) > 1:
        return {name: hypot(percent, inputs.curve_percent) for name, percent in found.items()}
    return {name: max(percent, inputs.single_time_point_percent) for name, percent in found.items()}


def _from_curve(used_MBq_h: float, curve: VoiCurve | None) -> float:
    """How far an integral is from that of the reported curve [MBq h]; 0 where there is none."""
    if curve is None or curve.model == TRAPEZOID:
        return 0.0
    return abs(used_MBq_h - curve.tia_MBq_h)
