"""The steps from a case to its result, in order."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .activity.integration import trapezoid_tia
from .case import Case
from .dose import METHODS
from .dose.convolution import choose_device
from .dose.problem import DoseProblem, Progress
from .inputs import check_tia, check_vois, patient_on, read_activity, read_density
from .nuclide import read_nuclide
from .organs import cumulative_dvh, organ_doses
from .provenance import provenance_of
from .result import Result, no_progress
from .segmentation import read_vois
from .tissue import AIR_DENSITY_G_CM3, NO_DOSE_BELOW_G_CM3, read_media

__all__ = ["FALLBACK", "no_progress", "run_case"]

FALLBACK = "multi-vsv"


def run_case(case: Case, progress: Progress = no_progress) -> Result:
    """
    Calculate a case.

    Parameters
    ----------
    case : Case
    progress : callable
        ``(fraction, message)`` with the fraction from 0 to 1; raising `Cancelled` from it stops
        the calculation. ``print`` will do.

    Returns
    -------
    Result
        In memory; ``Result.write`` makes the result folder.

    Raises
    ------
    InvalidInput
        One sentence that says what is wrong with the input.
    Cancelled
        From `progress`.
    """
    clock = _Clock()
    warnings = list(case.warnings)
    nuclide = read_nuclide(case.nuclide)
    read_media(case.options.media)
    device = choose_device(case.options.device)
    methods = _available(case, warnings)

    with clock("read"):
        progress(0.0, "reading the scans")
        provenance = provenance_of(case, nuclide, device)
        grid, activity = read_activity(case, nuclide, warnings)
        progress(0.1, "reading the CT")
        density, covered = read_density(case, grid)
        patient = patient_on(density, covered, grid, warnings)
        reported = patient & (density >= NO_DOSE_BELOW_G_CM3)
        progress(0.15, "reading the segmentation")
        vois = {} if case.segmentation is None else read_vois(case.segmentation, grid, warnings)

    with clock("register"):
        pass  # the scans are taken as aligned

    with clock("integrate"):
        progress(0.2, "integrating activity over time")
        hours = [point.hours for point in case.time_points]
        if len(hours) == 1:
            warnings.append(
                f"there is only one scan, at {hours[0]:g} h: activity is taken to rise evenly until then and to decay physically after."
            )
        tia = trapezoid_tia(hours, activity, nuclide.decay_constant_per_h, case.options.tail)
        check_tia(tia, covered, patient, warnings)
        check_vois(vois, reported, warnings)

    with clock("dose"):
        problem = DoseProblem(
            grid, tia, density, reported, nuclide, case.options.media, device, warnings
        )
        doses = {}
        for n, method in enumerate(methods):
            progress(0.25 + 0.6 * n / len(methods), f"dose: {method}")

            def of_all(fraction: float, message: str, n: int = n) -> None:
                progress(0.25 + 0.6 * (n + fraction) / len(methods), message)

            doses[method] = METHODS[method](problem, of_all)

    with clock("organs"):
        progress(0.9, "organ doses")
        organs = organ_doses(vois, doses, methods[0], tia, density, reported, grid)
        dvh = cumulative_dvh(doses[methods[0]], vois, reported)
    progress(0.95, "calculated")
    return Result(
        case=case.to_dict(),
        dose_method=methods[0],
        grid=grid,
        tia=tia,
        density=np.where(covered, density, np.float32(AIR_DENSITY_G_CM3)),
        reported=reported,
        doses=doses,
        vois=vois,
        organs=organs,
        dvh=dvh,
        timing_s=clock.seconds,
        provenance=provenance,
        warnings=warnings,
        inputs=case.inputs,
    )


def _available(case: Case, warnings: list[str]) -> list[str]:
    """The methods to calculate, the chosen one first."""
    methods: list[str] = []
    for wanted in (case.options.dose_method, *case.options.compare_with):
        method = wanted
        if wanted not in METHODS:
            method = FALLBACK
            warnings.append(
                f"the dose method {wanted!r} is not part of this version; the dose is that of {FALLBACK!r}, uncorrected."
            )
        if method not in methods:
            methods.append(method)
    return methods


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - started
