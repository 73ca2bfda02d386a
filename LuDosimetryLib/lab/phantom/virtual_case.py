"""Case of a virtual patient: simulated scans, segmentation, true TIA, case.json."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...base.log import Log
from ...base.storage import staged
from ...case.case import Case
from ...case.options import Options
from ...case.parts import Segmentation, TimePoint
from ...image.arrays import Array
from ...image.grid import Grid
from ...image.resampling import average_onto
from ...image.volume import Volume, write_volume
from ...voi.write import Segment, write_segmentation
from .kinetics import NUCLIDE
from .scanner import Scanner
from .source import Source, concentration_MBq_mL, tia_MBq_h_mL

SCAN_HOURS = (4.0, 24.0, 48.0, 120.0)
SPECT_VOXELS = 128
SPECT_VOXEL_MM = 3.87

_HU_RANGE = (-1024, 3071)
"""Range of a CT that stores 12 bits."""
_METHODS = ("single-vsv", "multi-vsv")


@dataclass(frozen=True)
class VirtualPatient:
    """
    Patient whose activity is known everywhere and at all times.

    Attributes
    ----------
    name : str
        Patient ID.
    ct : Volume
        CT numbers [HU].
    sources : sequence of Source
        Sources on the grid of the CT; beyond it there is no activity.
    segments : sequence of Segment
        VOIs on the grid of the CT.
    differences : dict of str to list of str
        Differences of VOIs, as in `Segmentation`.
    administered_MBq : float
    cycle : int
    """

    name: str
    ct: Volume
    sources: Sequence[Source]
    segments: Sequence[Segment]
    differences: dict[str, list[str]] = field(default_factory=dict)
    administered_MBq: float = 7400.0
    cycle: int = 1


def spect_grid(ct: Grid, voxels: int = SPECT_VOXELS, voxel_mm: float = SPECT_VOXEL_MM) -> Grid:
    """Make a cubic SPECT grid along the patient axes, centred on a CT."""
    middle = np.array([[0.5 * (n - 1)] for n in ct.shape[::-1]])
    x, y, z = (float(p) for p in ct.positions(middle)[:, 0])
    return Grid.axial((voxels,) * 3, (voxel_mm,) * 3, (x, y, z))


def write_virtual_case(
    patient: VirtualPatient,
    folder: Path,
    log: Log,
    *,
    grid: Grid,
    scanner: Scanner,
    seed: int,
) -> Path:
    """
    Simulate scans of a virtual patient at 4, 24, 48 and 120 h; write the whole case, or nothing.

    Parameters
    ----------
    patient : VirtualPatient
    folder : Path
        Receives ct.nrrd [HU], spect_1.nrrd ... [Bq/mL, at the time of the scan], organs.seg.nrrd,
        true_tia.nrrd [MBq h/mL, free of blur and noise] and case.json.
    log : Log
        Receives the progress.
    grid : Grid
        Grid of the SPECT.
    scanner : Scanner
    seed : int
        Seed of the counting noise.

    Returns
    -------
    Path
        Path of case.json.
    """
    rng = np.random.default_rng(seed)
    shape = patient.ct.grid.shape
    hu = np.rint(np.clip(patient.ct.values, *_HU_RANGE)).astype(np.int16)
    steps = len(SCAN_HOURS) + 2
    expected_bytes = hu.nbytes + 4 * int(np.prod(grid.shape)) * (len(SCAN_HOURS) + 1)
    with staged(folder, expected_bytes) as stage:
        log.at(0.0, "writing CT and segmentation")
        write_volume(stage / "ct.nrrd", Volume(hu, patient.ct.grid), "[hnsf'U]")  # type: ignore[arg-type]
        write_segmentation(stage / "organs.seg.nrrd", patient.segments, patient.ct.grid)
        points = []
        for n, hours in enumerate(SCAN_HOURS, start=1):
            log.at(n / steps, f"scanning at {hours:g} h")
            activity = _onto(concentration_MBq_mL(patient.sources, shape, hours), patient, grid)
            image = scanner.scan(activity, grid, rng)
            path = stage / f"spect_{n}.nrrd"
            write_volume(path, Volume(image, grid), "Bq/mL")
            points.append(TimePoint(hours, path, stage / "ct.nrrd"))
        log.at(1.0 - 1.0 / steps, "writing the true time-integrated activity")
        truth = _onto(tia_MBq_h_mL(patient.sources, shape), patient, grid)
        write_volume(stage / "true_tia.nrrd", Volume(truth, grid), "MBq.h/mL")
        _case(patient, stage, points).write(stage / "case.json")
        log.at(1.0, f"case of {patient.name} written")
    return folder / "case.json"


def _onto(values: Array, patient: VirtualPatient, grid: Grid) -> Array:
    return average_onto(Volume(values, patient.ct.grid), grid, 0.0)


def _case(patient: VirtualPatient, folder: Path, points: list[TimePoint]) -> Case:
    return Case(
        time_points=tuple(points),
        patient_id=patient.name,
        cycle=patient.cycle,
        nuclide=NUCLIDE,
        administered_activity_MBq=patient.administered_MBq,
        segmentation=Segmentation(
            folder / "organs.seg.nrrd",
            {segment.identity: segment.name for segment in patient.segments},
            patient.differences,
        ),
        options=Options(compare_with=_METHODS),
        folder=folder,
    )
