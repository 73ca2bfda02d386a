"""Organ doses with how sure they are, without recovery correction, and their biological effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot
from pathlib import Path

from ..activity.curve import VoiCurve
from ..activity.integration import IntegrationProblem
from ..activity.recovery import Recovery
from ..base.log import Log
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from .biological_effect import biologically_effective_dose_Gy, response_of
from .lea_catcheside import lea_catcheside
from .organ_dose import mean_dose
from .quantities import OrganDose
from .uncertainty.budget import BudgetProblem, with_uncertainty
from .uncertainty.curve import time_activity_percent
from .uncertainty.delineation import border_uncertainty_mm, segmentation_voxel_mm

__all__ = ["WATER_PERCENT", "Assessment"]

# Testing/organs/test_water_share.py repeats it, on real CTs: each with CT and as water within the outline on
# SPECT. Of 147 volumes of soft tissue, bone and tumours in 11 virtual patients on 6 CTs the mean dose as water is
# 7.5 % too high (root mean square 9.5 %; soft tissue 5.2 %, bone 16 %): by their density, to 3 % in most. Lungs
# and gas, 14 volumes of less than 0.9 g/cm3, are 14 to 82 % too low, which no such figure covers.
WATER_PERCENT = 10.0
"""Standard uncertainty of a mean organ dose by taking the patient as water, lungs apart [%]."""


@dataclass(frozen=True)
class Assessment:
    """
    What organ doses rest on.

    Attributes
    ----------
    series : IntegrationProblem
        The activity of every scan, its options and its VOIs.
    tia_shown : ndarray, shape (k, j, i)
        Time-integrated activity as the scans show it, without recovery correction [MBq h/mL].
    curves : mapping of str to VoiCurve
    recovery : Recovery or None
    grid : Grid
    density_g_cm3 : ndarray, shape (k, j, i)
    reported : ndarray of bool, shape (k, j, i)
        Voxels that have a dose.
    dose_shown_Gy : ndarray, shape (k, j, i)
        Dose of the activity as the scans show it, without recovery correction.
    segmentation : Path
        File of the VOIs.
    administered_MBq : float or None
    correction_percent : mapping of str to float
        What a network changed of the mean dose of each VOI; empty without a network.
    as_water : bool
        Whether the patient was taken as water, since there is no CT.
    """

    series: IntegrationProblem
    tia_shown: Array
    curves: Mapping[str, VoiCurve]
    recovery: Recovery | None
    grid: Grid
    density_g_cm3: Array
    reported: Mask
    dose_shown_Gy: Array
    segmentation: Path
    administered_MBq: float | None
    correction_percent: Mapping[str, float]
    as_water: bool

    def of(self, organs: Sequence[OrganDose], log: Log) -> list[OrganDose]:
        """
        Add to organ doses everything that follows from them.

        Raises
        ------
        Cancelled
            From the log.
        """
        budgets = self._budgets()
        assessed = []
        for n, organ in enumerate(organs):
            log.at(n / len(organs), f"uncertainty of the dose: {organ.name}")
            mask = self.series.vois[organ.name]
            found = with_uncertainty(organ, budgets.budget(organ, mask))
            assessed.append(self._with_effect(self._with_corrections(found)))
        return assessed

    def _budgets(self) -> BudgetProblem:
        series, inputs = self.series, self.series.options.uncertainty
        if self.as_water:
            engine_percent = hypot(inputs.dose_engine_percent, WATER_PERCENT)
            inputs = replace(inputs, dose_engine_percent=engine_percent)
        voxel_mm = segmentation_voxel_mm(self.segmentation, self.grid)
        return BudgetProblem(
            self.dose_shown_Gy,
            self.density_g_cm3,
            self.reported,
            self.grid,
            None if self.recovery is None else self.recovery.model,
            border_uncertainty_mm(inputs, voxel_mm),
            time_activity_percent(series, self.tia_shown, self.curves),
            inputs,
        )

    def _with_corrections(self, organ: OrganDose) -> OrganDose:
        """What recovery correction and network changed, if they were used."""
        organ = replace(organ, network_correction_percent=self.correction_percent.get(organ.name))
        if self.recovery is None:
            return organ
        voi = self.series.vois[organ.name] & self.reported
        shown_Gy = mean_dose(self.dose_shown_Gy, self.density_g_cm3, voi)
        return replace(
            organ,
            recovery_coefficient=self.recovery.coefficients[organ.name],
            mean_dose_without_recovery_Gy=shown_Gy,
        )

    def _with_effect(self, organ: OrganDose) -> OrganDose:
        """Dose per administered activity, effective half-life and biologically effective dose."""
        given_MBq = self.administered_MBq
        per_GBq = None if given_MBq is None else organ.mean_dose_Gy / (1e-3 * given_MBq)
        half_life_h, effect_Gy = None, None
        curve = self.curves.get(organ.name)
        if curve is not None and any(curve.activity_MBq):
            half_life_h = curve.effective_half_life_h
            response = response_of(organ.name, self.series.options.radiobiology)
            if response is not None:
                factor = lea_catcheside(curve, response.repair_half_time_h)
                effect_Gy = biologically_effective_dose_Gy(organ.mean_dose_Gy, factor, response)
        return replace(
            organ,
            dose_per_activity_Gy_GBq=per_GBq,
            effective_half_life_h=half_life_h,
            BED_Gy=effect_Gy,
        )
