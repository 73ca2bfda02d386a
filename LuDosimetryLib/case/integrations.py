"""The integrations of activity over time that a case can ask for: what each needs, where it is."""

from dataclasses import dataclass

__all__ = ["INTEGRATIONS", "IntegrationEntry"]


@dataclass(frozen=True)
class IntegrationEntry:
    """
    An integration of activity over time, known without importing what calculates it.

    Attributes
    ----------
    name : str
        In case.json and on the command line.
    label : str
        In the panel and the report.
    help : str
        What the integration does, in a sentence.
    function : str
        ``module:function`` below ``LuDosimetryLib.activity``; loaded when it is used.
    check : str
        ``module:function`` that warns, once the curves of all VOIs are known, of what the
        integration cannot describe; empty if there is nothing to check.
    least_scans : int
        Number of scans that the integration needs.
    needs_vois : bool
    needs_half_life : bool
        Whether the integration needs a prior effective half-life.
    takes_half_life : bool
        Whether the integration makes use of a prior effective half-life.
    has_tail : bool
        Whether the tail of the options decides what follows the last scan, anywhere.
    single_scan : bool
        Whether one scan gives the time-integrated activity, and all others nothing.
    by_curve : bool
        Whether the time-integrated activity rests on fitted curves.
    follows_uptake : bool
        Whether activity that rises after the first scan is described.
    voi_model : str or None
        Model that the curves of VOIs take too; None where each VOI has the model that suits it.
    model_number : int or None
        Number in ``tia_model.nrrd`` of the voxels whose model bears this name; None where a voxel
        has the model of a curve. A number that is in use is never given anew.
    """

    name: str
    label: str
    help: str
    function: str
    check: str = ""
    least_scans: int = 1
    needs_vois: bool = False
    needs_half_life: bool = False
    takes_half_life: bool = False
    has_tail: bool = True
    single_scan: bool = False
    by_curve: bool = False
    follows_uptake: bool = True
    voi_model: str | None = None
    model_number: int | None = None


_ENTRIES = (
    IntegrationEntry(
        "trapezoid",
        "Trapezoid",
        "Straight lines between the scans, voxel by voxel; the tail after the last scan as chosen.",
        "trapezoid:integrate",
        check="trapezoid:check_against_curves",
        model_number=1,
    ),
    IntegrationEntry(
        "mono-exponential",
        "Mono-exponential fit",
        "One exponential fitted to every voxel.",
        "mono_exponential:integrate",
        least_scans=2,
        by_curve=True,
        follows_uptake=False,
        voi_model="mono-exponential",
        model_number=2,
    ),
    IntegrationEntry(
        "bi-exponential",
        "Bi-exponential fit",
        "Uptake and washout fitted to every voxel.",
        "bi_exponential:integrate",
        check="bi_exponential:check_first_scan",
        least_scans=3,
        by_curve=True,
        voi_model="bi-exponential",
        model_number=3,
    ),
    IntegrationEntry(
        "hybrid",
        "VOI curve, scaled to each voxel",
        "The fitted curve of the VOI, scaled to the activity of each voxel; outside VOIs a curve for each voxel.",
        "hybrid:integrate",
        least_scans=2,
        needs_vois=True,
        by_curve=True,
    ),
    IntegrationEntry(
        "bayesian",
        "Bayesian fit",
        "The most likely curve of the VOI, knowing how kinetics usually are, scaled to the activity of each voxel; "
        "outside VOIs of neighbourhoods. One scan or more.",
        "bayesian:integrate",
        check="bayesian:check_certainty",
        takes_half_life=True,
        has_tail=False,
        by_curve=True,
        voi_model="bayesian",
        model_number=7,
    ),
    IntegrationEntry(
        "haenscheid",
        "Single scan (Hänscheid)",
        "From the one scan nearest to 72 to 96 hours (177Lu).",
        "haenscheid:integrate",
        check="haenscheid:check_scan_time",
        has_tail=False,
        single_scan=True,
        model_number=5,
    ),
    IntegrationEntry(
        "madsen",
        "Single scan (Madsen)",
        "From one scan and a prior effective half-life.",
        "madsen:integrate",
        needs_half_life=True,
        takes_half_life=True,
        has_tail=False,
        single_scan=True,
        model_number=6,
    ),
)

INTEGRATIONS = {entry.name: entry for entry in _ENTRIES}
"""Integrations by name, in the order in which they are offered."""
