"""Batches of decays, until enough are followed or the result is precise enough."""

import hashlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..base.errors import Cancelled
from ..base.log import Log
from ..image.arrays import Mask
from ..tissue.compositions import read_composition
from ..tissue.nuclide import Nuclide
from .checkpoint import Checkpoint
from .engine import engine_version
from .patient import Absorbed, Patient, simulate_batch
from .sampling import EFFICIENT, Sampling
from .statistics import BatchStatistics

BATCH_DECAYS = 2_500_000
"""Decays of a batch: a few seconds of work for two cores."""

FEWEST_BATCHES = 10
"""Least number of batches; with ten, a standard error is known to a quarter of itself."""

VOXEL_TARGET = 4.0
"""Target for voxels over that for organs: 2 % where organs are to have 0.5 %."""

_HOT_FRACTION = 0.2
_SMALLEST_ORGAN_ML = 1.0


@dataclass(frozen=True)
class Task:
    """
    Everything that decides the numbers of a run, except the number of batches.

    Attributes
    ----------
    patient : Patient
    nuclide : Nuclide
    seed : int
    decays : int
        Decays of each batch.
    sampling : Sampling
    """

    patient: Patient
    nuclide: Nuclide
    seed: int
    decays: int
    sampling: Sampling = EFFICIENT

    def batch(self, number: int, log: Log | None = None) -> Absorbed:
        """Follow the decays of one batch."""
        return simulate_batch(
            self.patient, self.nuclide, self.decays, self.seed, number, log, self.sampling
        )

    def key(self, regions: Mapping[str, Mask]) -> str:
        """Hash of everything that decides the numbers of the batches."""
        digest = hashlib.sha256()
        patient, nuclide = self.patient, self.nuclide
        compositions = [read_composition(medium.composition) for medium in patient.media]
        versions = (__version__, engine_version(), np.__version__)
        digest.update(
            repr(
                (*versions, self.seed, self.decays, self.sampling, patient.voxel_cm, patient.media)
            ).encode()
        )
        digest.update(
            repr([(c.name, c.mass_fractions, c.engine_medium) for c in compositions]).encode()
        )
        arrays: list[NDArray[Any]] = [patient.density_g_cm3, patient.medium, patient.decays]
        for f in fields(nuclide):
            value = getattr(nuclide, f.name)
            if isinstance(value, np.ndarray):
                arrays.append(value)
            else:
                digest.update(repr(value).encode())
        for name, region in regions.items():
            digest.update(name.encode())
            arrays.append(region)
        for array in arrays:
            digest.update(repr((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Goal:
    """
    When to stop.

    Attributes
    ----------
    batches : int or None
        Number of batches; None for as many as the precision needs.
    uncertainty_percent : float or None
        Relative standard error to reach for the mean dose of each counting region. The root mean
        square relative standard error of the voxels above a fifth of the maximum is to reach
        `VOXEL_TARGET` times as much.
    counting : tuple of str
        Regions that count.
    """

    batches: int | None
    uncertainty_percent: float | None = None
    counting: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        histories: int,
        uncertainty_percent: float | None,
        regions: Mapping[str, Mask],
        voxel_mL: float,
    ) -> tuple["Goal", int]:
        """Goal, and the decays of a batch."""
        if uncertainty_percent is None:
            batches = max(FEWEST_BATCHES, -(-histories // BATCH_DECAYS))
            return cls(batches), -(-histories // batches)
        counting = [n for n, r in regions.items() if r.sum() * voxel_mL >= _SMALLEST_ORGAN_ML]
        return cls(None, uncertainty_percent, tuple(counting)), BATCH_DECAYS

    def batches_needed(self, done: BatchStatistics, density_g_cm3: NDArray[np.floating]) -> int:
        """
        Estimate from the finished batches how many are needed in all.

        Parameters
        ----------
        done : BatchStatistics
        density_g_cm3 : ndarray, shape (k, j, i)
            0 where no dose is reported.
        """
        if self.batches is not None:
            return self.batches
        if done.batches < 2 or self.uncertainty_percent is None:
            return FEWEST_BATCHES
        target = 0.01 * self.uncertainty_percent
        off = [done.relative_region_error(name) / target for name in self.counting]
        dose = np.zeros(density_g_cm3.shape)
        np.divide(done.total, density_g_cm3, out=dose, where=density_g_cm3 > 0.0)
        hot = dose > _HOT_FRACTION * dose.max()
        if hot.any():
            relative = done.standard_error(hot) / (done.total[hot] / done.batches)
            off.append(float(np.sqrt((relative**2).mean())) / (VOXEL_TARGET * target))
        # errors fall with the square root of the batches; a region without dose has no target
        worst = max((x for x in off if math.isfinite(x)), default=0.0)
        return max(FEWEST_BATCHES, math.ceil(done.batches * worst**2))


class Workers(Protocol):
    """Place where batches are calculated."""

    def batches(self, task: Task, first: int, last: int | None, log: Log) -> Iterator[Absorbed]:
        """
        Calculate batches and yield them in order.

        Parameters
        ----------
        task : Task
        first : int
        last : int or None
            None if it is not known yet.
        log : Log
            Receives the progress of the next batch from 0 to 1 about every second.
        """


class ThisProcess:
    """Calculation in this process, batch by batch; the engine uses all cores."""

    def batches(self, task: Task, first: int, last: int | None, log: Log) -> Iterator[Absorbed]:
        """See `Workers`."""
        number = first
        while last is None or number <= last:
            log.at(0.0)
            yield task.batch(number, log)
            number += 1


@dataclass
class Run:
    """
    Run of batches.

    Attributes
    ----------
    task : Task
    goal : Goal
    regions : mapping of str to ndarray of bool, shape (k, j, i)
    reported : ndarray of bool, shape (k, j, i)
        Voxels whose precision counts.
    checkpoint : Checkpoint
    workers : Workers
    resumed_batches : int
        Batches taken over from an earlier run.
    """

    task: Task
    goal: Goal
    regions: Mapping[str, Mask]
    reported: Mask
    checkpoint: Checkpoint
    workers: Workers = field(default_factory=ThisProcess)
    resumed_batches: int = 0

    def result(self, log: Log) -> BatchStatistics:
        """
        Calculate batches until the goal is reached.

        Parameters
        ----------
        log : Log
            Receives the progress. `Cancelled` from it stops the run within a second or two and
            removes the checkpoint.
        """
        shape = self.task.patient.shape
        done = self.checkpoint.load() or BatchStatistics.none_of(shape, self.regions)
        self.resumed_batches = done.batches
        density = np.where(self.reported, self.task.patient.density_g_cm3, 0.0)
        needed = self.goal.batches_needed(done, density)
        clock = _Clock(done.batches)

        def next_batch(fraction: float, message: str = "") -> None:
            text = clock.message(done.batches, needed, self.goal.batches is None)
            log.at(min(1.0, (done.batches + fraction) / needed), text)

        try:
            next_batch(0.0)
            last = None if self.goal.batches is None else needed - 1
            if done.batches < needed:
                for absorbed in self.workers.batches(
                    self.task, done.batches, last, Log(next_batch)
                ):
                    done.add(absorbed, self.regions)
                    self.checkpoint.save(done)
                    needed = self.goal.batches_needed(done, density)
                    next_batch(0.0)
                    if done.batches >= needed:
                        break
        except Cancelled:
            self.checkpoint.discard()
            raise
        return done


class _Clock:
    """Estimate of the remaining time."""

    def __init__(self, before: int) -> None:
        self._before = before
        self._started = time.perf_counter()

    def message(self, done: int, needed: int, about: bool) -> str:
        """Progress message, with the remaining time once a batch is finished."""
        of = f"about {needed}" if about else f"{needed}"
        text = f"Monte Carlo: batch {min(done + 1, needed)} of {of}"
        if done > self._before:
            each = (time.perf_counter() - self._started) / (done - self._before)
            text += f", {_duration(each * (needed - done))} left"
        return text


def _duration(seconds: float) -> str:
    if seconds < 100.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 6000.0 else f"{seconds / 3600.0:.1f} h"
