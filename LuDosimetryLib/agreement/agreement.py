"""Agreement of two doses: Bland-Altman, correlation, MAE and the errors of voxels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import InvalidInput

LIMITS_OF_AGREEMENT_SD = 1.96
LOW_DOSE_GY = 5.0
"""Dose below which Kim et al. 2022 give a separate correlation."""

PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class BlandAltman:
    """
    Bland-Altman statistics (Lancet 1986; 327:307) of relative differences.

    Attributes
    ----------
    count : int
    bias_percent : float
        Mean of the relative differences; NaN without any.
    sd_percent : float
        Their standard deviation (n - 1); NaN for fewer than two.
    lower_limit_percent, upper_limit_percent : float
        Limits of agreement, bias -+ 1.96 SD.
    """

    count: int
    bias_percent: float
    sd_percent: float
    lower_limit_percent: float
    upper_limit_percent: float


def bland_altman(relative_difference_percent: ArrayLike) -> BlandAltman:
    """Statistics of relative differences [%], any shape; those that are not finite are left out."""
    values = np.asarray(relative_difference_percent, float).reshape(-1)
    values = values[np.isfinite(values)]
    bias = float(values.mean()) if values.size else float("nan")
    sd = float(values.std(ddof=1)) if values.size > 1 else float("nan")
    half = LIMITS_OF_AGREEMENT_SD * sd
    return BlandAltman(int(values.size), bias, sd, bias - half, bias + half)


def mean_absolute_error_percent(dose_Gy: ArrayLike, reference_Gy: ArrayLike) -> float:
    """
    MAE [%] of the mean dose of one organ over datasets.

    Kim et al. 2022, Eq. 3: the mean of ``|D - Dref| / Dref * 100``.

    Parameters
    ----------
    dose_Gy, reference_Gy : array_like, shape (datasets,)

    Raises
    ------
    InvalidInput
        Without a dataset, or for a reference that is not above 0.
    """
    dose, reference = np.asarray(dose_Gy, float), np.asarray(reference_Gy, float)
    if not dose.size or not (reference > 0.0).all():
        raise InvalidInput(
            "a mean absolute error needs at least one dataset and reference doses above 0 Gy."
        )
    return float((100.0 * np.abs(dose - reference) / reference).mean())


def mean_absolute_error_by_organ_percent(
    datasets: Iterable[Mapping[str, tuple[float, float]]],
) -> dict[str, float]:
    """
    MAE [%] of each organ (Eq. 3) over the datasets that have it.

    Parameters
    ----------
    datasets : iterable of mapping of str to (float, float)
        Mean dose and reference mean dose [Gy] by organ.
    """
    pairs: dict[str, list[tuple[float, float]]] = {}
    for dataset in datasets:
        for organ, pair in dataset.items():
            pairs.setdefault(organ, []).append(pair)
    return {
        organ: mean_absolute_error_percent([d for d, _ in of], [r for _, r in of])
        for organ, of in pairs.items()
    }


def pearson_r(dose_Gy: ArrayLike, reference_Gy: ArrayLike) -> float:
    """Pearson correlation of two sets of doses, any shape; NaN where one of them does not vary."""
    dose = np.asarray(dose_Gy, np.float64).reshape(-1)
    reference = np.asarray(reference_Gy, np.float64).reshape(-1)
    if dose.size < 2:
        return float("nan")
    dose, reference = dose - dose.mean(), reference - reference.mean()
    scale = float(np.sqrt((dose @ dose) * (reference @ reference)))
    return float(np.clip((dose @ reference) / scale, -1.0, 1.0)) if scale > 0.0 else float("nan")


@dataclass(frozen=True)
class Correlation:
    """
    Voxelwise Pearson correlation with the reference.

    Attributes
    ----------
    voxels : int
        Voxels with dose: the reference is above 0.
    r : float
        Over all of them; NaN where a correlation is not defined.
    voxels_below_5_Gy : int
        Number of voxels whose reference is below 5 Gy.
    r_below_5_Gy : float
    """

    voxels: int
    r: float
    voxels_below_5_Gy: int
    r_below_5_Gy: float


def correlation(dose_Gy: NDArray[np.floating], reference_Gy: NDArray[np.floating]) -> Correlation:
    """Correlation over the voxels with dose, and over those below 5 Gy; any shape."""
    given = reference_Gy > 0.0
    dose, reference = dose_Gy[given], reference_Gy[given]
    low = reference < LOW_DOSE_GY
    return Correlation(
        voxels=int(reference.size),
        r=pearson_r(dose, reference),
        voxels_below_5_Gy=int(low.sum()),
        r_below_5_Gy=pearson_r(dose[low], reference[low]),
    )


@dataclass(frozen=True)
class VoxelErrors:
    """
    Signed relative errors of voxels [%].

    Attributes
    ----------
    voxels : int
    mean_percent, sd_percent, rms_percent, mean_absolute_percent : float
        NaN without a voxel.
    percentiles_percent : dict of str to float
        ``{"P5": ..., "P95": ...}``.
    perfect_method_rms_percent, perfect_method_mean_absolute_percent : float or None
        What a method without any error would show, because the reference is noisy itself; None
        where the standard error of the reference is not known.
    """

    voxels: int
    mean_percent: float
    sd_percent: float
    rms_percent: float
    mean_absolute_percent: float
    percentiles_percent: dict[str, float]
    perfect_method_rms_percent: float | None = None
    perfect_method_mean_absolute_percent: float | None = None


def voxel_errors(
    dose_Gy: NDArray[np.floating],
    reference_Gy: NDArray[np.floating],
    above_Gy: float,
    standard_error_Gy: NDArray[np.floating] | None = None,
) -> VoxelErrors:
    """
    Errors of the voxels whose reference lies above a threshold.

    With a reference value that scatters normally by its standard error s about the truth, the
    truth itself shows a root mean square error of sqrt(mean(s^2)) and a mean absolute error of
    mean(s) * sqrt(2 / pi), s relative to the reference.

    Parameters
    ----------
    dose_Gy, reference_Gy : ndarray, any shape
    above_Gy : float
    standard_error_Gy : ndarray, optional
        One standard deviation of each voxel of the reference [Gy].
    """
    shown = reference_Gy > max(above_Gy, 0.0)
    reference = reference_Gy[shown].astype(np.float64)
    if not reference.size:
        nan = float("nan")
        return VoxelErrors(0, nan, nan, nan, nan, {f"P{p}": nan for p in PERCENTILES})
    error = 100.0 * (dose_Gy[shown] - reference) / reference
    rms = absolute = None
    if standard_error_Gy is not None:
        noise = 100.0 * standard_error_Gy[shown].astype(np.float64) / reference
        rms = float(np.sqrt((noise**2).mean()))
        absolute = float(noise.mean() * np.sqrt(2.0 / np.pi))
    values = np.percentile(error, PERCENTILES)
    return VoxelErrors(
        voxels=int(error.size),
        mean_percent=float(error.mean()),
        sd_percent=float(error.std()),
        rms_percent=float(np.sqrt((error**2).mean())),
        mean_absolute_percent=float(np.abs(error).mean()),
        percentiles_percent={f"P{p}": float(v) for p, v in zip(PERCENTILES, values, strict=True)},
        perfect_method_rms_percent=rms,
        perfect_method_mean_absolute_percent=absolute,
    )
