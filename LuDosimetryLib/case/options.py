"""The options of a case: how to calculate. Each is declared here, and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..base.checks import check_number, check_text, check_unique
from ..base.errors import InvalidInput
from .choices import DEVICES, REGISTRATIONS, TAILS
from .dose_methods import DOSE_METHODS, DoseMethodEntry
from .integrations import INTEGRATIONS, IntegrationEntry
from .json_fields import json_object, read_values
from .option import check_options, option
from .tissue_response import KIDNEY, TissueResponse
from .uncertainty_inputs import UncertaintyInputs

__all__ = ["Options"]

_WORST_RESOLUTION_MM = 50.0
_HIGHEST_COEFFICIENT = 1.5


def _check_recovery(name: str, table: tuple[tuple[float, float], ...]) -> None:
    for entry in table:
        if len(entry) != 2:
            raise InvalidInput(f"{name} has {entry!r}; expected [volume in mL, coefficient].")
        check_number(f"a volume of {name}", entry[0])
        check_number(f"a coefficient of {name}", entry[1])
        if entry[1] > _HIGHEST_COEFFICIENT:
            raise InvalidInput(
                f"a coefficient of {name} is {entry[1]:g}; allowed: up to {_HIGHEST_COEFFICIENT:g}."
            )
    if any(a[0] >= b[0] for a, b in pairwise(table)):
        raise InvalidInput(f"{name} is not in order of volume.")


def _check_names(name: str, responses: Mapping[str, TissueResponse]) -> None:
    for voi in responses:
        check_text(f"a name in {name}", voi)


def _check_report_vois(name: str, vois: tuple[str, ...]) -> None:
    for voi in vois:
        check_text(f"a name in {name}", voi)
    check_unique(name, vois)


def _table_in_words(table: tuple[tuple[float, float], ...]) -> str:
    return ", ".join(f"{part:g} at {volume:g} mL" for volume, part in table) or "none"


def _methods(options: "Options") -> list[DoseMethodEntry]:
    return [DOSE_METHODS[name] for name in (options.dose_method, *options.compare_with)]


def _by_media(options: "Options") -> bool:
    return any(m.needs_kernels and m.name != "single-vsv" for m in _methods(options))


def _by_network(options: "Options") -> bool:
    return any(method.name == "unet" for method in _methods(options))


def _by_monte_carlo(options: "Options") -> bool:
    return any(method.statistical for method in _methods(options))


@dataclass(frozen=True)
class Options:
    """
    How to calculate.

    What each option means, its unit and its default stand in its declaration below;
    ``ludosimetry options`` prints them as a table.

    Raises
    ------
    InvalidInput
        On construction, for values that are not allowed.
    """

    registration: str = option(
        "rigid",
        label="Registration",
        help="How each scan's CT, and its SPECT with it, is aligned with that of the reference scan.",
        choices=REGISTRATIONS,
        cli=True,
        panel=True,
        decides_dose=True,
    )
    integration: str = option(
        "bayesian",
        label="Integration",
        help="How activity is integrated over time.",
        choices=INTEGRATIONS,
        cli=True,
        panel=True,
        decides_dose=True,
    )
    tail: str = option(
        "effective",
        label="Tail of the trapezoid",
        help="How activity falls after the last scan, for the trapezoid and in voxels where a curve cannot be fitted.",
        choices=TAILS,
        cli=True,
        panel=True,
        decides_dose=True,
        applies=lambda options: options.integration_entry.has_tail,
    )
    dose_method: str = option(
        "unet",
        label="Dose method",
        help="How the dose is calculated from the time-integrated activity.",
        choices=DOSE_METHODS,
        cli=True,
        panel=True,
        decides_dose=True,
    )
    soft_by_name: bool = option(
        True,
        label="Soft tissue by name",
        help="Volumes of interest that are soft tissue by their names (kidneys, liver, vessels, bladder ...) count as soft "
        "tissue whatever their CT numbers, which contrast medium raises to those of bone.",
        cli=True,
        panel=True,
        decides_dose=True,
    )
    media: int = option(
        20,
        label="Media",
        help="Number of tissue media of the multiple voxel S values; 20 as published.",
        least=1,
        cli=True,
        panel=True,
        decides_dose=True,
        applies=_by_media,
    )
    model: Path | None = option(
        None,
        label="Network",
        help="A residual network of the user's own: the folder that train or release wrote, or the card or the ONNX file "
        "in it.",
        when_none="the shipped one",
        cli=True,
        metavar="PATH",
        panel=True,
        decides_dose=True,
        applies=_by_network,
    )
    device: str = option(
        "auto",
        label="Device",
        help="Where convolutions and the network are calculated.",
        choices=DEVICES,
        cli=True,
        panel=True,
    )
    histories: int = option(
        100_000_000,
        label="Histories",
        help="Number of decays that Monte Carlo follows.",
        unit="decays",
        least=1,
        cli=True,
        panel=True,
        decides_dose=True,
        applies=lambda options: _by_monte_carlo(options) and options.uncertainty_percent is None,
    )
    uncertainty_percent: float | None = option(
        None,
        label="Target uncertainty",
        help="Monte Carlo stops when the mean dose of every volume of interest of at least 1 mL has this standard "
        "error, and voxels above a fifth of the maximum have at most four times as much. Half of it takes four "
        "times as long.",
        unit="%",
        when_none="not used: the number of histories decides",
        cli="--uncertainty",
        panel=True,
        decides_dose=True,
        applies=lambda options: (
            _by_monte_carlo(options) and options.uncertainty_percent is not None
        ),
        instead_of="histories",
    )
    seed: int = option(
        1,
        label="Seed",
        help="Seed of the random numbers of Monte Carlo; the same seed gives the same dose.",
        least=0,
        cli=True,
        panel=True,
        applies=_by_monte_carlo,
    )
    scheduler: str | None = option(
        None,
        label="Scheduler",
        help="Address of a dask.distributed scheduler whose workers calculate Monte Carlo batches.",
        when_none="this machine alone",
        cli=True,
        metavar="ADDRESS",
        applies=_by_monte_carlo,
    )
    effective_half_life_h: float | None = option(
        None,
        label="Effective half-life",
        help="Prior effective half-life of all tissues, for Madsen's method, which needs it; of the Bayesian fit the "
        "median of the effective half-lives that it expects.",
        unit="h",
        when_none="that of usual kinetics, with 177Lu 60 h (Bayesian fit)",
        cli=True,
        panel=True,
        decides_dose=True,
        applies=lambda options: options.integration_entry.takes_half_life,
    )
    single_time_point_h: float | None = option(
        None,
        label="Time of the single scan",
        help="Methods of a single scan use the scan nearest to this time after administration.",
        unit="h",
        when_none="72 to 96 h (Hänscheid) or 1.44 effective half-lives (Madsen)",
        cli=True,
        panel=True,
        decides_dose=True,
        applies=lambda options: options.integration_entry.single_scan,
    )
    compare_with: tuple[str, ...] = option(
        (),
        label="Compare with",
        help="Methods whose dose is calculated as well, with maps of the difference.",
        choices=DOSE_METHODS,
        expected=f"a list of dose methods: {', '.join(DOSE_METHODS)}",
        cli=True,
        panel=True,
    )
    recovery_coefficients: tuple[tuple[float, float], ...] = option(
        (),
        label="Recovery coefficients",
        help="Pairs of volume [mL] and the part of its activity that the scan shows, in order of volume; the activity "
        "of each volume of interest is divided by its coefficient.",
        check=_check_recovery,
        in_words=_table_in_words,
        expected="a list of [volume in mL, coefficient]",
        decides_dose=True,
    )
    spect_resolution_mm: float | None = option(
        None,
        label="SPECT resolution",
        help="Full width at half maximum of a point in the SPECT image. The recovery of each volume of interest is "
        "calculated from it by the volume's own shape; not together with recovery coefficients.",
        unit="mm",
        greatest=_WORST_RESOLUTION_MM,
        when_none="not corrected for",
        cli=True,
        panel=True,
        decides_dose=True,
    )
    spill_in: bool = option(
        True,
        label="Spill-in",
        help="With a SPECT resolution: correct also for activity that spills in from around a volume; right for all "
        "but isolated volumes.",
        cli=True,
        panel=True,
        decides_dose=True,
        applies=lambda options: options.spect_resolution_mm is not None,
    )
    uncertainty: UncertaintyInputs = option(
        label="Uncertainty inputs",
        help="Standard uncertainties that go into the budget of organ doses.",
        factory=UncertaintyInputs,
    )
    radiobiology: Mapping[str, TissueResponse] = option(
        label="Radiobiology",
        help="Tissue parameters of the biologically effective dose, for volumes of interest whose name contains the "
        "key.",
        factory=lambda: {"kidney": KIDNEY},
        check=_check_names,
        expected="a JSON object, for example "
        '{"kidney": {"alpha_beta_Gy": 2.6, "repair_half_time_h": 2.8}}',
    )
    report_vois: tuple[str, ...] = option(
        (),
        label="VOIs of the report",
        help="Volumes of interest that the report's figures show and its tables list unfolded: names, or words that names "
        "contain. The other rows are folded; the CSV files of the result folder have all volumes.",
        when_none="all if there are up to 12, otherwise the organs at risk and the 10 largest tumours",
        check=_check_report_vois,
        expected='a list of names, for example ["kidney", "liver"]',
        cli=True,
        metavar="NAME,NAME",
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.integration_entry.needs_half_life and self.effective_half_life_h is None:
            raise InvalidInput(
                f"integration is {self.integration!r} but effective_half_life_h is missing; give the effective half-life in "
                "hours."
            )
        if self.spect_resolution_mm is not None and self.recovery_coefficients:
            raise InvalidInput(
                "both recovery_coefficients and spect_resolution_mm are given; keep the table by volume or the "
                "resolution from which recovery is calculated by shape."
            )

    @property
    def integration_entry(self) -> IntegrationEntry:
        """What is known of the integration that is asked for."""
        return INTEGRATIONS[self.integration]

    @classmethod
    def from_dict(cls, data: Any) -> "Options":
        """
        Make options of the object ``options`` of a case file.

        Raises
        ------
        InvalidInput
            One sentence with the key, the value and what is allowed.
        """
        return cls(**read_values(cls, data))

    def to_dict(self) -> dict[str, Any]:
        """Make the object ``options`` of a case file, with every option."""
        return json_object(self)
