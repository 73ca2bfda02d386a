"""Organ doses with how sure they are, without recovery correction, and their biological effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..activity.curve import VoiCurve
from ..activity.recovery import Recovery
from ..activity.tia import time_integrated_activity
from ..base.progress import Progress, no_progress
from ..case.case import Case
from ..dose import METHODS
from ..dose.problem import DoseProblem
from ..image.arrays import Array
from .biological_effect import biologically_effective_dose_Gy, response_of
from .lea_catcheside import lea_catcheside
from .organ_dose import OrganDose, mean_dose
from .uncertainty.budget import BudgetProblem, with_uncertainty
from .uncertainty.curve import curve_uncertainty_percent
from .uncertainty.delineation import border_uncertainty_mm, segmentation_voxel_mm

_BY_FITS = ("mono-exponential", "bi-exponential", "hybrid")
"""Integrations whose dose rests on fitted curves."""


@dataclass(frozen=True)
class Assessment:
    """
    What organ doses rest on.

    Attributes
    ----------
    case : Case
    activity_Bq_mL : sequence of ndarray, shape (k, j, i)
        Of every scan.
    tia_shown : ndarray
        Time-integrated activity without recovery correction [MBq h/mL].
    recovery : Recovery or None
    curves : mapping of str to VoiCurve
    problem : DoseProblem
        As it was calculated.
    doses_Gy : mapping of str to ndarray
        By method.
    method : str
        The chosen one.
    fallback : str
        Method that stands in for one that is too slow to be done twice.
    """

    case: Case
    activity_Bq_mL: Sequence[Array]
    tia_shown: Array
    recovery: Recovery | None
    curves: Mapping[str, VoiCurve]
    problem: DoseProblem
    doses_Gy: Mapping[str, Array]
    method: str
    fallback: str

    def of(self, organs: list[OrganDose], progress: Progress = no_progress) -> list[OrganDose]:
        """
        The organ doses with everything that follows from them.

        Raises
        ------
        Cancelled
            From `progress`.
        """
        if not organs:
            return organs
        shown_Gy = self._dose_shown_Gy(
            lambda fraction, _: progress(0.5 * fraction, "dose without recovery correction")
        )
        budgets = self._budgets(shown_Gy)
        found = []
        for n, organ in enumerate(organs):
            progress(0.5 + 0.5 * n / len(organs), f"uncertainty of the dose: {organ.name}")
            mask = self.problem.vois[organ.name]
            assessed = with_uncertainty(organ, budgets.budget(organ, mask))
            found.append(self._with_effect(self._without_recovery(assessed, shown_Gy)))
        return found

    def _dose_shown_Gy(self, progress: Progress) -> Array:
        """Without recovery correction, by the chosen method or, in its stead, by the fallback."""
        if self.recovery is None:
            return self.doses_Gy[self.method]
        name = self.method if self.method in METHODS else self.fallback
        problem = replace(self.problem, tia_MBq_h_mL=self.tia_shown, warnings=[])
        shown = METHODS[name](problem, progress)
        if name == self.method:
            return shown
        corrected = self.doses_Gy.get(name)
        if corrected is None:
            corrected = METHODS[name](
                replace(self.problem, warnings=[]), lambda _, message: progress(1.0, message)
            )
        ratio = np.divide(shown, corrected, out=np.ones_like(shown), where=corrected > 0.0)
        return np.asarray(self.doses_Gy[self.method] * ratio, np.float32)

    def _budgets(self, shown_Gy: Array) -> BudgetProblem:
        case, problem, inputs = self.case, self.problem, self.case.options.uncertainty
        assert case.segmentation is not None
        by_fits = case.options.integration in _BY_FITS
        own_voxel_mm = segmentation_voxel_mm(case.segmentation.file, problem.grid)
        return BudgetProblem(
            shown_Gy,
            problem.density_g_cm3,
            problem.reported,
            problem.grid,
            None if self.recovery is None else self.recovery.model,
            border_uncertainty_mm(inputs, own_voxel_mm),
            curve_uncertainty_percent(
                [point.hours for point in case.time_points],
                self.activity_Bq_mL,
                problem.vois,
                self._integrate,
                self.curves if by_fits else {},
                inputs,
            ),
            inputs,
        )

    def _integrate(self, hours: Sequence[float], activity_Bq_mL: Sequence[float]) -> float:
        integral = time_integrated_activity(
            hours,
            [np.full((1, 1, 1), value, np.float32) for value in activity_Bq_mL],
            {"volume": np.ones((1, 1, 1), bool)},
            self.case.options,
            self.problem.nuclide.decay_constant_per_h,
            self.problem.grid.voxel_volume_mL,
            [],
            no_progress,
        )
        return float(integral.tia[0, 0, 0])

    def _without_recovery(self, organ: OrganDose, shown_Gy: Array) -> OrganDose:
        if self.recovery is None:
            return organ
        voi = self.problem.vois[organ.name] & self.problem.reported
        return replace(
            organ,
            recovery_coefficient=self.recovery.coefficients[organ.name],
            mean_dose_without_recovery_Gy=mean_dose(shown_Gy, self.problem.density_g_cm3, voi),
        )

    def _with_effect(self, organ: OrganDose) -> OrganDose:
        """Dose per administered activity, effective half-life and biologically effective dose."""
        given_MBq = self.case.administered_activity_MBq
        per_GBq = None if given_MBq is None else organ.mean_dose_Gy / (1e-3 * given_MBq)
        half_life_h, effect_Gy = None, None
        curve = self.curves.get(organ.name)
        if curve is not None and any(curve.activity_MBq):
            half_life_h = curve.effective_half_life_h
            response = response_of(organ.name, self.case.options.radiobiology)
            if response is not None:
                factor = lea_catcheside(curve, response.repair_half_time_h)
                effect_Gy = biologically_effective_dose_Gy(organ.mean_dose_Gy, factor, response)
        return replace(
            organ,
            dose_per_activity_Gy_GBq=per_GBq,
            effective_half_life_h=half_life_h,
            BED_Gy=effect_Gy,
        )
