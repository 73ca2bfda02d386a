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
    least_scans : int
        Number of scans that the integration needs.
    needs_vois : bool
    by_curve : bool
        Whether the time-integrated activity rests on fitted curves.
    voi_model : str or None
        Model that the curves of VOIs take too; None where each VOI has the model that suits it.
    """

    name: str
    label: str
    help: str
    function: str
    least_scans: int = 1
    needs_vois: bool = False
    by_curve: bool = False
    voi_model: str | None = None


_ENTRIES = (
    IntegrationEntry(
        "trapezoid",
        "Trapezoid",
        "Straight lines between the scans, voxel by voxel; the tail after the last scan as chosen.",
        "trapezoid:integrate",
    ),
    IntegrationEntry(
        "mono-exponential",
        "Mono-exponential fit",
        "One exponential fitted to every voxel.",
        "mono_exponential:integrate",
        least_scans=2,
        by_curve=True,
        voi_model="mono-exponential",
    ),
    IntegrationEntry(
        "bi-exponential",
        "Bi-exponential fit",
        "Uptake and washout fitted to every voxel.",
        "bi_exponential:integrate",
        least_scans=3,
        by_curve=True,
        voi_model="bi-exponential",
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
        "haenscheid",
        "Single scan (Hänscheid)",
        "From the one scan nearest to 72 to 96 hours.",
        "single_time_point:integrate_haenscheid",
    ),
    IntegrationEntry(
        "madsen",
        "Single scan (Madsen)",
        "From one scan and a prior effective half-life.",
        "single_time_point:integrate_madsen",
    ),
)

INTEGRATIONS = {entry.name: entry for entry in _ENTRIES}
"""Integrations by name, in the order in which they are offered."""
