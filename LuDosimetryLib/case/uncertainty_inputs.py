"""How sure the quantities are that an organ dose is made of: stated defaults, to be edited."""

from dataclasses import dataclass
from typing import Any

from ..base.checks import check_at_least
from ..base.errors import InvalidInput
from .option import check_options, option

_MOST_PERCENT = 100.0


def _check_percent(name: str, value: float) -> None:
    check_at_least(name, value, 0.0)
    if value > _MOST_PERCENT:
        raise InvalidInput(
            f"{name} is {value:g}; it must be a standard uncertainty of 0 to {_MOST_PERCENT:g} %."
        )


def _percent(default: float, label: str, help: str) -> Any:
    return option(default, label=label, help=help, unit="%", check=_check_percent)


@dataclass(frozen=True)
class UncertaintyInputs:
    """
    Standard uncertainties (one standard deviation) that go into the budget of organ doses.

    The sources of uncertainty are those of the guidance (Gear et al. 2018, Eur J Nucl Med Mol
    Imaging 45:2456). The defaults are this project's, for 177Lu SPECT/CT with volumes drawn on CT;
    they give kidneys some 9 %, where a clinic's own budget comes to 13 % (Staanum et al. 2021,
    EJNMMI Phys 8:78). A site's own measurements are better.

    Raises
    ------
    InvalidInput
        On construction, for values that are not allowed.
    """

    calibration_percent: float = _percent(
        5.0,
        "calibration",
        "Uncertainty of the activity per count: activity meter, phantom, stability. Common to all scans, all volumes "
        "of interest and all cycles on one camera.",
    )
    scan_percent: float = _percent(
        5.0,
        "scan",
        "Uncertainty of the activity that one scan shows in a volume of interest, independent from scan to scan: "
        "counting noise, reconstruction, alignment.",
    )
    scan_time_h: float = option(
        0.1,
        label="time of a scan",
        help="Uncertainty of the time of each scan after administration.",
        unit="h",
        least=0.0,
    )
    curve_percent: float = _percent(
        2.0,
        "curve",
        "Uncertainty of the time-integrated activity by kinetics that no curve describes, beside what scans leave open "
        "and what the integration is off the fitted curve, which are calculated.",
    )
    # Staanum et al. 2021 find 13 % with three scans and 19 % with one
    single_time_point_percent: float = _percent(
        14.0,
        "single scan",
        "Least uncertainty of the time-integrated activity where there is a single scan.",
    )
    recovery_percent: float = _percent(
        5.0,
        "recovery",
        "Uncertainty of a recovery coefficient from a table, apart from what the volume's uncertainty does.",
    )
    spect_resolution_percent: float = _percent(
        10.0,
        "SPECT resolution",
        "Uncertainty of the resolution from which recovery is calculated.",
    )
    segmentation_voxel_mm: float | None = option(
        None,
        label="voxel of the segmentation",
        help="Voxel size of the image on which volumes were drawn.",
        unit="mm",
        least=0.0,
        when_none="that of the segmentation",
    )
    segmentation_resolution_mm: float = option(
        2.0,
        label="resolution of the segmentation",
        help="Resolution (full width at half maximum) of the image on which volumes were drawn: some 2 mm for a CT; "
        "that of the SPECT for volumes drawn there.",
        unit="mm",
        least=0.0,
    )
    dose_engine_percent: float = _percent(
        3.0,
        "dose engine",
        "Uncertainty of the dose per time-integrated activity: decay data 1 %, kernels and transport 1 to 2 %, "
        "density from CT 2 %.",
    )

    def __post_init__(self) -> None:
        check_options(self)
