"""The ompMC engine: particles in, deposited energy out; the only module that knows its files."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import Cancelled, InvalidInput
from ..base.log import Log
from ..tissue.compositions import ELECTRON_REST_MEV, Composition
from .emission import CUT_OFF_MEV, Radiation
from .engine_files import engine_files
from .engine_media import engine_media

_RECORD = np.dtype(
    [("type", "i1"), ("energy", "<f4"), ("position", "<f4", 3), ("uv", "<f4", 2), ("weight", "<f4")]
)
_C_LIBRARY = ctypes.CDLL(None if os.name == "posix" else "ucrtbase")
_TYPE_CODE: dict[Radiation, int] = {"photon": 1, "electron": 2}
_PARTICLES_PER_REPORT = 60_000
"""Well under a second of work for two cores, so that a run can be cancelled promptly."""
_FEWEST_REPORTS = 10
_MEDIA, _PARTICLES = "media.pegs4dat", "particles"
_ABOVE_ALL_MEV = 10.0
_ONE_RUN = threading.Lock()
"""The engine keeps its state in global variables: one run at a time per process."""


@dataclass(frozen=True)
class Particles:
    """
    Particles of one radiation to be followed, one history each.

    Attributes
    ----------
    radiation : {"electron", "photon"}
    energy_MeV : ndarray, shape (n,)
        Kinetic energy.
    position_cm, direction : ndarray, shape (n, 3)
        Position in the phantom's frame and unit vector, both (x, y, z).
    weight : ndarray, shape (n,), or float
    """

    radiation: Radiation
    energy_MeV: NDArray[np.floating]
    position_cm: NDArray[np.floating]
    direction: NDArray[np.floating]
    weight: NDArray[np.floating] | float = 1.0


@dataclass(frozen=True)
class Deposit:
    """
    Energy deposited per history.

    Attributes
    ----------
    energy_MeV : ndarray
        Shaped as the geometry.
    relative_error : ndarray
        The engine's own estimate from its batches; 1 where nothing was deposited.
    """

    energy_MeV: NDArray[np.float64]
    relative_error: NDArray[np.float64]


def engine_version() -> str:
    """Name and version of the engine, for the provenance."""
    return f"ompmc {metadata.version('ompmc')}"


def load_engine() -> Any:
    """
    Import ompmc.

    Raises
    ------
    InvalidInput
        If it is not installed; the sentence names the remedy.
    """
    try:
        return import_module("ompmc")
    except ImportError:
        raise InvalidInput(
            "Monte Carlo needs the package ompmc, which is not installed: "
            "run 'pip install ompmc==0.4.0' (in Slicer: slicer.packaging.pip_install)."
        ) from None


def transport_in_cylinder(
    particles: Particles,
    composition: Composition,
    density_g_cm3: float,
    r_bounds_cm: NDArray[np.float64],
    z_bounds_cm: NDArray[np.float64],
    seed: int,
    log: Log | None = None,
) -> Deposit:
    """
    Follow particles through a homogeneous cylinder about the z axis.

    Parameters
    ----------
    particles : Particles
    composition : Composition
    density_g_cm3 : float
    r_bounds_cm, z_bounds_cm : ndarray
        Ring and slab boundaries, ascending; rings begin at 0.
    seed : int
    log : Log, optional
        Receives the progress.

    Returns
    -------
    Deposit
        Arrays of shape (rings, slabs).
    """
    ompmc = load_engine()
    media, (name,) = engine_media([composition], Path(ompmc.data_path()))
    cylinder = ompmc.CylinderGeometry(r_bounds_cm, z_bounds_cm, name, density_g_cm3)
    return _run(ompmc, ompmc.calc_radial, cylinder, media, particles, seed, log)


def transport_in_voxels(
    particles: Particles,
    compositions: list[Composition],
    medium: NDArray[np.integer],
    density_g_cm3: NDArray[np.floating],
    bounds_cm: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    seed: int,
    log: Log | None = None,
    *,
    range_rejection: bool = False,
) -> Deposit:
    """
    Follow particles through a voxel phantom.

    Parameters
    ----------
    particles : Particles
    compositions : list of Composition
        At most 9, a limit of the engine.
    medium : ndarray of int, shape (x, y, z)
        Index into `compositions`; -1 is vacuum.
    density_g_cm3 : ndarray, shape (x, y, z)
    bounds_cm : tuple of three ndarray
        Voxel boundaries along x, y and z, ascending.
    seed, log
        As for `transport_in_cylinder`.
    range_rejection : bool
        Electrons that can no longer leave their voxel deposit their energy there at once, without
        bremsstrahlung.

    Returns
    -------
    Deposit
        Arrays of shape (x, y, z). The engine reports no energy in voxels below 0.044 g/cm3,
        though particles lose energy there.
    """
    ompmc = load_engine()
    media, names = engine_media(compositions, Path(ompmc.data_path()))
    geometry = ompmc.Geometry(
        *bounds_cm,
        names,
        np.asfortranarray(density_g_cm3, dtype=np.float64),
        np.asfortranarray(medium + 1, dtype=np.int32),
    )
    reject_below = _ABOVE_ALL_MEV if range_rejection else None
    return _run(
        ompmc,
        ompmc.calc_forward_phsp,
        geometry,
        media,
        particles,
        seed,
        log,
        esave=reject_below,
    )


def _run(
    ompmc: Any,
    calculation: Callable[..., Any],
    geometry: Any,
    media: bytes,
    particles: Particles,
    seed: int,
    log: Log | None,
    **physics_options: float | None,
) -> Deposit:
    stopped: list[Cancelled] = []
    n = len(particles.energy_MeV)
    batches = max(_FEWEST_REPORTS, n // _PARTICLES_PER_REPORT)
    histories = batches * -(-n // batches)  # the engine leaves out what does not fill a batch
    contents = {_MEDIA: media, **_phase_space(particles, histories)}
    with _ONE_RUN, engine_files(contents) as files, _SilentConsole() as console:

        def report(fraction: float) -> bool:
            files.remove()  # the engine has opened them
            try:
                if log is not None:
                    with console.shown():
                        log.at(fraction)
            except Cancelled as request:
                stopped.append(request)
            return not stopped

        try:
            deposit, relative_error, summary = calculation(
                geometry,
                ompmc.PhaseSpaceSource(files.path(_PARTICLES)),
                physics=ompmc.Physics(
                    pegs_file=files.path(_MEDIA),
                    global_ecut=CUT_OFF_MEV + ELECTRON_REST_MEV,
                    global_pcut=CUT_OFF_MEV,
                    n_split=1,
                    seeds=_two_seeds(seed),
                    **physics_options,
                ),
                n_histories=histories,
                n_batches=batches,
                output_dose=False,
                progress=report,
            )
        except KeyboardInterrupt:
            raise stopped[0] if stopped else Cancelled() from None
    if stopped:
        raise stopped[0]
    if summary.n_started != histories:
        raise RuntimeError(
            f"ompmc started {summary.n_started} of {histories} particles: some begin outside the phantom"
        )
    return Deposit(np.asarray(deposit) * (histories / n), np.asarray(relative_error))


class _SilentConsole:
    """Hides what the C code of the engine prints on file descriptors 1 and 2."""

    def __enter__(self) -> "_SilentConsole":
        sys.stdout.flush()
        sys.stderr.flush()
        self._null = os.open(os.devnull, os.O_WRONLY)
        self._real = [os.dup(1), os.dup(2)]
        self._point_at(self._null, self._null)
        return self

    def __exit__(self, *error: object) -> None:
        # C has its own buffer, which must be emptied before the console comes back
        _C_LIBRARY.fflush(None)
        self._point_at(*self._real)
        for descriptor in (self._null, *self._real):
            os.close(descriptor)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Restore the console while progress is reported."""
        _C_LIBRARY.fflush(None)
        self._point_at(*self._real)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            self._point_at(self._null, self._null)

    @staticmethod
    def _point_at(output: int, error: int) -> None:
        os.dup2(output, 1)
        os.dup2(error, 2)


def _two_seeds(seed: int) -> tuple[int, int]:
    first, second = np.random.SeedSequence(seed).generate_state(2) % 30000
    return int(first) + 1, int(second) + 1


def _phase_space(particles: Particles, records: int) -> Mapping[str, bytes | memoryview]:
    """
    Files of an IAEA phase space with the particles, by name.

    Copies of the first particle with weight 0 fill it up to a number of records.
    """
    n = len(particles.energy_MeV)
    record = np.zeros(records, _RECORD)
    sign_w = np.where(particles.direction[:, 2] < 0.0, -1, 1)
    record["type"][:n] = _TYPE_CODE[particles.radiation] * sign_w
    record["energy"][:n] = -particles.energy_MeV  # negative marks a new history
    record["position"][:n] = particles.position_cm
    record["uv"][:n] = particles.direction[:, :2]
    record["weight"][:n] = particles.weight
    record[n:] = record[:1]
    record["weight"][n:] = 0.0
    photons = records if particles.radiation == "photon" else 0
    header = (
        f"$FILE_TYPE:\n0\n$CHECKSUM:\n{record.nbytes}\n"
        "$RECORD_CONTENTS:\n1\n1\n1\n1\n1\n1\n1\n0\n0\n"
        f"$RECORD_LENGTH:\n{_RECORD.itemsize}\n$BYTE_ORDER:\n1234\n$ORIG_HISTORIES:\n{records}\n"
        f"$PARTICLES:\n{records}\n$PHOTONS:\n{photons}\n$ELECTRONS:\n{records - photons}\n"
    )
    return {
        f"{_PARTICLES}.IAEAheader": header.encode("ascii"),
        f"{_PARTICLES}.IAEAphsp": memoryview(record.view(np.uint8)),  # type: ignore[arg-type]
    }
