"""The curves of all volumes of interest, and what in the course of activity cannot be."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from ..image.arrays import Array, Mask
from .bi_exponential import UPTAKE_SEEN_BY_H
from .curve import BI_EXPONENTIAL, MONO_EXPONENTIAL, TRAPEZOID, VoiCurve
from .curve_fit import PLAUSIBLE_SCATTER, fit_curve
from .curve_model import rises
from .single_time_point import HAENSCHEID_VALID

_NAMES_TOLD = 6
_TRAPEZOID_OFF = 0.10
"""Relative difference of trapezoid and fitted curve that is told: twice what the budget allows a curve by default."""


def voi_curves(
    hours: Sequence[float],
    activity_Bq_mL: Sequence[Array],
    vois: Mapping[str, Mask],
    decay_per_h: float,
    tail: str,
    voxel_mL: float,
    integration: str,
) -> dict[str, VoiCurve]:
    """
    The curve of every volume of interest; none for a single scan.

    Parameters
    ----------
    hours : sequence of float
        Times after administration, ascending [h].
    activity_Bq_mL : sequence of ndarray, shape (k, j, i)
        At the time of each scan.
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    decay_per_h, tail
        As for `fit_curve`.
    voxel_mL : float
    integration : str
        Where voxels are fitted with one model, the curves have that model too; otherwise each has
        its own.
    """
    if len(hours) < 2:
        return {}
    wanted = integration if integration in {MONO_EXPONENTIAL, BI_EXPONENTIAL} else None
    curves = {}
    for name, mask in vois.items():
        sums = [float(scan[mask].sum(dtype=np.float64)) for scan in activity_Bq_mL]
        activity_MBq = [1e-6 * voxel_mL * s for s in sums]
        curves[name] = fit_curve(name, hours, activity_MBq, decay_per_h, tail, wanted)
    return curves


def check_time_course(
    hours: Sequence[float],
    activity_Bq_mL: Sequence[Array],
    curves: Mapping[str, VoiCurve],
    integration: str,
    warnings: list[str],
) -> None:
    """
    Warn of activity that rises where it should not, and of curves that do not suit.

    Between two scans none is given, so that all the activity in the field of view cannot rise but
    for what flows in from beyond; nor is it usual that every organ takes up activity at once.

    Parameters
    ----------
    hours, activity_Bq_mL
        As for `voi_curves`.
    curves : mapping of str to VoiCurve
    integration : str
        Of the options.
    warnings : list of str
        Added to.
    """
    totals = [float(scan.sum(dtype=np.float64)) for scan in activity_Bq_mL]
    told = set()
    for n, (earlier, later) in enumerate(pairwise(totals)):
        everywhere = rises(earlier, later) and earlier > 0.0
        in_every = len(curves) > 1 and all(
            rises(c.activity_MBq[n], c.activity_MBq[n + 1]) for c in curves.values()
        )
        if everywhere or in_every:
            told.add(n)
            by = f" by {100.0 * (later / earlier - 1.0):.0f} %" if everywhere else ""
            where = "all volumes of interest" if in_every else "the field of view"
            warnings.append(
                f"the activity in {where} rises{by} from {hours[n]:g} to {hours[n + 1]:g} h, but none is given between "
                "scans; check that the scans are in order, their times, units and calibration."
            )
    if len(hours) > 1 and len(hours) - 2 not in told:
        _check_last(curves, warnings)
    _check_models(curves, integration, warnings)
    _check_uptake_seen(hours[0], integration, warnings)


def _check_last(curves: Mapping[str, VoiCurve], warnings: list[str]) -> None:
    rising = [c for c in curves.values() if rises(c.activity_MBq[-2], c.activity_MBq[-1])]
    if not rising:
        return
    said = _listed(
        [
            f"{c.name!r} (from {c.activity_MBq[-2]:.3g} to {c.activity_MBq[-1]:.3g} MBq)"
            for c in rising
        ]
    )
    before, last = rising[0].hours[-2:]
    warnings.append(
        f"activity rises from the scan at {before:g} h to the last, at {last:g} h, in {said}; what follows the last scan is then "
        "a guess: check registration and contours, or add a later scan."
    )


def _check_models(curves: Mapping[str, VoiCurve], integration: str, warnings: list[str]) -> None:
    """Curves without activity or model, and washout asked for where there is uptake."""
    empty = [c.name for c in curves.values() if not any(c.activity_MBq)]
    if empty:
        warnings.append(
            f"no scan shows any activity in {_listed([repr(n) for n in empty])}; check the segmentation and the SPECT."
        )
    without = [c.name for c in curves.values() if c.model == TRAPEZOID and any(c.activity_MBq)]
    if without:
        warnings.append(
            f"no exponential curve describes the activity over time in {_listed([repr(n) for n in without])}; the trapezoid "
            "takes its place."
        )
    rising = {c.name for c in curves.values() if rises(c.activity_MBq[0], max(c.activity_MBq[1:]))}
    late = [name for name in curves if integration == MONO_EXPONENTIAL and name in rising]
    if late:
        warnings.append(
            f"activity still rises after the first scan in {_listed([repr(n) for n in late])}, which a mono-exponential "
            "curve overstates; 'bi-exponential' or 'hybrid' account for uptake."
        )
    scattered = [
        f"{c.name!r} (by {100.0 * c.relative_scatter:.0f} %)"
        for c in curves.values()
        if c.relative_scatter is not None
        and c.relative_scatter > PLAUSIBLE_SCATTER
        and c.name not in late
    ]
    if scattered:
        warnings.append(
            f"the scans lie far from the curve fitted to {_listed(scattered)}, where 5 % are usual: check registration, "
            "contours and calibration."
        )


def _check_uptake_seen(first_scan_h: float, integration: str, warnings: list[str]) -> None:
    """Warn of uptake that is asked for where no scan is early enough to show it."""
    if integration == BI_EXPONENTIAL and first_scan_h > UPTAKE_SEEN_BY_H:
        warnings.append(
            f"the first scan, at {first_scan_h:g} h, is too late to show uptake, which bi-exponential curves then take from noise "
            "and so come out some per cent low; 'mono-exponential' or 'hybrid' suit these scans better."
        )


def check_trapezoid(curves: Mapping[str, VoiCurve], tail: str, warnings: list[str]) -> None:
    """
    Warn of volumes of interest whose trapezoid is far from the curve through the same scans.

    Straight lines between scans lie above a washout, and a tail of physical decay lies above one that is
    faster; what that adds to the dose is no part of its standard uncertainty.

    Parameters
    ----------
    curves : mapping of str to VoiCurve
    tail : str
        Of the options.
    warnings : list of str
        Added to.
    """
    differences = {
        c.name: c.trapezoid_tia_MBq_h / c.tia_MBq_h - 1.0
        for c in curves.values()
        if c.model != TRAPEZOID and c.tia_MBq_h > 0.0
    }
    far = {name: d for name, d in differences.items() if abs(d) > _TRAPEZOID_OFF}
    if far:
        remedies = ['"integration": "hybrid"']
        if tail == "physical":
            remedies.insert(0, '"tail": "effective"')
        warnings.append(
            f"the trapezoid with {tail} tail, and with it the dose, differs from the fitted curve in "
            f"{_listed([f'{name!r} ({100.0 * d:+.0f} %)' for name, d in far.items()])}, beyond the stated uncertainty; "
            f"{' or '.join(remedies)} follows the washout."
        )


def check_single_time_point(
    scan_h: float, curves: Mapping[str, VoiCurve], warnings: list[str]
) -> None:
    """
    Warn of volumes of interest for which a single scan comes too early or too late.

    Parameters
    ----------
    scan_h : float
        Time of the scan that Hänscheid's method uses [h].
    curves : mapping of str to VoiCurve
        From all scans, whose effective half-lives are the test; empty if there are no others.
    warnings : list of str
        Added to.
    """
    least, most = HAENSCHEID_VALID
    astray = [
        f"{c.name!r} ({scan_h / c.effective_half_life_h:.2g})"
        for c in curves.values()
        if c.model != TRAPEZOID and not least <= scan_h / c.effective_half_life_h <= most
    ]
    if astray:
        warnings.append(
            f"the scan at {scan_h:g} h lies outside {least:g} to {most:g} effective half-lives, where Hänscheid's method holds, "
            f"in {_listed(astray)}, by the curves of all scans."
        )


def _listed(parts: Sequence[str]) -> str:
    """A few parts in a row, and how many more there are."""
    more = len(parts) - _NAMES_TOLD
    return ", ".join(parts[:_NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")
