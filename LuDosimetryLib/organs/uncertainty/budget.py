"""The standard uncertainty of a mean organ dose, and its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot

from ...activity.recovery import RecoveryModel
from ...case.uncertainty_inputs import UncertaintyInputs
from ...image.arrays import Array, Mask
from ...image.grid import Grid
from ..organ_dose import mean_dose
from ..quantities import OrganDose
from .delineation import Outline, relative_effect

PART_LABELS = {
    "calibration": "Calibration",
    "recovery": "Recovery",
    "delineation": "Delineation",
    "time_activity": "Time-activity curve",
    "dose_engine": "Dose engine",
    "monte_carlo": "Monte Carlo",
}
"""Labels of the parts of the uncertainty of an organ dose."""

PARTS = tuple(PART_LABELS)
"""Parts of the uncertainty of an organ dose, each independent of the others."""

COMMON_PARTS = ("calibration", "recovery", "dose_engine")
"""Parts that are the same error in all organs and cycles."""


@dataclass(frozen=True)
class DoseBudget:
    """
    Standard uncertainty of a mean organ dose.

    The mean dose of a volume is the energy absorbed in it over its mass, so that it is the
    concentration of activity that counts. Drawing a volume larger takes in activity, mass and, with a
    recovery correction, another coefficient, and the three largely cancel; the part
    ``"delineation"`` moves them together, so that their correlations are kept. For a sphere that is
    the sum of the terms of counts, recovery and S value with their covariances in Gear et al. 2018:
    with u(V) / V of the volume, phi / (2 R) - d ln R / d ln V - 1.

    Attributes
    ----------
    volume_percent : float
        Standard uncertainty of the volume itself [%].
    parts_percent : dict of str to float
        Standard uncertainty of the mean dose by each of `PARTS` [%].
    """

    volume_percent: float
    parts_percent: dict[str, float]

    @property
    def percent(self) -> float:
        """Combined standard uncertainty of the mean dose [%]."""
        return hypot(*self.parts_percent.values())


@dataclass(frozen=True)
class BudgetProblem:
    """
    What the budgets of all organs rest on.

    Attributes
    ----------
    dose_shown_Gy : ndarray, shape (k, j, i)
        Absorbed dose without recovery correction.
    density_g_cm3 : ndarray
    reported : ndarray of bool
        Voxels that have a dose.
    grid : Grid
    recovery : RecoveryModel or None
    border_mm : float
        Standard uncertainty of where borders lie.
    time_activity_percent : mapping of str to float
        Uncertainty of the time-integrated activity of each volume [%].
    inputs : UncertaintyInputs
    """

    dose_shown_Gy: Array
    density_g_cm3: Array
    reported: Mask
    grid: Grid
    recovery: RecoveryModel | None
    border_mm: float
    time_activity_percent: Mapping[str, float]
    inputs: UncertaintyInputs

    def budget(self, organ: OrganDose, mask: Mask) -> DoseBudget:
        """The budget of one volume of interest."""
        inputs, recovery = self.inputs, self.recovery
        # what is drawn otherwise is the part that has mass: of a volume of air little may have it
        airy = mask & ~self.reported
        outline = Outline.of(mask & self.reported, self.grid)
        volume = outline.volume_uncertainty(self.border_mm)
        whole = Outline.of(mask, self.grid) if airy.any() else outline

        def dose(drawn: Mask) -> float:
            mean = mean_dose(self.dose_shown_Gy, self.density_g_cm3, drawn & self.reported)
            if recovery is None:
                return mean
            return mean / recovery.coefficient(organ.name, drawn | airy)

        noise = organ.standard_error_Gy or 0.0
        parts = {
            "calibration": inputs.calibration_percent,
            "recovery": 0.0
            if recovery is None
            else recovery.uncertainty_percent(organ.name, inputs),
            "delineation": 100.0 * relative_effect(outline, volume, dose),
            "time_activity": self.time_activity_percent[organ.name],
            "dose_engine": inputs.dose_engine_percent,
            "monte_carlo": 100.0 * noise / organ.mean_dose_Gy if organ.mean_dose_Gy > 0.0 else 0.0,
        }
        return DoseBudget(100.0 * whole.volume_uncertainty(self.border_mm), parts)


def with_uncertainty(organ: OrganDose, budget: DoseBudget) -> OrganDose:
    """An organ dose with its standard uncertainty."""
    return replace(
        organ,
        standard_uncertainty_Gy=0.01 * budget.percent * organ.mean_dose_Gy,
        volume_uncertainty_percent=budget.volume_percent,
        uncertainty_parts_percent=budget.parts_percent,
    )
