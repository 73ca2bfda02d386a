"""How to calculate: the options of a case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ..base.checks import (
    check_choice,
    check_flag,
    check_number,
    check_text,
    check_unique,
    check_whole,
)
from ..base.errors import InvalidInput
from .tissue_response import KIDNEY, TissueResponse
from .uncertainty_inputs import UncertaintyInputs

REGISTRATIONS = ("none", "rigid", "affine", "deformable")
INTEGRATIONS = (
    *("trapezoid", "mono-exponential", "bi-exponential", "hybrid"),
    *("haenscheid", "madsen"),
)
LEAST_SCANS = {"mono-exponential": 2, "bi-exponential": 3, "hybrid": 2}
"""Scans that an integration needs, where one is not enough."""
TAILS = ("physical", "effective")
POOREST_RESOLUTION_MM = 50.0
DOSE_METHODS = ("local", "single-vsv", "multi-vsv", "split-vsv", "unet", "monte-carlo")
DEVICES = ("auto", "cpu", "cuda")


def check_recovery(table: tuple[tuple[float, float], ...]) -> None:
    """Refuse a table of recovery coefficients that is not one of rising volumes and parts."""
    for entry in table:
        if len(entry) != 2:
            raise InvalidInput(
                f"recovery_coefficients has {entry!r}; expected [volume in mL, coefficient]."
            )
        check_number("a volume of recovery_coefficients", entry[0])
        check_number("a coefficient of recovery_coefficients", entry[1])
        if entry[1] > 1.5:
            raise InvalidInput(
                f"a coefficient of recovery_coefficients is {entry[1]:g}; allowed: up to 1.5."
            )
    if any(a[0] >= b[0] for a, b in pairwise(table)):
        raise InvalidInput("recovery_coefficients is not in order of volume.")


@dataclass(frozen=True)
class Options:
    """
    How to calculate.

    Attributes
    ----------
    registration : {"none", "rigid", "affine", "deformable"}
        Of every time point's CT, and its SPECT with it, to that of the reference.
    integration : str
        Activity over time: one of `INTEGRATIONS`. The trapezoid; a curve fitted to each voxel
        (mono- or bi-exponential); the curve of the volume of interest scaled to each voxel
        (hybrid); or a single scan (Hänscheid, Madsen).
    tail : {"physical", "effective"}
        After the last scan: physical decay, or the effective decay between the last two scans,
        never slower than physical.
    dose_method : str
        One of `DOSE_METHODS`.
    media : int
        Number of media of the multiple voxel S values.
    device : {"auto", "cpu", "cuda"}
    histories : int
        Decays followed by Monte Carlo.
    uncertainty_percent : float or None
        Instead of `histories`: standard error of the mean dose of every volume of interest at
        which Monte Carlo stops; voxels above a fifth of the maximum are to have at most four
        times as much.
    seed : int
    scheduler : str or None
        Address of a scheduler of dask.distributed whose workers calculate Monte Carlo batches.
    effective_half_life_h : float or None
        Prior effective half-life of all tissues, for Madsen's method [h].
    single_time_point_h : float or None
        The methods of a single time point use the scan nearest to this time [h]; None: to 72 to
        96 h (Hänscheid), or to 1.44 effective half-lives (Madsen).
    compare_with : tuple of str
        Methods whose dose is calculated beside the chosen one.
    recovery_coefficients : tuple of (float, float)
        Volume [mL] and the part of its activity that the scan shows, in order of volume: activity
        in volumes of interest is divided by it. Empty: as the scan shows it.
    spect_resolution_mm : float or None
        Instead of such a table: full width at half maximum of a point in the SPECT image, from
        which the recovery of each volume of interest follows by its own shape. None: no such
        correction.
    spill_in : bool
        With `spect_resolution_mm`: also account for activity that comes in from around; right for
        all but isolated volumes.
    uncertainty : UncertaintyInputs
        Standard uncertainties that go into the budget of organ doses.
    radiobiology : dict of str to TissueResponse
        For the biologically effective dose: tissue parameters of the volumes of interest whose
        name holds the key.
    """

    registration: str = "none"
    integration: str = "trapezoid"
    tail: str = "physical"
    dose_method: str = "multi-vsv"
    media: int = 20
    device: str = "auto"
    histories: int = 100_000_000
    uncertainty_percent: float | None = None
    seed: int = 1
    scheduler: str | None = None
    effective_half_life_h: float | None = None
    single_time_point_h: float | None = None
    compare_with: tuple[str, ...] = ()
    recovery_coefficients: tuple[tuple[float, float], ...] = ()
    spect_resolution_mm: float | None = None
    spill_in: bool = True
    uncertainty: UncertaintyInputs = field(default_factory=UncertaintyInputs)
    radiobiology: Mapping[str, TissueResponse] = field(default_factory=lambda: {"kidney": KIDNEY})

    def __post_init__(self) -> None:
        check_choice("registration", self.registration, REGISTRATIONS)
        check_choice("integration", self.integration, INTEGRATIONS)
        check_choice("tail", self.tail, TAILS)
        for name in ("effective_half_life_h", "single_time_point_h"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name))
        if self.integration == "madsen" and self.effective_half_life_h is None:
            raise InvalidInput(
                "integration is 'madsen' but effective_half_life_h is missing; give the effective half-life in hours."
            )
        check_choice("dose_method", self.dose_method, DOSE_METHODS)
        check_choice("device", self.device, DEVICES)
        check_whole("media", self.media, 1)
        check_whole("histories", self.histories, 1)
        if self.uncertainty_percent is not None:
            check_number("uncertainty_percent", self.uncertainty_percent)
        check_whole("seed", self.seed, 0)
        if self.scheduler is not None:
            check_text("scheduler", self.scheduler)
        for name in self.compare_with:
            check_choice("an entry of compare_with", name, DOSE_METHODS)
        check_unique("compare_with", self.compare_with)
        check_recovery(self.recovery_coefficients)
        check_flag("spill_in", self.spill_in)
        if self.spect_resolution_mm is not None:
            check_number("spect_resolution_mm", self.spect_resolution_mm)
            if self.spect_resolution_mm > POOREST_RESOLUTION_MM:
                raise InvalidInput(
                    f"spect_resolution_mm is {self.spect_resolution_mm:g}; allowed: up to {POOREST_RESOLUTION_MM:g} mm."
                )
            if self.recovery_coefficients:
                raise InvalidInput(
                    "both recovery_coefficients and spect_resolution_mm are given; keep the table by volume or the "
                    "resolution from which recovery is calculated by shape."
                )
        for name in self.radiobiology:
            check_text("a name in radiobiology", name)
