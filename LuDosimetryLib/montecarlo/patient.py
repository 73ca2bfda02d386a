"""Patient for the Monte Carlo engine: voxels, media, and decays in proportion to activity."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..base.log import Log
from ..image.arrays import Array, Shape, Triple
from ..tissue.calcium import calcium_of_density
from ..tissue.compositions import read_composition
from ..tissue.media import Medium, classify
from ..tissue.nuclide import Nuclide
from .emission import EmissionSpectrum, Radiation
from .engine import transport_in_voxels
from .sampling import EFFICIENT, Emissions, Sampling, Source, draw

_FEWEST = 1000
"""Least number of emissions drawn, however few decays are wanted."""
_CODE: dict[Radiation, int] = {"electron": 0, "photon": 1}


@dataclass(frozen=True)
class Patient:
    """
    Voxel phantom with activity; arrays are (k, j, i), as everywhere but in the engine.

    Attributes
    ----------
    voxel_cm : tuple of float
        Voxel size along (k, j, i) [cm].
    density_g_cm3 : ndarray, shape (k, j, i)
    media : list of Medium
        At most nine.
    medium : ndarray of int, shape (k, j, i)
        Index into `media`.
    decays : ndarray, shape (k, j, i)
        Relative number of decays in each voxel.
    """

    voxel_cm: Triple
    density_g_cm3: Array
    media: list[Medium]
    medium: NDArray[np.integer]
    decays: Array

    @classmethod
    def of(
        cls,
        voxel_cm: Triple,
        density_g_cm3: Array,
        media: list[Medium],
        decays: Array,
        calcium: Array | None = None,
    ) -> "Patient":
        """Make a patient whose media follow from density and calcium, or from density alone."""
        if calcium is None:
            calcium = calcium_of_density(density_g_cm3)
        medium = classify(density_g_cm3, calcium, media)
        return cls(voxel_cm, density_g_cm3, media, medium, decays)

    @property
    def shape(self) -> Shape:
        """Number of voxels along (k, j, i)."""
        k, j, i = self.decays.shape
        return (k, j, i)

    @cached_property
    def source(self) -> Source:
        """The voxels with activity."""
        decays = self.decays.reshape(-1)
        voxel = np.flatnonzero(decays)
        share = decays[voxel].astype(np.float64)
        density = self.density_g_cm3.reshape(-1)[voxel].astype(np.float32)
        return Source(self.shape, self.voxel_cm, voxel, share / share.sum(), density)


@dataclass(frozen=True)
class Absorbed:
    """
    Result of a batch.

    Attributes
    ----------
    energy_keV : ndarray of float64, shape (k, j, i)
        Energy absorbed in each voxel per decay in the whole patient, with emissions below the
        cut-off of the engine. An unbiased estimate: where little is emitted it may be negative.
    followed : dict of str to int
        Number of particles by radiation.
    """

    energy_keV: NDArray[np.float64]
    followed: dict[Radiation, int]


def simulate_batch(
    patient: Patient,
    nuclide: Nuclide,
    decays: int,
    seed: int,
    batch: int,
    log: Log | None = None,
    sampling: Sampling = EFFICIENT,
) -> Absorbed:
    """
    Follow the emissions of some decays; seed and batch decide all random numbers.

    Parameters
    ----------
    patient : Patient
    nuclide : Nuclide
    decays : int
        Decays whose statistics are wanted; `Sampling` decides how many emissions that takes.
    seed, batch : int
        Batches of one seed are independent of each other.
    log : Log, optional
        Receives the progress about every second or more often.
    sampling : Sampling
    """
    log = log or Log()
    energy = np.zeros(patient.shape)
    followed: dict[Radiation, int] = {}
    efforts: dict[Radiation, float] = {
        "electron": sampling.electrons_per_emitted,
        "photon": sampling.photons_per_emitted,
    }
    for radiation, effort in efforts.items():
        spectrum = EmissionSpectrum.of(nuclide, radiation)
        if spectrum.particles_per_decay == 0.0:  # as a pure beta emitter has no photons
            followed[radiation] = 0
            source = patient.source
            energy.reshape(-1)[source.voxel] += spectrum.local_MeV * source.share
            continue
        emitted = decays * spectrum.particles_per_decay
        sequence = np.random.SeedSequence(seed, spawn_key=(batch, _CODE[radiation]))
        rng = np.random.default_rng(sequence)
        number = max(_FEWEST, round(emitted * effort))
        emissions = draw(patient.source, spectrum, number, sampling, rng)
        followed[radiation] = len(emissions.voxel)
        engine_seed = int(sequence.generate_state(1, np.uint64)[0])
        part = log.part(1.0 / len(efforts))
        energy += _absorbed(patient, spectrum, emissions, sampling, engine_seed, part)
    return Absorbed(1e3 * energy, followed)


def _absorbed(
    patient: Patient,
    spectrum: EmissionSpectrum,
    emissions: Emissions,
    sampling: Sampling,
    seed: int,
    log: Log,
) -> NDArray[np.float64]:
    """Energy absorbed per decay [MeV], shape (k, j, i)."""
    photons = spectrum.radiation == "photon"
    deposit = transport_in_voxels(
        emissions.particles,
        [read_composition(medium.composition) for medium in patient.media],
        patient.medium.T,
        patient.density_g_cm3.T,
        _bounds(patient),
        seed,
        log,
        range_rejection=photons and sampling.range_rejection_of_photons_electrons,
    )
    per_emission = spectrum.particles_per_decay / emissions.drawn
    absorbed = deposit.energy_MeV.T * (per_emission * len(emissions.voxel))
    known = spectrum.local_MeV
    if sampling.only_what_travels and not photons:
        emitted = np.bincount(
            emissions.voxel,
            emissions.particles.energy_MeV * emissions.particles.weight,
            absorbed.size,
        )
        absorbed -= per_emission * emitted.reshape(patient.shape)
        known += spectrum.particles_per_decay * spectrum.mean_energy_MeV
    absorbed.reshape(-1)[patient.source.voxel] += known * patient.source.share
    return absorbed


def _bounds(
    patient: Patient,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Voxel boundaries along x, y and z [cm]; the centre of the phantom is at 0."""
    k, j, i = (
        np.asarray((np.arange(n + 1) - 0.5 * n) * size, np.float64)
        for n, size in zip(patient.shape, patient.voxel_cm, strict=True)
    )
    return i, j, k
