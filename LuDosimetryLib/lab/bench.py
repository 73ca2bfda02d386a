"""Time and memory of the dose methods, and of the same work done plainly."""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base.log import Log
from ..base.progress import Progress
from ..case.case import Case
from ..case.dose_methods import DOSE_METHODS
from ..case.options import Options
from ..case.parts import TimePoint
from ..dose.convolution import choose_device
from ..dose.media_map import MediaMap
from ..dose.multi_vsv import MultiVsvPlan
from ..dose.problem import DoseProblem
from ..dose.registry import lack_of
from ..image.arrays import Array
from ..image.grid import Grid
from ..image.volume import Volume, write_volume
from ..kernels.media import whole_kernel
from ..kernels.point import read_point_kernels
from ..kernels.voxel import energy_kernels
from ..pipeline import run_case
from ..tissue.density import NO_DOSE_BELOW_G_CM3, density_of
from ..tissue.nuclide import read_nuclide

_FIELD_OF_VIEW_MM = 495.36
_HOURS = (4.0, 24.0, 48.0, 120.0)


@dataclass(frozen=True)
class MethodTime:
    """
    One method on one case.

    Attributes
    ----------
    seconds : float
        Time of the dose calculation.
    peak_MB : float or None
        Peak memory of the whole process, from case file to result folder; None where the system does not say.
    stages_s : dict of str to float
        Time of every stage from case file to result folder.
    """

    seconds: float
    peak_MB: float | None
    stages_s: dict[str, float]


@dataclass(frozen=True)
class BenchReport:
    """
    What was measured.

    Attributes
    ----------
    grid : list of int
    device : str
    methods : dict of str to MethodTime
    left_out : dict of str to str
        Methods that were not measured, and why.
    plain_fftconvolve_20_seconds : float or None
        Twenty convolutions by ``scipy.signal.fftconvolve`` in double precision on the whole grid,
        kernels ready and not counted. None if left out.
    multi_vsv_on_device_seconds : float
        The convolutions alone, kernels and activity ready on the device.
    """

    grid: list[int]
    device: str
    methods: dict[str, MethodTime]
    left_out: dict[str, str]
    plain_fftconvolve_20_seconds: float | None
    multi_vsv_on_device_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """The figures, for reading."""
        lines = [f"{' x '.join(map(str, self.grid))} voxels, {self.device}"]
        for name, method in self.methods.items():
            stages = ", ".join(
                f"{stage} {seconds:.2f}" for stage, seconds in method.stages_s.items()
            )
            lines.append(
                f"  {name:<12} dose {method.seconds:7.2f} s  peak {method.peak_MB or 0:6.0f} MB  ({stages} s)"
            )
        lines += [f"  {name:<12} left out: {why}" for name, why in self.left_out.items()]
        lines.append(
            f"  multi-vsv, kernels and activity on the device: {self.multi_vsv_on_device_seconds:.3f} s"
        )
        if self.plain_fftconvolve_20_seconds is not None:
            plain = self.plain_fftconvolve_20_seconds
            lines.append(
                f"  20 x scipy.signal.fftconvolve, float64: {plain:.1f} s, {plain / self.methods['multi-vsv'].seconds:.0f} times multi-vsv"
            )
        return "\n".join(lines)


def bench(voxels: int, device: str, with_plain: bool, progress: Progress) -> BenchReport:
    """
    Measure every method on a synthetic patient of ``voxels`` cubed, each in a separate process.

    A method that is not available is left out, with the reason; no other takes its place. The field of view is 495 mm whatever the number of voxels.
    """
    log = Log(progress)
    device = choose_device(device)
    methods = {}
    with tempfile.TemporaryDirectory(prefix="ludosimetry-bench-") as folder:
        path = _write_case(Path(folder), voxels, device)
        measured = methods_to_measure()
        for n, name in enumerate(measured):
            log.at(0.3 * n / len(measured), name)
            methods[name] = _in_own_process(_run_method, path, name)
    log.at(0.3, "multi-vsv on the device")
    on_device = _in_own_process(_on_device, voxels, device)
    plain = None
    if with_plain:
        plain = _plain_fftconvolve(
            voxels, lambda f: log.at(0.35 + 0.65 * f, "20 x scipy.signal.fftconvolve")
        )
    return BenchReport([voxels] * 3, device, methods, left_out(), plain, on_device)


def methods_to_measure() -> list[str]:
    """The dose methods that are available and take seconds."""
    without = left_out()
    return [name for name in DOSE_METHODS if name not in without]


def left_out() -> dict[str, str]:
    """The dose methods that are not measured, and why."""
    found = {}
    for name, entry in DOSE_METHODS.items():
        lack = "takes as long as the histories asked for" if entry.statistical else lack_of(name)
        if lack is not None:
            found[name] = lack
    return found


def synthetic_patient(voxels: int) -> tuple[Grid, Array, Array]:
    """
    An elliptic trunk with lungs, spine, fat, liver, kidneys and a tumour.

    Returns
    -------
    Grid
    hu : ndarray, shape (k, j, i)
        CT numbers.
    activity_Bq_mL : ndarray, shape (k, j, i)
        At administration.
    """
    side = _FIELD_OF_VIEW_MM / voxels
    grid = Grid.axial((voxels,) * 3, (side,) * 3)
    axis = ((np.arange(voxels) - 0.5 * (voxels - 1)) * side).astype(np.float32)
    z, y, x = axis[:, None, None], axis[:, None], axis

    def ellipsoid(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Any:
        parts = ((a - c) / r for a, c, r in zip((x, y, z), centre, radii, strict=True))
        return sum(part**2 for part in parts) < 1.0

    def tube(centre: tuple[float, float], radii: tuple[float, float]) -> Any:
        inside = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2 < 1.0
        return inside & (np.abs(z) < 200.0)

    rng = np.random.default_rng(1)
    hu = np.full(grid.shape, -1000.0, np.float32)
    activity = np.zeros(grid.shape, np.float32)
    for where, number, spread, uptake in (
        (tube((0, 0), (180, 120)), -100.0, 15.0, 5e3),
        (tube((0, 0), (168, 108)), 45.0, 25.0, 2e4),
        (ellipsoid((80, 0, 110), (60, 85, 85)), -740.0, 60.0, 1e4),
        (ellipsoid((-80, 0, 110), (60, 85, 85)), -740.0, 60.0, 1e4),
        (tube((0, 70), (20, 18)), 500.0, 150.0, 5e4),
        (tube((0, 70), (14, 12)), 180.0, 60.0, 1e5),
        (ellipsoid((-70, 0, -20), (75, 80, 70)), 60.0, 15.0, 6e5),
        (ellipsoid((70, 60, -90), (25, 25, 50)), 40.0, 15.0, 1e6),
        (ellipsoid((-70, 60, -100), (25, 25, 50)), 40.0, 15.0, 1e6),
        (ellipsoid((-90, -20, 0), (15, 15, 15)), 50.0, 15.0, 4e6),
    ):
        hu[where] = number + spread * rng.standard_normal(int(where.sum()), np.float32)
        activity[where] = uptake
    return grid, hu, activity


def _write_case(folder: Path, voxels: int, device: str) -> Path:
    grid, hu, activity = synthetic_patient(voxels)
    write_volume(folder / "ct.nrrd", Volume(hu, grid), "[hnsf'U]")
    points = []
    for hours in _HOURS:
        name = folder / f"spect_{hours:g}.nrrd"
        write_volume(name, Volume(activity * np.float32(2.0 ** (-hours / 70.0)), grid), "Bq/mL")
        points.append(TimePoint(hours, name, folder / "ct.nrrd"))
    case = Case(tuple(points), "bench", options=Options(device=device), folder=folder)
    case.write(folder / "case.json")
    return folder / "case.json"


def _run_method(case_file: Path, method: str) -> MethodTime:
    case = Case.read(case_file).with_options(dose_method=method)
    result = run_case(case)
    if result.dose_method != method:
        raise RuntimeError(f"{method} was to be measured, but {result.dose_method} was calculated.")
    result.write(case_file.parent / method)
    stages = {stage: round(seconds, 3) for stage, seconds in result.timing_s.items()}
    return MethodTime(stages["dose"], _peak_MB(), stages)


def _peak_MB() -> float | None:
    try:
        import resource
    except ImportError:  # there is none on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024.0**2 if sys.platform == "darwin" else 1024.0), 1)


def _problem(voxels: int, device: str) -> DoseProblem:
    grid, hu, activity = synthetic_patient(voxels)
    density = density_of(hu)
    reported = (hu > -990.0) & (density >= NO_DOSE_BELOW_G_CM3)
    return DoseProblem(
        grid,
        activity * np.float32(1e-4),
        density,
        reported,
        read_nuclide(Case.nuclide),
        device=device,
    )


def _on_device(voxels: int, device: str) -> float:
    """Seconds of the convolutions: median of several runs, after one to warm up."""
    problem = _problem(voxels, device)
    plan = MultiVsvPlan(problem, Log())
    source = plan.source(problem.tia_MBq_h_mL)
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        plan.dose_on_device(source, Log())
        plan.wait()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds[1:]))


def _plain_fftconvolve(voxels: int, progress: Callable[[float], object]) -> float:
    """Seconds of one full transform pair a medium, as one would write it first."""
    from scipy.signal import fftconvolve

    problem = _problem(voxels, "cpu")
    kernels, media = read_point_kernels(problem.nuclide.name), MediaMap.of(problem)
    activity = problem.tia_MBq_h_mL.astype(np.float64)
    seconds = 0.0
    for n in range(problem.media):
        medium = media.media[n % len(media.media)]
        octant = energy_kernels(
            whole_kernel(kernels, medium), media.voxel_cm, problem.grid.shape
        ).sum(axis=0)
        kernel = np.pad(octant, [(size - 1, 0) for size in octant.shape], mode="reflect")
        started = time.perf_counter()
        fftconvolve(activity, kernel, mode="same")
        seconds += time.perf_counter() - started
        progress((n + 1) / problem.media)
    return seconds


def _in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)
