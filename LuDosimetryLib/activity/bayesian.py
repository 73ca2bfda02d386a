"""Curves that know how kinetics usually are: of VOIs, scaled to their voxels, and of neighbourhoods."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import log as ln

import numpy as np
from numpy.typing import NDArray

from ..base.log import Log
from ..base.wording import listed
from ..case.options import Options
from ..image.arrays import Array, Mask
from .bayesian_fit import BayesianFits, ScanErrors, fit_usual_kinetics
from .curve import BAYESIAN, VoiCurve
from .curve_fit import trapezoid_curve
from .hybrid import voxels_of_smallest
from .integration import BQ_TO_MBQ, IntegrationProblem, TimeIntegral
from .neighbourhoods import edge_voxels, hours_of_sum
from .usual_kinetics import Logarithms, UsualKinetics, rates_of

__all__ = ["bayesian_curves", "check_certainty", "fits_of", "integrate"]

_LEAST_ERROR = 0.01
"""Standard uncertainty of a scan's activity, as a part of it, below which none is believed."""
_NEIGHBOURHOOD_ERRORS = ScanErrors(relative=0.05, background=0.005)
_UNSURE = 0.2
"""Relative standard uncertainty of a time-integrated activity that calls for a warning."""
_AT_ONCE = 1 << 13
_THREADS = 2


def integrate(problem: IntegrationProblem, log: Log) -> TimeIntegral:
    """
    Integrate the most likely curve of each VOI, scaled to its voxels, and elsewhere of neighbourhoods.

    A VOI's curve is fitted to the activity of all its voxels together, where noise and small
    shifts average out; a voxel has the part of the time-integrated activity that it has of the
    sum of the scans. A voxel of several VOIs belongs to the smallest, and the curve is of the
    voxels that belong to it. Outside VOIs the curve is of cubes of some 8 mm. One scan is enough;
    what scans do not tell is as usual.
    """
    activity = problem.activity_Bq_mL
    outside = np.any([scan > 0.0 for scan in activity], axis=0)
    for mask in problem.vois.values():
        outside &= ~mask
    hours = hours_of_sum(
        activity,
        outside,
        edge_voxels(problem.voxel_mL),
        lambda pooled: _hours_of_sums(problem, pooled, log),
    )
    tia = np.where(outside, hours, np.float32(0.0)) * np.float32(BQ_TO_MBQ)
    together = np.sum(activity, axis=0, dtype=np.float32)
    own = voxels_of_smallest(problem.vois)
    active = {name: values for name, values in _sums(activity, own).items() if any(values)}
    if active:
        fits = fits_of(problem.hours, active, problem.decay_per_h, problem.options)
        for name, integral in zip(active, fits.tia, strict=True):
            tia[own[name]] = BQ_TO_MBQ * integral / sum(active[name])
    if len(problem.hours) == 1:
        _remark_on_single_scan(problem, log)
    return TimeIntegral(tia * together)


def bayesian_curves(problem: IntegrationProblem) -> dict[str, VoiCurve]:
    """The most likely curve of every VOI as a whole; one without activity has a trapezoid of none."""
    hours, decay_per_h = problem.hours, problem.decay_per_h
    to_MBq = BQ_TO_MBQ * problem.voxel_mL
    sums = {
        name: [to_MBq * value for value in values]
        for name, values in _sums(problem.activity_Bq_mL, problem.vois).items()
    }
    curves = {
        name: trapezoid_curve(name, hours, values, decay_per_h, problem.options.tail)
        for name, values in sums.items()
    }
    active = {name: values for name, values in sums.items() if any(values)}
    if active:
        fits = fits_of(hours, active, decay_per_h, problem.options)
        for name, curve in zip(active, _curves([curves[n] for n in active], fits), strict=True):
            curves[name] = curve
    return curves


def fits_of(
    hours: Sequence[float],
    activity: Mapping[str, Sequence[float]],
    decay_per_h: float,
    options: Options,
) -> BayesianFits:
    """
    The most likely curves of some volumes, with what the options know of scans and kinetics.

    Parameters
    ----------
    hours : sequence of float
        Times after administration, ascending [h].
    activity : mapping of str to sequence of float
        Activity at each scan by name, in one unit; not all zero.
    decay_per_h : float
        Physical decay constant [1/h].
    options : Options
        The uncertainties of a scan's activity and time; the effective half-life about which
        kinetics spread.
    """
    inputs = options.uncertainty
    errors = ScanErrors(
        relative=max(_LEAST_ERROR, 0.01 * inputs.scan_percent), time_h=inputs.scan_time_h
    )
    measured = np.array(list(activity.values()), np.float64).T
    return fit_usual_kinetics(hours, measured, decay_per_h, errors, _usual(options, decay_per_h))


def check_certainty(
    problem: IntegrationProblem, _: TimeIntegral, curves: Mapping[str, VoiCurve], log: Log
) -> None:
    """Warn of VOIs whose time-integrated activity the scans leave unsure."""
    if len(problem.hours) == 1:
        return  # the integration itself has remarked on it
    unsure = []
    for curve in curves.values():
        uncertainty = (curve.tia_standard_uncertainty_MBq_h or 0.0) / max(curve.tia_MBq_h, 1e-300)
        if uncertainty > _UNSURE:
            unsure.append(f"{curve.name!r} ({100.0 * uncertainty:.0f} %)")
    if unsure:
        log.remark(
            f"the scans leave the time-integrated activity unsure, with the standard uncertainty given here, in {listed(unsure)}: "
            "they come too late, end too early or do not lie on any likely curve."
        )


def _usual(options: Options, decay_per_h: float) -> UsualKinetics:
    median_h = options.effective_half_life_h
    usual = UsualKinetics()
    return usual if median_h is None else usual.around(median_h, decay_per_h)


def _remark_on_single_scan(problem: IntegrationProblem, log: Log) -> None:
    hours, decay_per_h = problem.hours, problem.decay_per_h
    fits = fits_of(hours, {"any": [1.0]}, decay_per_h, problem.options)
    (half_life_h,), _ = _effective_half_lives(fits)
    log.remark(
        f"there is only one scan, at {hours[0]:g} h: the activity before and after is taken as usual, with an effective half-life "
        f"of {half_life_h:.0f} h in all tissues (options: effective_half_life_h), which leaves a standard uncertainty of "
        f"{100.0 * fits.relative_uncertainty[0]:.0f} % in every time-integrated activity; a second scan lowers it."
    )


def _sums(activity: Sequence[Array], vois: Mapping[str, Mask]) -> dict[str, list[float]]:
    """Sum over each volume at each scan."""
    return {
        name: [float(scan[mask].sum(dtype=np.float64)) for scan in activity]
        for name, mask in vois.items()
    }


def _hours_of_sums(
    problem: IntegrationProblem, pooled: NDArray[np.float64], log: Log
) -> NDArray[np.float64]:
    """Time-integrated activity over the sum of the scans [h], of activity (scans, neighbourhoods)."""
    usual = _usual(problem.options, problem.decay_per_h)

    def of(activity: NDArray[np.float64]) -> NDArray[np.float64]:
        fits = fit_usual_kinetics(
            problem.hours, activity, problem.decay_per_h, _NEIGHBOURHOOD_ERRORS, usual, quick=True
        )
        return np.asarray(fits.tia / activity.sum(axis=0))

    count = pooled.shape[1]
    if len(problem.hours) == 1:
        return np.repeat(of(pooled[:, :1]), count)  # one scan shows no difference in kinetics
    blocks = [pooled[:, n : n + _AT_ONCE] for n in range(0, count, _AT_ONCE)]
    found = []
    with ThreadPoolExecutor(_THREADS) as pool:
        # no more blocks under way than threads, so that cancelling waits for little
        for start in range(0, len(blocks), _THREADS):
            log.at(start / len(blocks), "fitting curves outside volumes of interest")
            found += list(pool.map(of, blocks[start : start + _THREADS]))
    return np.concatenate(found)


def _curves(trapezoids: Sequence[VoiCurve], fits: BayesianFits) -> Iterator[VoiCurve]:
    """The curves that were fitted, in place of the trapezoids through the same scans."""
    slow, share, fast, uptake = rates_of(fits.logarithms, fits.decay_per_h)
    amplitude, tia = np.exp(fits.log_amplitude), fits.tia
    tia_error = tia * fits.relative_uncertainty
    half_life_h, half_life_error = _effective_half_lives(fits)
    scatter = fits.relative_scatter if len(fits.hours) > 1 else None
    for n, trapezoid in enumerate(trapezoids):
        yield replace(
            trapezoid,
            model=BAYESIAN,
            parameters={
                "amplitude_MBq": float(amplitude[n]),
                "slow_rate_per_h": float(slow[n]),
                "fast_rate_per_h": float(slow[n] + fast[n]),
                "fast_share": float(share[n]),
                "uptake_rate_per_h": float(uptake[n]),
            },
            tia_MBq_h=float(tia[n]),
            tia_standard_uncertainty_MBq_h=float(tia_error[n]),
            effective_half_life_h=float(half_life_h[n]),
            effective_half_life_standard_uncertainty_h=float(half_life_h[n] * half_life_error[n]),
            degrees_of_freedom=len(trapezoid.hours) - 1,
            relative_scatter=None if scatter is None else float(scatter[n]),
        )


def _effective_half_lives(fits: BayesianFits) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half-life [h] of the phase of each curve that has more decays, and its relative uncertainty."""
    slow, share, fast, _ = rates_of(fits.logarithms, fits.decay_per_h)
    fast_has_more = share / (slow + fast) > (1.0 - share) / slow

    def log_half_life(x: Logarithms) -> NDArray[np.float64]:
        slow, _, fast, _ = rates_of(x, fits.decay_per_h)
        return np.asarray(np.log(ln(2.0) / np.where(fast_has_more, slow + fast, slow)))

    return np.exp(log_half_life(fits.logarithms)), np.sqrt(fits.variance(log_half_life))
