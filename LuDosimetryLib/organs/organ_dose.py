"""Absorbed dose of volumes of interest: mass-weighted mean, spread, DVH."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.wording import listed
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from .quantities import OrganDose

DVH_POINTS = 401
_MOST_GY = 2000.0
"""Several times what tumours of therapies receive; organs receive a hundredth."""


def mean_dose(dose_Gy: Array, density_g_cm3: Array, voi: Mask) -> float:
    """Mass-weighted mean dose [Gy] over a mask that has mass (Kim et al. 2022, Eq. 2)."""
    mass = density_g_cm3[voi].astype(np.float64)
    return float((mass * dose_Gy[voi]).sum() / mass.sum())


def check_doses(organs: Sequence[OrganDose], log: Log) -> None:
    """Warn of volumes of interest with a dose beyond anything a therapy gives."""
    beyond = {
        o.name: f"{o.name} {o.mean_dose_Gy:.3g} Gy" for o in organs if o.mean_dose_Gy > _MOST_GY
    }
    if beyond:
        log.remark(
            f"more than any therapy gives ({_MOST_GY:g} Gy): {listed(list(beyond.values()))}; check unit and calibration of the scans, "
            "their times, and the CT.",
            beyond,
        )


def organ_doses(
    vois: Mapping[str, Mask],
    doses_Gy: Mapping[str, Array],
    method: str,
    tia_MBq_h_mL: Array,
    density_g_cm3: Array,
    reported: Mask,
    grid: Grid,
    standard_errors_Gy: Mapping[str, Mapping[str, float]] | None = None,
) -> list[OrganDose]:
    """
    Calculate the dose of every volume of interest.

    Parameters
    ----------
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    doses_Gy : mapping of str to ndarray, shape (k, j, i)
        Dose by method.
    method : str
        Method whose statistics are given.
    tia_MBq_h_mL, density_g_cm3 : ndarray, shape (k, j, i)
    reported : ndarray of bool, shape (k, j, i)
        Voxels of the patient that are not air, which have a dose. Only these count for mass and dose;
        volume and time-integrated activity are those of the whole mask.
    grid : Grid
    standard_errors_Gy : mapping of str to mapping of str to float, optional
        Standard errors of mean doses, by statistical method and volume of interest.

    Raises
    ------
    InvalidInput
        For a volume of interest without mass.
    """
    organs = []
    volume_mL = grid.voxel_volume_mL
    for name, whole in vois.items():
        voi = whole & reported
        if not voi.any():
            raise InvalidInput(
                f"segmentation: {name!r} has no mass: all of its {int(whole.sum())} voxels are air or lie outside "
                "the patient; a dose needs tissue (check the segmentation and the CT)."
            )
        dose = doses_Gy[method][voi].astype(np.float64)
        mass = density_g_cm3[voi].astype(np.float64)
        mean = float((mass * dose).sum() / mass.sum())
        errors = {m: of[name] for m, of in (standard_errors_Gy or {}).items()}
        d98, d50, d2 = np.percentile(dose, [2.0, 50.0, 98.0])
        organs.append(
            OrganDose(
                name=name,
                volume_mL=float(whole.sum()) * volume_mL,
                mass_g=float(mass.sum()) * volume_mL,
                tia_MBq_h=float(tia_MBq_h_mL[whole].sum(dtype=np.float64)) * volume_mL,
                mean_dose_Gy=mean,
                std_dose_Gy=float(np.sqrt((mass * (dose - mean) ** 2).sum() / mass.sum())),
                min_dose_Gy=float(dose.min()),
                max_dose_Gy=float(dose.max()),
                D98_Gy=float(d98),
                D50_Gy=float(d50),
                D2_Gy=float(d2),
                dose_by_method_Gy={
                    m: mean_dose(d, density_g_cm3, voi) for m, d in doses_Gy.items()
                },
                standard_error_Gy=errors.get(method),
                standard_error_by_method_Gy=errors,
            )
        )
    return organs


@dataclass(frozen=True)
class DoseVolumeHistograms:
    """
    Cumulative dose-volume histograms.

    Attributes
    ----------
    dose_Gy : ndarray, shape (n,)
        From 0 to just above the greatest dose in any volume.
    volume_percent : dict of str to ndarray, shape (n,)
        Part of each volume of interest that receives at least each dose [%].
    """

    dose_Gy: NDArray[np.float64]
    volume_percent: dict[str, NDArray[np.float64]]


def cumulative_dvh(
    dose_Gy: Array, vois: Mapping[str, Mask], reported: Mask
) -> DoseVolumeHistograms:
    """Cumulative dose-volume histogram of every volume of interest."""
    samples = {
        name: np.sort(dose_Gy[voi & reported].astype(np.float64)) for name, voi in vois.items()
    }
    greatest = max((float(s[-1]) for s in samples.values()), default=0.0) or 1.0
    # the last point lies beyond the greatest dose, where every curve is 0
    axis = np.linspace(0.0, greatest * (DVH_POINTS - 1) / (DVH_POINTS - 2), DVH_POINTS)
    curves = {
        name: 100.0 * (1.0 - np.searchsorted(sample, axis, side="left") / sample.size)
        for name, sample in samples.items()
    }
    return DoseVolumeHistograms(axis, curves)
