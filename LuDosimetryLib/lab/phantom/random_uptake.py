"""Plausible uptake at random places of a real CT without organ labels."""

import numpy as np

from ...image.arrays import Array, Mask
from ...image.volume import Volume
from ...tissue.density import density_of, patient_mask
from ...voi.write import Segment
from .kinetics import USUAL
from .region import depth_mm
from .source import Source, background
from .texture import blob, smooth_field
from .virtual_case import VirtualPatient

_SOFT_G_CM3 = (0.98, 1.12)
_LUNG_G_CM3 = (0.06, 0.6)
_BONE_HU = 150.0
_ORGAN_RADIUS_MM = (20.0, 60.0)
_TUMOUR_RADIUS_MM = (6.0, 22.0)
_LIKE_ORGANS = ("kidney", "liver", "spleen")
_FEWEST_VOXELS = 30


def patient_of_ct(ct: Volume, name: str, seed: int) -> VirtualPatient:
    """
    Make a virtual patient of a real CT: lumps of organ and tumour size, marrow, lungs, the rest.

    The lumps lie anywhere in the tissue of the CT and are no organs. A network learns from them
    how dose depends on the density around an activity, wherever that is.

    Parameters
    ----------
    ct : Volume
        [HU].
    name : str
        Patient ID.
    seed : int
        Decides places, sizes and uptake.
    """
    rng = np.random.default_rng(seed)
    density = density_of(ct.values)
    body = patient_mask(density, ct.grid)
    tissue = {
        "soft": body & (density > _SOFT_G_CM3[0]) & (density < _SOFT_G_CM3[1]),
        "lung": body & (density > _LUNG_G_CM3[0]) & (density < _LUNG_G_CM3[1]),
        "bone": body & (ct.values > _BONE_HU),
    }
    any_tissue = tissue["soft"] | tissue["bone"]
    uneven = np.exp(np.float32(rng.uniform(0.05, 0.4)) * smooth_field(ct.grid, 15.0, rng))
    administered = float(np.round(rng.normal(7400.0, 200.0)))
    sources: list[Source] = []
    free = np.ones(ct.grid.shape, bool)

    def add(label: str, kind: str, region: Mask, dose: float) -> None:
        region = region & free
        if np.count_nonzero(region) < _FEWEST_VOXELS:
            return
        uptake = USUAL[kind].of(administered, dose, float(rng.uniform(0.8, 1.2)))
        sources.append(Source.within(f"{label} {1 + len(sources)}", region, uptake, uneven))
        free[region] = False

    # tumours first: organs and marrow leave them out
    for _ in range(int(rng.integers(3, 9))):
        where = str(rng.choice(("soft", "bone", "lung", "border"), p=(0.45, 0.25, 0.15, 0.15)))
        # "border": soft tissue within a centimetre of the skin or a lung
        part = (
            tissue["soft"] & (depth_mm(tissue["soft"], ct.grid) < 10.0)
            if where == "border"
            else tissue[where]
        )
        lump = _lump(part, ct, _TUMOUR_RADIUS_MM, rng)
        add(
            "tumour",
            "tumour",
            lump & body if where == "lung" else lump & any_tissue,
            float(rng.lognormal(0.0, 0.6)),
        )
    for _ in range(int(rng.integers(2, 6))):
        lump = _lump(tissue["soft"], ct, _ORGAN_RADIUS_MM, rng)
        add(
            "organ",
            str(rng.choice(_LIKE_ORGANS)),
            lump & any_tissue,
            float(rng.lognormal(0.0, 0.4)),
        )
    add("marrow", "marrow", tissue["bone"], float(rng.lognormal(0.0, 0.7)))
    if rng.random() < 0.3:
        add("lung", "body", tissue["lung"], float(rng.uniform(2.0, 6.0)))
    blood = USUAL["body"].of(administered, float(rng.lognormal(0.0, 0.5)))
    segments = [Segment(s.name, _mask(s, ct)) for s in sources]
    return VirtualPatient(
        name=name,
        ct=ct,
        sources=[*sources, background(sources, ct, blood, np.asarray(uneven, np.float32))],
        segments=segments,
        administered_MBq=administered,
    )


def _lump(
    where: Mask, ct: Volume, radius_mm: tuple[float, float], rng: np.random.Generator
) -> Mask:
    """Draw an uneven ellipsoid about a random voxel of a mask; empty if the mask is."""
    places = np.argwhere(where)
    mean = float(rng.uniform(*radius_mm))
    x, y, z = (float(mean * f) for f in rng.uniform(0.7, 1.4, 3))
    if not len(places):
        return np.zeros(where.shape, bool)
    k, j, i = (int(n) for n in places[rng.integers(len(places))])
    return blob(ct.grid, (k, j, i), (x, y, z), rng)


def _mask(source: Source, ct: Volume) -> Mask:
    mask = np.zeros(ct.grid.shape, bool)
    values: Array = source.relative
    mask[source.box] = values > 0.0
    return mask
