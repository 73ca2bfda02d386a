"""Virtual patients of thorax and abdomen, which vary with a seed."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...base.log import Log
from ...image.arrays import Array, Mask
from ...image.volume import Volume
from ...voi.write import Segment
from .anatomy import Anatomy, build_anatomy, scanned
from .kinetics import USUAL, Uptake
from .physique import Physique
from .region import depth_mm, distance_mm
from .scanner import Scanner
from .source import Source, background, kidney_pattern
from .texture import blob, smooth_field
from .virtual_case import VirtualPatient, spect_grid, write_virtual_case

_LEAST_VOXELS = 30
_APART_MM = 6.0
_MOST_TUMOURS = 6
_SITES = ("liver tumour", "bone metastasis", "lymph node metastasis", "lung metastasis")
_SITE_SHARES = (0.5, 0.2, 0.2, 0.1)
_SITE_RADIUS_MM = {
    "liver tumour": (9.0, 24.0),
    "bone metastasis": (7.0, 12.0),
    "lymph node metastasis": (7.0, 13.0),
    "lung metastasis": (6.0, 13.0),
}
_NOT_NODES = ("vessels", "liver", "spleen", "left kidney", "right kidney", "lungs")
_NODES_WITHIN_MM = 14.0
_NODE_HU, _LUNG_TUMOUR_HU, _LIVER_TUMOUR_HU = 42.0, 35.0, 46.0


@dataclass(frozen=True)
class Tumour:
    """
    Tumour of a virtual patient.

    Attributes
    ----------
    name : str
    mask : ndarray of bool, shape (k, j, i)
    dose_Gy : float
        Dose by electrons emitted in the tumour.
    half_life : float
        Factor on the usual effective half-life.
    """

    name: str
    mask: Mask
    dose_Gy: float
    half_life: float


def write_phantom(seed: int, folder: Path, log: Log, cycle: int = 1) -> Path:
    """
    Write a virtual patient as a case.

    Parameters
    ----------
    seed : int
        Decides body, organs, tumours, kinetics and noise. The same seed gives the same case.
    folder : Path
        See `write_virtual_case` for the files.
    log : Log
        Receives the progress.
    cycle : int
        Later cycles have other uptake, kinetics and noise in the same body.

    Returns
    -------
    Path
        Path of case.json.
    """
    patient = virtual_patient(seed, log=log.part(0.6), cycle=cycle)
    return write_virtual_case(
        patient,
        folder,
        log.part(0.4),
        grid=spect_grid(patient.ct.grid),
        scanner=Scanner(),
        seed=seed if cycle == 1 else 1000 * cycle + seed,
    )


def virtual_patient(
    seed: int, ct_voxel_mm: float = 2.5, log: Log | None = None, cycle: int = 1
) -> VirtualPatient:
    """Make the virtual patient of a seed and a treatment cycle, with a CT of a voxel size [mm]."""
    log = log or Log()
    rng = np.random.default_rng(seed)
    physique = Physique.draw(rng)
    grid = physique.ct_grid(ct_voxel_mm)
    anatomy = build_anatomy(physique, grid, rng, log.part(0.7))
    hu = anatomy.hu.copy()
    log.at(0.7, "drawing the tumours")
    tumours = _draw_tumours(anatomy, hu, rng)
    log.at(0.9, "distributing the activity")
    ct = Volume(scanned(anatomy, hu, rng), anatomy.grid)
    if cycle > 1:
        rng = np.random.default_rng((seed, cycle))
        tumours = [_responding(tumour, cycle, rng) for tumour in tumours]
    administered = float(np.round(rng.normal(7400.0, 200.0)))
    vois = _vois(anatomy, tumours)
    liver_tumours = [t.name for t in tumours if t.name.startswith("liver")]
    return VirtualPatient(
        name=f"phantom-{seed}",
        ct=ct,
        sources=_sources(anatomy, tumours, ct, administered, rng),
        segments=[Segment(name, mask) for name, mask in vois.items()],
        differences={"liver without tumours": ["liver", *liver_tumours]} if liver_tumours else {},
        administered_MBq=administered,
        cycle=cycle,
    )


def _responding(tumour: Tumour, cycle: int, rng: np.random.Generator) -> Tumour:
    """A tumour takes up less from cycle to cycle, some hardly."""
    kept = float(rng.uniform(0.65, 1.05)) ** (cycle - 1)
    return replace(tumour, dose_Gy=kept * tumour.dose_Gy)


def _vois(anatomy: Anatomy, tumours: list[Tumour]) -> dict[str, Mask]:
    """Volumes of interest that the scan holds enough of."""
    lesions = _all_of(tumours, anatomy)
    organs = anatomy.organs
    whole_liver = organs["liver"]
    vois = {name: organs[name] for name in ("left kidney", "right kidney")}
    vois["liver"] = whole_liver
    vois |= {name: organs[name] for name in ("spleen", "urinary bladder")}
    vois["lungs"] = organs["lungs"] & ~lesions
    vois["lumbar marrow"] = anatomy.skeleton.lumbar_marrow & ~lesions
    vois |= {tumour.name: tumour.mask for tumour in tumours}
    return {name: mask for name, mask in vois.items() if np.count_nonzero(mask) >= _LEAST_VOXELS}


def _all_of(tumours: list[Tumour], anatomy: Anatomy) -> Mask:
    none = np.zeros(anatomy.grid.shape, bool)
    return np.asarray(np.any([none, *(tumour.mask for tumour in tumours)], axis=0))


def _draw_tumours(anatomy: Anatomy, hu: Array, rng: np.random.Generator) -> list[Tumour]:
    """Draw one to six tumours that do not touch into the CT numbers [HU]."""
    tumours: list[Tumour] = []
    taken = np.zeros(anatomy.grid.shape, bool)
    for _ in range(int(rng.integers(1, _MOST_TUMOURS + 1))):
        site = "liver tumour" if not tumours else str(rng.choice(_SITES, p=_SITE_SHARES))
        mean_radius = float(rng.uniform(*_SITE_RADIUS_MM[site]))
        axes = tuple(float(mean_radius * f) for f in rng.uniform(0.85, 1.18, 3))
        tissue, centres, value = _site(site, anatomy, mean_radius, rng)
        apart_mm = mean_radius + _APART_MM
        centres &= distance_mm(taken, anatomy.grid, apart_mm) > apart_mm
        places = np.argwhere(centres)
        dose = float(np.clip(rng.lognormal(np.log(16.0), 0.6), 8.0, 60.0))
        half_life = float(rng.uniform(0.8, 1.25))
        if not len(places):
            continue
        mask = blob(anatomy.grid, tuple(places[rng.integers(len(places))]), axes, rng) & tissue  # type: ignore[arg-type]
        if np.count_nonzero(mask) < _LEAST_VOXELS:
            continue
        number = 1 + sum(t.name.startswith(site) for t in tumours)
        tumours.append(Tumour(f"{site} {number}", mask, dose, half_life))
        hu[mask] = hu[mask] + value if site == "bone metastasis" else value
        taken |= mask
    return tumours


def _site(
    site: str, anatomy: Anatomy, radius_mm: float, rng: np.random.Generator
) -> tuple[Mask, Mask, float]:
    """Tissue that a tumour may fill, voxels where its centre may lie, and its CT number [HU]."""
    organs, grid = anatomy.organs, anatomy.grid
    bone = np.isfinite(anatomy.skeleton.hu)
    if site == "liver tumour":
        return organs["liver"], depth_mm(organs["liver"], grid) > 0.8 * radius_mm, _LIVER_TUMOUR_HU
    if site == "bone metastasis":
        # sclerotic or lytic; centred in a vertebral body
        change = float(rng.choice([260.0, -90.0]))
        return bone, depth_mm(anatomy.skeleton.bodies >= 0, grid) > 4.0, change
    if site == "lymph node metastasis":
        beside = distance_mm(organs["vessels"], grid, _NODES_WITHIN_MM)
        fat = (anatomy.hu < -40.0) & (anatomy.hu > -140.0) & ~organs["lungs"]
        taken = np.any([organs[name] for name in _NOT_NODES], axis=0) | bone
        return ~taken, fat & (beside > 0.7 * radius_mm) & np.isfinite(beside), _NODE_HU
    border = depth_mm(organs["lungs"], grid)
    return organs["lungs"], (border > 1.0) & (border < 0.8 * radius_mm), _LUNG_TUMOUR_HU


def _sources(
    anatomy: Anatomy,
    tumours: list[Tumour],
    ct: Volume,
    administered: float,
    rng: np.random.Generator,
) -> list[Source]:
    grid, organs = anatomy.grid, anatomy.organs
    uneven = np.exp(np.float32(0.12) * smooth_field(grid, 20.0, rng))
    lesions = _all_of(tumours, anatomy)

    def usual(kind: str, spread: float = 0.25) -> Uptake:
        half_life = float(np.clip(rng.normal(1.0, 0.08), 0.8, 1.2))
        return USUAL[kind].of(administered, float(rng.lognormal(0.0, spread)), half_life)

    kidneys = usual("kidney")
    sources = [
        Source.within(name, organs[name] & ~lesions, kidneys, kidney_pattern(organs[name], grid))
        for name in ("left kidney", "right kidney")
    ]
    sources += [
        Source.within(name, organs[name] & ~lesions, usual(kind), uneven)
        for name, kind in (("liver", "liver"), ("spleen", "spleen"), ("urinary bladder", "bladder"))
    ]
    sources.append(
        Source.within("marrow", anatomy.skeleton.marrow & ~lesions, usual("marrow", 0.4), uneven)
    )
    for tumour in tumours:
        share = tumour.dose_Gy / (USUAL["tumour"].dose_Gy_per_GBq * administered * 1e-3)
        uptake = USUAL["tumour"].of(administered, share, tumour.half_life)
        sources.append(Source.within(tumour.name, tumour.mask, uptake, uneven))
    # blood is the richer part of what is left
    blood = 1.0 + 0.8 * (organs["heart"] | organs["vessels"])
    pattern = np.asarray(uneven * blood, np.float32)
    return [*sources, background(sources, ct, usual("body"), pattern)]
