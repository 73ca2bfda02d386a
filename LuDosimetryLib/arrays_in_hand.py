"""
For a physicist with arrays in hand: a dose, voxel S values, a fitted curve, a comparison.

One call each, in the units of the argument names. Arrays have their axes in one order of the
caller's choice; ``voxel_mm`` goes along with them, axis by axis. No input is changed.
"""

import warnings
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .activity.curve import BI_EXPONENTIAL, MONO_EXPONENTIAL, TWO_PHASE, VoiCurve
from .activity.curve_fit import fit_curve as fit_voi_curve
from .base.checks import check_at_least, check_choice, check_number
from .base.errors import InvalidInput
from .base.log import Log
from .base.progress import Progress, no_progress
from .case.case import Case
from .case.dose_methods import DOSE_METHODS
from .case.options import Options
from .comparison.comparison import Comparison
from .dose.convolution import choose_device
from .dose.problem import DoseProblem, Effort
from .dose.registry import check_nuclide, dose_method, lack_of
from .image.arrays import Array, Mask, Triple
from .image.grid import Grid
from .kernels.table import KernelTable
from .tissue.density import NO_DOSE_BELOW_G_CM3
from .tissue.media import read_media
from .tissue.nuclide import read_nuclide

__all__ = ["compare", "dose_of", "fit_curve", "voxel_s_values"]

VoxelSize = float | Sequence[float]
"""Side of a cubic voxel, or the size along each array axis [mm]."""


def dose_of(
    tia_MBq_h_mL: ArrayLike,
    density_g_cm3: ArrayLike,
    voxel_mm: VoxelSize,
    method: str = "multi-vsv",
    *,
    nuclide: str = Case.nuclide,
    patient: ArrayLike | None = None,
    media: int = Options.media,
    model: str | PathLike[str] | None = Options.model,
    device: str = Options.device,
    histories: int = Options.histories,
    seed: int = Options.seed,
    progress: Progress = no_progress,
) -> Array:
    """
    Calculate the absorbed dose of a time-integrated activity.

    Parameters
    ----------
    tia_MBq_h_mL : array_like, shape (k, j, i)
        Time-integrated activity concentration [MBq h/mL], not negative.
    density_g_cm3 : array_like, shape (k, j, i)
        Mass density [g/cm3].
    voxel_mm : float or sequence of three float
        Side of a cubic voxel, or the size along (k, j, i) [mm].
    method : str
        A dose method of `LuDosimetryLib.case.dose_methods`, for example ``"local"``,
        ``"multi-vsv"``, ``"unet"`` or ``"monte-carlo"``.
    nuclide : str
    patient : array_like of bool, shape (k, j, i), optional
        Voxels of the patient; all if not given. Air in it (below 0.05 g/cm3) is given no dose.
    media : int
        Number of media of the multiple voxel S values.
    model : path, optional
        For ``"unet"``, a residual network of one's own instead of the shipped one: the folder that
        ``ludosimetry train`` or ``release`` wrote, or the card or the ONNX file in it.
    device : {"auto", "cpu", "cuda"}
    histories, seed : int
        Decays that Monte Carlo follows, and its random seed.
    progress : callable
        ``(fraction, message)``; raising `Cancelled` from it stops the calculation.

    Returns
    -------
    ndarray of float32, shape (k, j, i)
        Absorbed dose [Gy], 0 where none is given.

    Raises
    ------
    InvalidInput
        For arrays, sizes or names that cannot be used, a nuclide that the method does not know, a
        network that cannot be read or has no part in the method, or a method that is not available on this machine.

    Warns
    -----
    UserWarning
        For what the method has to remark.

    Examples
    --------
    A cube of 16 mm with 10 MBq h/mL in soft tissue:

    >>> import numpy as np
    >>> from LuDosimetryLib import dose_of
    >>> tia = np.zeros((20, 20, 20))
    >>> tia[8:12, 8:12, 8:12] = 10.0
    >>> dose = dose_of(tia, np.full(tia.shape, 1.04), voxel_mm=4.0)
    >>> f"{dose[10, 10, 10]:.3f} Gy in the cube, {dose[10, 10, 15]:.4f} Gy 14 mm from it"
    '0.827 Gy in the cube, 0.0005 Gy 14 mm from it'
    """
    tia, density = _amount("tia_MBq_h_mL", tia_MBq_h_mL), _amount("density_g_cm3", density_g_cm3)
    given = np.ones(tia.shape, bool) if patient is None else np.asarray(patient, bool)
    _check_shapes(tia_MBq_h_mL=tia, density_g_cm3=density, patient=given)
    check_choice("method", method, list(DOSE_METHODS))
    network = None if model is None else Path(model)
    Options(media=media, device=device, histories=histories, seed=seed)  # which checks them
    if network is not None and method != "unet":
        raise InvalidInput(
            f"model is {str(network)!r}, but the dose method {method!r} has no network; choose 'unet', or give no model."
        )
    read_media(media)
    reported = given & (density >= NO_DOSE_BELOW_G_CM3)
    if not reported.any():
        raise InvalidInput(
            f"no voxel is to be given a dose: none of the patient has {NO_DOSE_BELOW_G_CM3:g} g/cm3 or more; check "
            "density_g_cm3 and patient."
        )
    data = read_nuclide(nuclide)
    if (lack := lack_of(method)) is not None:
        raise InvalidInput(f"the dose method {method!r} is not available: {lack}.")
    check_nuclide(method, data, network)
    problem = DoseProblem(
        Grid.axial(_shape(tia), _voxel_mm(voxel_mm)),
        tia,
        density,
        reported,
        data,
        media,
        choose_device(device),
        effort=Effort(histories, seed=seed),
        model=network,
    )
    log = Log(progress)
    dose = dose_method(method)(problem, log).dose
    for remark in log.remarks:
        warnings.warn(remark, stacklevel=2)
    return dose


def voxel_s_values(
    voxel_mm: VoxelSize,
    density_g_cm3: float = 1.0,
    composition: str = "water",
    *,
    nuclide: str = Case.nuclide,
) -> NDArray[np.float64]:
    """
    Calculate the voxel S values of a uniform medium.

    Parameters
    ----------
    voxel_mm : float or sequence of three float
        Side of a cubic voxel, or the size along each axis [mm]; 0.1 to 100.
    density_g_cm3 : float
        0.01 to 20 g/cm3.
    composition : str
        ``"water"``, ``"lung"``, ``"adipose"``, ``"soft"``, ``"cortical-bone"`` or another of
        ``Resources/Media/compositions.csv``.
    nuclide : str

    Returns
    -------
    ndarray, shape (n, n, n)
        mGy/(MBq s) by the distance between source and target, in voxels along each axis, up to 40
        mm; negative distances are mirror images.

    Raises
    ------
    InvalidInput
        For sizes, densities and names that are not allowed, and a nuclide without point kernels.

    Examples
    --------
    >>> from LuDosimetryLib import voxel_s_values
    >>> s = voxel_s_values(3.87, 1.0, "water")
    >>> f"{s[0, 0, 0]:.3f} mGy/(MBq s) in the source voxel, {s[1, 0, 0]:.5f} in the next"
    '0.372 mGy/(MBq s) in the source voxel, 0.00609 in the next'
    """
    return KernelTable.of(_voxel_mm(voxel_mm), density_g_cm3, composition, nuclide).values


def fit_curve(
    hours: Sequence[float],
    activity_MBq: Sequence[float],
    *,
    model: str | None = None,
    nuclide: str = Case.nuclide,
    tail: str = Options.tail,
    name: str = "volume",
) -> VoiCurve:
    """
    Fit the activity of a volume over time, and integrate it to infinity.

    Parameters
    ----------
    hours : sequence of float, shape (n,)
        Times of the scans after administration, at least two, ascending [h].
    activity_MBq : sequence of float, shape (n,)
        Activity at the time of each scan, not corrected for decay [MBq].
    model : {"mono-exponential", "bi-exponential", "two-phase washout"}, optional
        The one that suits the scans best if not given (corrected Akaike information criterion).
        Where no model fits, the trapezoid takes its place, and ``curve.model`` says so.
    nuclide : str
        No rate is slower than its decay.
    tail : {"physical", "effective"}
        After the last scan, for the trapezoid: by decay alone, or as between the last two scans
        where activity falls faster than by decay.
    name : str
        Of the volume.

    Returns
    -------
    VoiCurve
        With ``tia_MBq_h``, ``effective_half_life_h``, the standard uncertainties of both where
        there are degrees of freedom, ``parameters``, ``formula`` and ``activity_at(hours)``.

    Raises
    ------
    InvalidInput
        For scans that are not in order, activities that are negative, or unknown names.

    Examples
    --------
    >>> from LuDosimetryLib import fit_curve
    >>> curve = fit_curve([4, 24, 48, 120], [76.4, 60.6, 46.0, 20.0])
    >>> curve.model
    'mono-exponential'
    >>> f"{curve.tia_MBq_h:.0f} MBq h, effective half-life {curve.effective_half_life_h:.1f} h"
    '6926 MBq h, effective half-life 60.0 h'
    """
    times, values = _series("hours", hours), _series("activity_MBq", activity_MBq)
    if len(times) != len(values) or len(times) < 2:
        raise InvalidInput(
            f"there are {len(times)} hours and {len(values)} activity_MBq; a curve needs at least two scans, with one of each."
        )
    check_number("hours[0]", times[0])
    for n, (time, value) in enumerate(zip(times, values, strict=True)):
        check_at_least(f"activity_MBq[{n}]", value, 0.0)
        if n and time <= times[n - 1]:
            raise InvalidInput(f"hours[{n}] is {time:g}; it must be later than {times[n - 1]:g} h.")
    Options(tail=tail)  # which checks it
    if model is not None:
        check_choice("model", model, (MONO_EXPONENTIAL, BI_EXPONENTIAL, TWO_PHASE))
    decay_per_h = read_nuclide(nuclide).decay_constant_per_h
    return fit_voi_curve(name, times, values, decay_per_h, tail, model)


def compare(
    dose_Gy: ArrayLike,
    reference_Gy: ArrayLike,
    voxel_mm: VoxelSize,
    *,
    vois: Mapping[str, ArrayLike] | None = None,
    density_g_cm3: ArrayLike | None = None,
    standard_error_Gy: ArrayLike | None = None,
) -> Comparison:
    """
    Compare a dose with a reference: correlation, errors of voxels, and organ by organ.

    Parameters
    ----------
    dose_Gy, reference_Gy : array_like, shape (k, j, i)
        Absorbed doses [Gy].
    voxel_mm : float or sequence of three float
        Side of a cubic voxel, or the size along (k, j, i) [mm].
    vois : mapping of str to array_like of bool, shape (k, j, i), optional
        Volumes of interest.
    density_g_cm3 : array_like, shape (k, j, i), optional
        With it the means of volumes are weighted by mass, and air does not count.
    standard_error_Gy : array_like, shape (k, j, i), optional
        One standard deviation of each voxel of the reference [Gy].

    Returns
    -------
    Comparison
        With ``correlation.r`` and ``correlation.r_below_5_Gy`` over voxels, ``voxels`` (errors
        above a hundredth of the reference's maximum), ``organs`` (differences of mean doses) and
        ``bland_altman`` (of the relative differences of the organs).

    Raises
    ------
    InvalidInput
        For arrays of different shapes, a reference without dose, or a volume without a voxel.

    Examples
    --------
    >>> import numpy as np
    >>> from LuDosimetryLib import compare
    >>> reference = np.linspace(1.0, 9.0, 1000).reshape(10, 10, 10)
    >>> kidney = reference > 6.0
    >>> found = compare(1.02 * reference, reference, 4.0, vois={"kidney": kidney})
    >>> f"r = {found.correlation.r:.4f}, kidney {found.organs[0].difference_percent:+.1f} %"
    'r = 1.0000, kidney +2.0 %'
    """
    dose, reference = _volume("dose_Gy", dose_Gy), _volume("reference_Gy", reference_Gy)
    others: dict[str, Any] = {
        name: None if values is None else _amount(name, values)
        for name, values in (
            ("density_g_cm3", density_g_cm3),
            ("standard_error_Gy", standard_error_Gy),
        )
    }
    masks: dict[str, Mask] = {name: np.asarray(mask, bool) for name, mask in (vois or {}).items()}
    given = {name: values for name, values in others.items() if values is not None}
    named = {f"vois[{name!r}]": mask for name, mask in masks.items()}
    _check_shapes(dose_Gy=dose, reference_Gy=reference, **given, **named)
    return Comparison.of(
        dose,
        reference,
        Grid.axial(_shape(dose), _voxel_mm(voxel_mm)),
        vois=masks,
        density=others["density_g_cm3"],
        standard_error=others["standard_error_Gy"],
    )


def _volume(name: str, values: ArrayLike) -> Array:
    """A volume of finite values, as float32."""
    volume = np.asarray(values, np.float32)
    if volume.ndim != 3 or not volume.size:
        raise InvalidInput(
            f"{name} has the shape {volume.shape}; expected a volume with three axes."
        )
    if not np.isfinite(volume).all():
        raise InvalidInput(f"{name} has values that are not finite; expected numbers.")
    return volume


def _amount(name: str, values: ArrayLike) -> Array:
    """A volume of finite values, none of them negative, as float32."""
    volume = _volume(name, values)
    if (volume < 0.0).any():
        raise InvalidInput(f"{name} has values down to {volume.min():g}; expected at least 0.")
    return volume


def _check_shapes(**volumes: NDArray[Any]) -> None:
    (first, reference), *others = volumes.items()
    for name, volume in others:
        if volume.shape != reference.shape:
            raise InvalidInput(
                f"{name} has the shape {volume.shape}, but {first} has {reference.shape}; all must lie on one grid."
            )


def _shape(volume: Array) -> tuple[int, int, int]:
    k, j, i = volume.shape
    return (k, j, i)


def _voxel_mm(size: VoxelSize) -> Triple:
    """Voxel size along each axis [mm]."""
    sizes = np.broadcast_to(np.asarray(size, float), 3) if np.ndim(size) == 0 else np.asarray(size)
    if sizes.shape != (3,):
        raise InvalidInput(f"voxel_mm is {size!r}; expected one size or three [mm].")
    for value in sizes.tolist():
        check_number("voxel_mm", value)
    k, j, i = (float(value) for value in sizes)
    return (k, j, i)


def _series(name: str, values: Sequence[float]) -> list[float]:
    series = np.asarray(values, float)
    if series.ndim != 1:
        raise InvalidInput(f"{name} has the shape {series.shape}; expected a list of numbers.")
    return [float(value) for value in series]
