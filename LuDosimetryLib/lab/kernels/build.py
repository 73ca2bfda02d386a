"""Calculation of the point kernels by Monte Carlo (verb ``kernels-build``)."""

import json
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ...base.log import Log
from ...base.storage import write_atomically
from ...kernels.point import SCHEMA
from ...montecarlo.emission import (
    CUT_OFF_MEV,
    EmissionSpectrum,
    Radiation,
    isotropic_directions,
)
from ...montecarlo.engine import Particles, engine_version, transport_in_cylinder
from ...tissue.compositions import Composition, read_compositions
from ...tissue.electron_range import csda_range_g_cm2
from ...tissue.nuclide import Nuclide
from .absorption import absorption_ratios

_RUN_HISTORIES = 1_000_000
"""Histories of one run of the engine; a composition is the mean of several runs."""

_RATIO_RUNS = 20
"""Weight of the absorption ratios in the progress, in runs of a point source."""

_RATIO_METHOD = (
    "photon dose to pieces of 2 cm in soft tissue relative to soft tissue, "
    "fitted by p + q (1 - exp(-r / 6 g/cm2))"
)

REFERENCE = "soft"
"""Composition through which photons are assumed to travel."""

NOT_TISSUE = ("air",)

# Nodes at unit density, at which cm and g/cm2 are the same. Photons are followed to 100 g/cm2, where
# 3e-5 of their energy is left for 177Lu.
_FARTHEST = 100.0
PHOTON_NODES: NDArray[np.float64] = np.concatenate([[0.0], np.geomspace(0.05, _FARTHEST, 110)])
SMOOTH_NODES: NDArray[np.float64] = np.concatenate([[0.0], np.geomspace(0.005, _FARTHEST, 500)])


def electron_reach_g_cm2(nuclide: Nuclide) -> float:
    """
    Distance within which the nuclide's electrons stop, in tenths of 1 g/cm2.

    Their path in water rounded up, 0.2 g/cm2 for 177Lu; what is absorbed beyond is that of
    bremsstrahlung.
    """
    path = float(csda_range_g_cm2(np.array(nuclide.greatest_electron_MeV)))
    return 0.1 * ceil(10.0 * path)


def electron_nodes(reach_g_cm2: float) -> NDArray[np.float64]:
    """Distances at which energy from electrons is stored [g/cm2], evenly up to their reach."""
    beyond = np.geomspace(reach_g_cm2, _FARTHEST, 61)[1:]
    return np.concatenate([np.linspace(0.0, reach_g_cm2, 81), beyond])


def build_point_kernels(
    path: Path,
    electrons: int,
    photons: int,
    seed: int,
    log: Log,
    nuclide: Nuclide,
    compositions: list[Composition] | None = None,
) -> None:
    """
    Simulate a point source in each composition and photon absorption in soft tissue; write a file.

    Parameters
    ----------
    path : Path
        The ``.npz`` file to write.
    electrons, photons : int
        Histories of each radiation per composition, rounded up to whole runs of a million.
    seed : int
    log : Log
        Receives the progress.
    nuclide : Nuclide
    compositions : list of Composition, optional
        All tissues if not given.
    """
    if compositions is None:
        compositions = [c for n, c in read_compositions().items() if n not in NOT_TISSUE]
    histories: dict[Radiation, int] = {"electron": electrons, "photon": photons}
    jobs = [
        (composition, radiation, max(1, -(-number // _RUN_HISTORIES)))
        for composition in compositions
        for radiation, number in histories.items()
    ]
    others = [c for c in compositions if c.name != REFERENCE]
    total = sum(runs for *_, runs in jobs) + _RATIO_RUNS
    arrays: dict[str, NDArray[np.float64]] = {}
    done = 0
    for composition, radiation, runs in jobs:
        deposits = []
        for run in range(runs):
            message = f"{composition.name}: {radiation}s, run {run + 1} of {runs}"
            deposits.append(
                simulate_point_source(
                    nuclide,
                    composition,
                    radiation,
                    min(_RUN_HISTORIES, histories[radiation]),
                    seed + done,
                    log.part(1.0 / total, message),
                )
            )
            done += 1
        within = np.mean(deposits, axis=0)
        if radiation == "photon":
            within = smoothed(within, runs * _RUN_HISTORIES)
        arrays[f"{radiation}_keV/{composition.name}"] = within
    ratios = absorption_ratios(
        nuclide,
        read_compositions()[REFERENCE],
        others,
        photons,
        seed + done,
        SMOOTH_NODES,
        log.part(_RATIO_RUNS / total, "absorption in soft tissue"),
    )
    provenance = {
        "schema": SCHEMA,
        "engine": engine_version(),
        "nuclide": nuclide.name,
        "nuclide_data": nuclide.source,
        "cut_off_MeV": CUT_OFF_MEV,
        "histories_per_composition": histories,
        "photon_ratio": _RATIO_METHOD,
        "seed": seed,
        "date": datetime.now(UTC).date().isoformat(),
        "compositions": {
            c.name: {"source": c.source, "mass_fractions": c.mass_fractions} for c in compositions
        },
        "units": "keV per decay absorbed within each radius [g/cm2]",
    }
    arrays.update({f"photon_ratio/{name}": ratio for name, ratio in ratios.items()})
    reach = electron_reach_g_cm2(nuclide)
    arrays["electron_reach_g_cm2"] = np.array(reach)
    arrays["electron_radius_g_cm2"] = electron_nodes(reach)
    arrays["photon_radius_g_cm2"] = SMOOTH_NODES
    text = {
        "compositions": np.array([c.name for c in compositions]),
        "provenance": np.array(json.dumps(provenance)),
    }
    with write_atomically(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays, **text)


def simulate_point_source(
    nuclide: Nuclide,
    composition: Composition,
    radiation: Radiation,
    histories: int,
    seed: int,
    log: Log | None = None,
) -> NDArray[np.float64]:
    """
    Simulate the energy absorbed within radii about a point source in an infinite medium.

    Returns
    -------
    ndarray, shape (n,)
        Energy [keV per decay] within `electron_nodes` or `PHOTON_NODES`. Emissions below the
        cut-off of the engine stay at the point of emission and are part of every value.
    """
    rng = np.random.default_rng(seed)
    spectrum = EmissionSpectrum.of(nuclide, radiation)
    nodes = PHOTON_NODES
    if radiation == "electron":
        nodes = electron_nodes(electron_reach_g_cm2(nuclide))
    if spectrum.particles_per_decay == 0.0:  # as a pure beta emitter has no photons
        return np.full(nodes.shape, 1e3 * spectrum.local_MeV)
    particles = Particles(
        radiation,
        spectrum.sample_energies(histories, rng),
        np.zeros((histories, 3)),
        isotropic_directions(histories, rng),
    )
    slabs = np.concatenate([-nodes[:0:-1], nodes])
    deposit = transport_in_cylinder(particles, composition, 1.0, nodes, slabs, seed, log)
    half = len(nodes) - 1
    folded = deposit.energy_MeV[:, half:] + deposit.energy_MeV[:, half - 1 :: -1]
    shells = _spherical_shells(folded, nodes)
    within = np.concatenate([[0.0], np.cumsum(shells)]) * spectrum.particles_per_decay
    return 1e3 * (within + spectrum.local_MeV)


_SMOOTH_DEGREE = 10


def smoothed(within: NDArray[np.float64], histories: int) -> NDArray[np.float64]:
    """
    Smooth photon deposits over the Monte Carlo noise, at the finer `SMOOTH_NODES`.

    The energy absorbed per radius varies slowly, so its logarithm is a polynomial of
    ln(r + 0.3 g/cm2) well within the noise; shells are weighted by their counts. The total stays.

    Parameters
    ----------
    within : ndarray, shape (n,)
        Energies at `PHOTON_NODES` from `simulate_point_source` [keV per decay].
    histories : int
        Number of photons followed.

    Returns
    -------
    ndarray, shape (m,)
        Energies at `SMOOTH_NODES` [keV per decay].
    """
    shells, widths = np.diff(within), np.diff(PHOTON_NODES)
    x = np.log(0.5 * (PHOTON_NODES[1:] + PHOTON_NODES[:-1]) + 0.3)
    hit = shells > 0.0
    if not hit.all():  # soft photons come to an end, beyond which a polynomial says nothing
        return np.asarray(PchipInterpolator(PHOTON_NODES, within)(SMOOTH_NODES))
    fit = np.polynomial.Chebyshev.fit(
        x[hit],
        np.log(shells[hit] / widths[hit]),
        _SMOOTH_DEGREE,
        w=np.sqrt(shells[hit] / shells.sum() * histories),
    )
    middle = 0.5 * (SMOOTH_NODES[1:] + SMOOTH_NODES[:-1])
    smooth = np.exp(fit(np.log(middle + 0.3))) * np.diff(SMOOTH_NODES)
    smooth *= shells.sum() / smooth.sum()
    return np.asarray(within[0] + np.concatenate([[0.0], np.cumsum(smooth)]))


def _spherical_shells(
    deposit: NDArray[np.float64], nodes: NDArray[np.float64], fine: int = 12
) -> NDArray[np.float64]:
    """
    Rebin ring-by-slab cells into spherical shells of the same nodes.

    Within a cell the energy is taken to follow 1/r2, as about a point source. Cells are as fine as
    the shells, so this matters only within the width of a shell.
    """
    lower, width = nodes[:-1], np.diff(nodes)
    steps = (np.arange(fine) + 0.5) / fine
    points = (lower[:, None] + width[:, None] * steps).reshape(-1)
    shells = np.zeros(len(width))
    n = len(width)
    height = points.reshape(n, fine)
    for ring in range(n):
        rho = points[ring * fine : (ring + 1) * fine]
        r2 = rho[:, None, None] ** 2 + height[None] ** 2  # (fine, slabs, fine)
        weight = rho[:, None, None] / r2
        weight *= deposit[ring][None, :, None] / weight.sum(axis=(0, 2))[None, :, None]
        shell = np.searchsorted(nodes, np.sqrt(r2).reshape(-1), side="right") - 1
        inside = shell < n  # corners of the cylinder lie beyond the last shell
        shells += np.bincount(shell[inside], weight.reshape(-1)[inside], minlength=n)
    return shells
