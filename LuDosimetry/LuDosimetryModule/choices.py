"""What the choices of a case file are called in the panel; the library says which there are."""

from collections.abc import Sequence

from slicer.i18n import tr as _

from LuDosimetryLib.case.options import DEVICES, DOSE_METHODS, INTEGRATIONS, REGISTRATIONS, TAILS
from LuDosimetryLib.case.parts import UNITS

__all__ = ["CHOICES", "UNITS", "label", "tip"]

CHOICES: dict[str, Sequence[str]] = {
    "registration": REGISTRATIONS,
    "integration": INTEGRATIONS,
    "tail": TAILS,
    "doseMethod": DOSE_METHODS,
    "device": DEVICES,
}
"""Names by parameter."""


def label(parameter: str, name: str) -> str:
    """How a choice is called; one that is not known here by its own name, spelled out."""
    known = _labels().get((parameter, name))
    return known[0] if known else name.replace("-", " ").replace("_", " ").capitalize()


def tip(parameter: str, name: str) -> str:
    """What a choice does; empty for one that is not known here."""
    known = _labels().get((parameter, name))
    return known[1] if known else ""


def _labels() -> dict[tuple[str, str], tuple[str, str]]:
    # made when asked for: the language of the application can change
    return {
        ("doseMethod", "local"): (
            _("Local deposition"),
            _("Electron energy stays in its voxel; photons leave the patient."),
        ),
        ("doseMethod", "single-vsv"): (
            _("Single voxel S value"),
            _("One kernel, soft tissue of 1.04 g/cm³."),
        ),
        ("doseMethod", "multi-vsv"): (
            _("Multiple voxel S values"),
            _("The kernels of 20 media by CT density (Kim et al. 2022)."),
        ),
        ("doseMethod", "split-vsv"): (
            _("Split voxel S values"),
            _(
                "Electrons by the medium of the source voxel, photons by that of the target voxel and the way between."
            ),
        ),
        ("doseMethod", "unet"): (
            _("Residual U-Net"),
            _(
                "Multiple voxel S values, corrected by a network trained on Monte Carlo (Kim et al. 2022)."
            ),
        ),
        ("doseMethod", "monte-carlo"): (
            _("Monte Carlo"),
            _("Every decay followed through this patient; minutes, with standard errors."),
        ),
        ("registration", "none"): (_("None: scans are aligned"), _("Positions are taken as told.")),
        ("registration", "rigid"): (_("Rigid"), _("Moves and turns scans onto the reference.")),
        ("registration", "deformable"): (
            _("Deformable"),
            _("Deforms scans onto the reference."),
        ),
        ("integration", "trapezoid"): (
            _("Trapezoid"),
            _("Straight lines between the scans, voxel by voxel."),
        ),
        ("integration", "mono-exponential"): (
            _("Mono-exponential fit"),
            _("One exponential fitted to every voxel."),
        ),
        ("integration", "bi-exponential"): (
            _("Bi-exponential fit"),
            _("Uptake and washout fitted to every voxel."),
        ),
        ("integration", "hybrid"): (
            _("Organ curve, scaled to each voxel"),
            _("The fitted curve of the volume of interest, scaled to the activity of each voxel."),
        ),
        ("integration", "haenscheid"): (
            _("Single scan (Hänscheid)"),
            _("From the one scan nearest to 72 to 96 hours."),
        ),
        ("integration", "madsen"): (
            _("Single scan (Madsen)"),
            _("From one scan and a prior effective half-life, which the further options give."),
        ),
        ("tail", "physical"): (
            _("Physical decay"),
            _(
                "After the last scan activity falls by decay alone; overestimates where it washes out."
            ),
        ),
        ("tail", "effective"): (
            _("Effective decay"),
            _("After the last scan activity falls as between the last two scans."),
        ),
        ("device", "auto"): (_("Automatic"), _("A CUDA device where there is one.")),
        ("device", "cpu"): (_("CPU"), ""),
        ("device", "cuda"): (_("CUDA"), _("Fails where PyTorch finds no CUDA device.")),
    }
