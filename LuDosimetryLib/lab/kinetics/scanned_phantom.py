"""Virtual patients scanned at many times, with the doses of what their scans would show on average."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...activity.partial_volume import blurred
from ...activity.scans import read_activity
from ...base.log import Log
from ...case.case import Case
from ...dose.kernel_set import long_range_kernels, short_range_kernels
from ...dose.media_map import MediaMap
from ...dose.problem import GY_G_PER_KEV_MBQ_H, DoseProblem
from ...image.arrays import Array, Mask
from ...image.grid import Grid
from ...image.resampling import average_onto
from ...image.volume import Volume, read_volume
from ...kernels.media import electron_reach_cm, long_range, short_range
from ...kernels.point import read_point_kernels
from ...tissue.nuclide import Nuclide, read_nuclide
from ...tissue.patient import Anatomy, read_anatomy
from ...voi.read import read_vois
from ..phantom.patient import virtual_patient
from ..phantom.sample import SEED, sample_patient
from ..phantom.scanner import Scanner
from ..phantom.source import concentration_MBq_mL
from ..phantom.virtual_case import VirtualPatient, spect_grid, write_virtual_case

__all__ = ["SAMPLE", "ScannedPhantom", "scanned_phantom"]

SAMPLE = "sample"


@dataclass(frozen=True)
class ScannedPhantom:
    """
    A virtual patient as a scanner sees it at many times.

    Attributes
    ----------
    name : str
    nuclide : Nuclide
    grid : Grid
        Grid of the SPECT.
    anatomy : Anatomy
    activity_Bq_mL : mapping of float to ndarray, shape (k, j, i)
        Scans by their time [h], with blur and noise.
    vois : mapping of str to ndarray of bool, shape (k, j, i)
    true_tia : ndarray, shape (k, j, i)
        True time-integrated activity with the blur of the scanner [MBq h/mL], so that
        integrations of the scans err by kinetics and noise alone.
    box : tuple of slice
        Part of the grid that `dose_weights` cover.
    dose_weights : mapping of str to ndarray, shape of the box
        Mean dose of each VOI by the time-integrated activity of each voxel [Gy mL/(MBq h)].
    """

    name: str
    nuclide: Nuclide
    grid: Grid
    anatomy: Anatomy
    activity_Bq_mL: Mapping[float, Array]
    vois: Mapping[str, Mask]
    true_tia: Array
    box: tuple[slice, slice, slice]
    dose_weights: Mapping[str, Array]

    def volume_mL(self, name: str) -> float:
        """Volume of a VOI."""
        return float(self.vois[name].sum()) * self.grid.voxel_volume_mL

    def doses_Gy(self, tia: Array) -> dict[str, float]:
        """Mean dose of each VOI by multiple voxel S values, of an activity [MBq h/mL]."""
        part = tia[self.box]
        return {
            name: float(np.einsum("kji,kji->", weights, part, dtype=np.float64))
            for name, weights in self.dose_weights.items()
        }


def scanned_phantom(name: str, hours: Sequence[float], log: Log) -> ScannedPhantom:
    """
    Scan a virtual patient.

    Parameters
    ----------
    name : str
        Seed of a virtual patient, or `SAMPLE`.
    hours : sequence of float
        Times of scans beside those of the case, which are as in the case [h].
    log : Log
    """
    seed = SEED if name == SAMPLE else int(name)
    patient = sample_patient() if name == SAMPLE else virtual_patient(seed)
    scanner, grid = Scanner(), spect_grid(patient.ct.grid)
    nuclide = read_nuclide("Lu-177")
    with tempfile.TemporaryDirectory() as folder:
        write_virtual_case(
            patient, Path(folder) / "case", log, grid=grid, scanner=scanner, seed=seed
        )
        case = Case.read(Path(folder) / "case" / "case.json")
        volumes = read_activity(case, nuclide, log)
        scans = [volume.values for volume in volumes]
        anatomy = read_anatomy(case, volumes[case.reference_time_point], log)
        assert case.segmentation is not None
        vois = read_vois(case.segmentation, grid, log)
        true = read_volume(Path(folder) / "case" / "true_tia.nrrd", "true TIA").values
    activity = {point.hours: scan for point, scan in zip(case.time_points, scans, strict=True)}
    rng = np.random.default_rng(10_000 + seed)
    for t in sorted(set(hours) - set(activity)):
        activity[t] = scanner.scan(_activity_MBq_mL(patient, grid, t), grid, rng)
    true_tia = blurred(true, grid, scanner.resolution_mm)
    box, weights = _dose_weights(true_tia, anatomy, grid, nuclide, vois)
    return ScannedPhantom(name, nuclide, grid, anatomy, activity, vois, true_tia, box, weights)


def _activity_MBq_mL(patient: VirtualPatient, grid: Grid, hours: float) -> Array:
    ct = patient.ct.grid
    values = concentration_MBq_mL(patient.sources, ct.shape, hours)
    return average_onto(Volume(values, ct), grid, 0.0)


def _dose_weights(
    tia: Array, anatomy: Anatomy, grid: Grid, nuclide: Nuclide, vois: Mapping[str, Mask]
) -> tuple[tuple[slice, slice, slice], dict[str, Array]]:
    """
    What each voxel's activity adds to the mean dose of each VOI.

    The dose is linear in activity: the mean over a VOI is that of its voxels' masses spread by the
    kernels of their media, which are even, and summed with the activity.
    """
    density, reported = anatomy.density_g_cm3, anatomy.reported
    media = MediaMap.of(DoseProblem(grid, tia, density, reported, nuclide))
    where = (media.voxel_cm, media.shape, "cpu")
    kernels = read_point_kernels(nuclide.name)
    reach = electron_reach_cm(kernels, media.media)
    short = short_range_kernels([short_range(kernels, m, reach) for m in media.media], *where)
    long = long_range_kernels([long_range(kernels, m, reach) for m in media.media], *where)
    weights = {}
    for name, mask in vois.items():
        mass = np.where(mask & reported, density, np.float32(0.0))[media.box]
        part = np.ascontiguousarray(mass / mass.sum(dtype=np.float64), np.float32)
        spread = short.from_sources(part * media.per_own_density, media.index, lambda: None)
        spread = spread + long.from_sources(
            part * media.per_nominal_density, media.index, lambda: None
        )
        weights[name] = np.float32(GY_G_PER_KEV_MBQ_H) * np.asarray(spread)
    return media.box, weights
