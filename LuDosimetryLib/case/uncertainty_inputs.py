"""How sure the quantities are that an organ dose is made of: stated defaults, to be edited."""

from dataclasses import dataclass, fields

from ..base.checks import check_at_least
from ..base.errors import InvalidInput

MOST_PERCENT = 100.0


@dataclass(frozen=True)
class UncertaintyInputs:
    """
    Standard uncertainties (one standard deviation) that go into the budget of organ doses.

    What there is to be unsure of is that of the guidance (Gear et al. 2018, Eur J Nucl Med Mol
    Imaging 45:2456). The defaults are this project's, for 177Lu SPECT/CT with volumes drawn on CT; they
    give kidneys some 9 %, where a clinic's own budget comes to 13 % (Staanum et al. 2021, EJNMMI
    Phys 8:78). A site's own measurements are better.

    Attributes
    ----------
    calibration_percent : float
        Of the activity per count: activity meter, phantom, stability. Common to all scans, all
        volumes of interest and all cycles on one camera.
    scan_percent : float
        Of the activity that one scan shows in a volume of interest, independent from scan to
        scan: counting noise, reconstruction, alignment.
    scan_time_h : float
        Of the time of each scan after administration [h].
    curve_percent : float
        Of the time-integrated activity, by the choice of the curve: what different curves that
        suit the same scans give.
    single_time_point_percent : float
        Instead, where a single scan counts; what one scan adds to the budget of Staanum et al.
        2021, who find 13 % with three scans and 19 % with one.
    recovery_percent : float
        Of a recovery coefficient from a table, apart from what the volume's uncertainty does.
    spect_resolution_percent : float
        Of the resolution from which recovery is calculated.
    segmentation_voxel_mm : float or None
        Voxel size of the image on which volumes were drawn; None for that of the segmentation.
    segmentation_resolution_mm : float
        Resolution (full width at half maximum) of the image on which volumes were drawn: some
        2 mm for a CT; that of the SPECT for volumes drawn there.
    dose_engine_percent : float
        Of the dose per time-integrated activity: decay data 1 %, kernels and transport 1 to 2 %,
        density from CT 2 %.
    """

    calibration_percent: float = 5.0
    scan_percent: float = 5.0
    scan_time_h: float = 0.1
    curve_percent: float = 5.0
    single_time_point_percent: float = 14.0
    recovery_percent: float = 5.0
    spect_resolution_percent: float = 10.0
    segmentation_voxel_mm: float | None = None
    segmentation_resolution_mm: float = 2.0
    dose_engine_percent: float = 3.0

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "segmentation_voxel_mm" and value is None:
                continue
            check_at_least(f.name, value, 0.0)
            if f.name.endswith("_percent") and value > MOST_PERCENT:
                raise InvalidInput(
                    f"{f.name} is {value:g}; it must be a standard uncertainty of 0 to {MOST_PERCENT:g} %."
                )
