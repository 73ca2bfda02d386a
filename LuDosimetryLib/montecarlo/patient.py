"""A patient for the Monte Carlo engine: voxels, media, and decays where the activity is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..image import Array, Triple
from ..nuclide import Nuclide
from ..tissue import Medium, classify
from .emission import EmissionSpectrum, Radiation, isotropic_directions
from .engine import Particles, transport_in_voxels
from .media import read_composition


@dataclass(frozen=True)
class Patient:
    """
    A voxel phantom with activity; arrays are (k, j, i), as everywhere but in the engine.

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
        cls, voxel_cm: Triple, density_g_cm3: Array, media: list[Medium], decays: Array
    ) -> "Patient":
        """A patient whose media follow from the density."""
        return cls(voxel_cm, density_g_cm3, media, classify(density_g_cm3, media), decays)


def simulate(
    patient: Patient, nuclide: Nuclide, radiation: Radiation, particles: int, seed: int
) -> NDArray[np.float64]:
    """
    Follow the electrons or the photons of some decays.

    The decays are shared among the voxels in proportion to `Patient.decays`, each voxel getting
    its share rounded up or down at random (systematic sampling), spread evenly over the voxel.

    Parameters
    ----------
    patient : Patient
    nuclide : Nuclide
    radiation : {"electron", "photon"}
    particles : int
        To be followed, one history each.
    seed : int

    Returns
    -------
    ndarray, shape (k, j, i)
        Energy absorbed in each voxel per decay in the whole patient [keV], emissions below the
        engine's cut-off included.
    """
    rng = np.random.default_rng(seed)
    spectrum = EmissionSpectrum.of(nuclide, radiation)
    shape = patient.decays.shape
    share = patient.decays.astype(np.float64).ravel()
    share /= share.sum()
    edges = np.cumsum(share)
    voxels = np.searchsorted(
        edges / edges[-1], (np.arange(particles) + rng.random()) / particles, side="right"
    )
    index = np.stack(np.unravel_index(np.minimum(voxels, share.size - 1), shape), axis=1)
    size = np.array(patient.voxel_cm)
    position = (index + rng.random((particles, 3)) - 0.5 * np.array(shape)) * size
    started = Particles(
        radiation,
        spectrum.sample_energies(particles, rng),
        position[:, ::-1],
        isotropic_directions(particles, rng),
    )
    bounds = [
        (np.arange(n + 1) - 0.5 * n) * v for n, v in zip(shape, patient.voxel_cm, strict=True)
    ]
    deposit = transport_in_voxels(
        started,
        [read_composition(medium.composition) for medium in patient.media],
        patient.medium.T,
        patient.density_g_cm3.T,
        (bounds[2], bounds[1], bounds[0]),
        seed,
    )
    per_decay = deposit.energy_MeV.T * spectrum.particles_per_decay
    per_decay += spectrum.local_MeV * share.reshape(shape)
    return 1e3 * per_decay
