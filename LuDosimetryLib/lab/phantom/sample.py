"""Sample case: simulated 177Lu-DOTATATE on a real CT of abdomen and pelvis."""

import json
from pathlib import Path

import numpy as np

from ...base.log import Log
from ...base.resources import resource
from ...image.arrays import Array, Mask, Triple
from ...image.grid import Grid
from ...image.volume import Volume, read_volume
from ...voi.write import Segment
from .kinetics import USUAL
from .region import depth_mm, distance_mm, radius, voxel_positions
from .scanner import Scanner
from .source import Source, background, kidney_pattern
from .texture import smooth_field
from .virtual_case import VirtualPatient, spect_grid, write_virtual_case

PATIENT_ID = "sample-01"
ADMINISTERED_MBQ = 7400.0
SEED = 177

_LUMBAR = tuple(f"vertebrae_L{n}" for n in range(1, 6))
_WITH_MARROW = (
    *_LUMBAR,
    *("vertebrae_T11", "vertebrae_T12", "vertebrae_S1", "sacrum"),
    *("hip_left", "hip_right", "femur_left", "femur_right"),
)
_CORTEX_MM = 3.1
"""Depth at which spongy bone begins: one voxel of the CT."""
_APART_MM = 12.0
"""Least distance between the liver tumours."""


def write_sample(folder: Path, log: Log, seed: int = SEED) -> Path:
    """
    Write the sample case.

    Parameters
    ----------
    folder : Path
        See `write_virtual_case` for the files.
    log : Log
        Receives the progress.
    seed : int
        Decides unevenness and noise.

    Returns
    -------
    Path
        Path of case.json.
    """
    log.part(0.4, "reading the CT of the sample case")
    patient = sample_patient(seed)
    return write_virtual_case(
        patient,
        folder,
        log.part(0.6),
        grid=spect_grid(patient.ct.grid),
        scanner=Scanner(),
        seed=seed,
    )


def sample_patient(seed: int = SEED) -> VirtualPatient:
    """Make the patient of the sample case: a real CT, unchanged, with organs and tumours as sources."""
    ct = read_volume(resource("SampleData", "ct.nii.gz"), "CT of the sample case")
    organs = _Labels(ct.grid)
    liver = organs.mask("liver")
    first = _ball_inside(liver, ct.grid, (21.0, 19.0, 20.0))
    second = _ball_inside(
        liver & (distance_mm(first, ct.grid, _APART_MM) > _APART_MM), ct.grid, (12.0, 12.5, 13.0)
    )
    bodies = _vertebral_bodies(organs, ct.grid)
    metastasis = _ball_inside(bodies & organs.mask("vertebrae_L3"), ct.grid, (9.5, 9.0, 10.0))
    marrow = (depth_mm(organs.mask(*_WITH_MARROW), ct.grid) > _CORTEX_MM) & ~metastasis
    vois = {
        "left kidney": organs.mask("kidney_left"),
        "right kidney": organs.mask("kidney_right"),
        "liver": liver,
        "spleen": organs.mask("spleen"),
        "urinary bladder": organs.mask("urinary_bladder"),
        "lumbar marrow": (depth_mm(bodies, ct.grid) > _CORTEX_MM) & ~metastasis,
        "liver tumour 1": first,
        "liver tumour 2": second,
        "vertebral metastasis": metastasis,
    }
    return VirtualPatient(
        name=PATIENT_ID,
        ct=ct,
        sources=_sources(vois, marrow, ct, np.random.default_rng(seed)),
        segments=[Segment(name, mask) for name, mask in vois.items()],
        differences={"liver without tumours": ["liver", "liver tumour 1", "liver tumour 2"]},
        administered_MBq=ADMINISTERED_MBQ,
    )


def _sources(
    vois: dict[str, Mask], marrow: Mask, ct: Volume, rng: np.random.Generator
) -> list[Source]:
    """Sources of all regions with activity; the rest of the body is background, by its density."""
    uneven = np.exp(np.float32(0.12) * smooth_field(ct.grid, 20.0, rng))
    tumours = {"liver tumour 1": 1.3, "liver tumour 2": 2.0, "vertebral metastasis": 0.9}
    lesions = np.any([vois[name] for name in tumours], axis=0)

    def usual(name: str, kind: str, dose: float, pattern: Array) -> Source:
        region = vois[name] if kind == "tumour" else vois[name] & ~lesions
        return Source.within(name, region, USUAL[kind].of(ADMINISTERED_MBQ, dose), pattern)

    sources = [
        usual(name, "kidney", dose, kidney_pattern(vois[name], ct.grid))
        for name, dose in (("left kidney", 1.05), ("right kidney", 0.95))
    ]
    sources += [usual(name, name, 1.0, uneven) for name in ("liver", "spleen")]
    sources.append(usual("urinary bladder", "bladder", 1.0, np.ones_like(uneven)))
    sources.append(Source.within("marrow", marrow, USUAL["marrow"].of(ADMINISTERED_MBQ), uneven))
    sources += [usual(name, "tumour", dose, uneven) for name, dose in tumours.items()]
    return [*sources, background(sources, ct, USUAL["body"].of(ADMINISTERED_MBQ), uneven)]


class _Labels:
    """Organ labels of the sample CT, by name."""

    def __init__(self, grid: Grid) -> None:
        volume = read_volume(resource("SampleData", "labels.nii.gz"), "labels of the sample case")
        assert volume.grid.same_as(grid)
        self._values = volume.values.astype(np.uint8)
        names = json.loads(resource("SampleData", "labels.json").read_text(encoding="utf-8"))
        self._value_of = {name: int(value) for value, name in names.items()}

    def mask(self, *names: str) -> Mask:
        """Mask of several organs, shape (k, j, i)."""
        return np.isin(self._values, [self._value_of[name] for name in names])


def _vertebral_bodies(organs: _Labels, grid: Grid) -> Mask:
    """Bodies of L1 to L5: the parts of the vertebrae in front of the spinal cord."""
    bodies = organs.mask(*_LUMBAR)
    cord = organs.mask("spinal_cord")
    _, posterior_mm, _ = voxel_positions(grid)
    before = np.where(cord, posterior_mm, np.inf).min(axis=(1, 2), keepdims=True)
    # below the end of the cord's label its last position is used
    known = np.flatnonzero(np.isfinite(before[:, 0, 0]))
    nearest = known[np.abs(np.arange(grid.shape[0])[:, None] - known).argmin(axis=1)]
    return np.asarray(bodies & (posterior_mm < before[nearest]))


def _ball_inside(mask: Mask, grid: Grid, semi_axes_mm: Triple) -> Mask:
    """Ellipsoid of semi-axes (x, y, z) about the deepest point of a mask, cut to the mask."""
    at = voxel_positions(grid)
    deepest = np.unravel_index(np.argmax(depth_mm(mask, grid)), mask.shape)
    x, y, z = (float(position[deepest]) for position in at)
    return np.asarray((radius(at, (x, y, z), semi_axes_mm) <= 1.0) & mask)
