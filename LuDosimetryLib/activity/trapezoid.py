"""Activity over time, integrated to time-integrated activity (TIA), voxel by voxel."""

import numpy as np

from ..image.arrays import Array

BQ_TO_MBQ = 1e-6


def trapezoid_tia(
    hours: list[float], activity_Bq_mL: list[Array], decay_per_h: float, tail: str
) -> Array:
    """
    Time-integrated activity by Eq. 1 of Kim et al. 2022.

    With A_0 = 0 at t_0 = 0, the sum of (A_i + A_(i+1)) / 2 * (t_(i+1) - t_i), and after the last
    scan A_n / lambda: the integral of A_n exp(-lambda (t - t_n)), whose shift the printed
    equation drops.

    Parameters
    ----------
    hours : list of float
        Times after administration, ascending [h].
    activity_Bq_mL : list of ndarray
        Activity concentration at each time, not corrected for decay [Bq/mL]; all of one shape.
    decay_per_h : float
        Physical decay constant lambda [1/h].
    tail : {"physical", "effective"}
        Rate after the last scan: lambda, or voxelwise ln(A_(n-1) / A_n) / (t_n - t_(n-1)) but
        never below lambda (activity that rises, or a single scan, decays physically).

    Returns
    -------
    ndarray of float32
        [MBq h/mL].
    """
    # each scan's weight: half the distance between its neighbours in time
    times = [0.0, *hours]
    weights = [0.5 * (later - earlier) for earlier, later in zip(times, times[2:], strict=False)]
    weights.append(0.5 * (times[-1] - times[-2]))
    tia = np.zeros(activity_Bq_mL[0].shape, np.float32)
    for weight, activity in zip(weights, activity_Bq_mL, strict=True):
        tia += np.float32(weight * BQ_TO_MBQ) * activity
    last = activity_Bq_mL[-1]
    if tail == "physical" or len(hours) == 1:
        tia += np.float32(BQ_TO_MBQ / decay_per_h) * last
        return tia
    before = activity_Bq_mL[-2]
    falls = (before > last) & (last > 0.0)
    rate = np.full(last.shape, decay_per_h, np.float32)
    fall = np.log(before[falls].astype(np.float64) / last[falls])
    rate[falls] = fall / (hours[-1] - hours[-2])
    tia += np.float32(BQ_TO_MBQ) * last / np.maximum(rate, np.float32(decay_per_h))
    return tia
