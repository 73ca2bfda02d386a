"""Directions in which photons are followed, and one sweep of them through a volume."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...image.arrays import Array, Triple

_MOST_THREADS = 4
_AT_ONCE = 1 << 17
"""Values of cells and directions calculated at once: what a processor's cache holds."""


@dataclass(frozen=True)
class Ordinates:
    """
    Directions and their weights.

    Attributes
    ----------
    direction : ndarray of float32, shape (n, 3)
        Unit vectors along the array axes (k, j, i).
    weight : ndarray of float32, shape (n,)
        Sum to 1.
    """

    direction: Array
    weight: Array

    @classmethod
    def product(cls, polar: int, azimuthal: int, turn: int = 0) -> "Ordinates":
        """
        Gauss-Legendre in the cosine to an axis, even steps around it.

        Parameters
        ----------
        polar, azimuthal : int
            Numbers of steps, even.
        turn : int
            Array axis that the cosine belongs to, of every three. Sets of different turns have
            different directions: together they show less of the rays that each leaves far from a
            small source.
        """
        cosine, weight = np.polynomial.legendre.leggauss(polar)
        # none along an axis, and the same to the left as to the right
        angle = (np.arange(azimuthal) + 0.5) * (2.0 * np.pi / azimuthal)
        sine = np.sqrt(1.0 - cosine**2)
        direction = np.stack(
            [
                np.repeat(cosine, azimuthal),
                np.outer(sine, np.sin(angle)).ravel(),
                np.outer(sine, np.cos(angle)).ravel(),
            ],
            axis=1,
        )
        weights = np.repeat(weight, azimuthal) / (2.0 * azimuthal)
        direction = np.roll(direction, turn, axis=1)
        return cls(direction.astype(np.float32), weights.astype(np.float32))


@dataclass(frozen=True)
class Fluence:
    """
    Fluence of photons, and its first moments.

    Attributes
    ----------
    total : ndarray of float32, shape (k, j, i)
        [1/cm2] per what the source is per.
    current : ndarray of float32, shape (3, k, j, i)
        Net flow along the array axes.
    """

    total: Array
    current: Array


class Sweeper:
    """
    Follows photons along ordinates through cells of one size.

    Along each direction the volume is crossed slice by slice of the axis that it crosses fastest.
    From the middle of a slice to its face and on to the middle of the next, the fluence is
    attenuated by the cells and takes up their source; between the faces it is interpolated.

    Parameters
    ----------
    cell_cm : tuple of float
        Size of a cell along (k, j, i).
    ordinates : Ordinates
    """

    def __init__(self, cell_cm: Triple, ordinates: Ordinates) -> None:
        self._bundles = list(_bundles(cell_cm, ordinates))

    def sweep(
        self, attenuation_per_cm: Array, source: Array, drift: Array | None = None
    ) -> Fluence:
        """
        Fluence that a source makes; nothing comes in from outside.

        Parameters
        ----------
        attenuation_per_cm : ndarray of float32, shape (k, j, i)
            Above 0.
        source : ndarray of float32, shape (k, j, i)
            Photons per cm3, in all directions together.
        drift : ndarray of float32, shape (3, k, j, i), optional
            First moments of an anisotropic source: in direction u it is ``source + drift . u``.
        """
        fields = np.zeros((len(self._bundles), 4, *source.shape), np.float32)

        def follow(n: int) -> None:
            _follow(self._bundles[n], attenuation_per_cm, source, drift, fields[n])

        _in_threads(follow, len(self._bundles))
        total = fields.sum(axis=0)
        return Fluence(total[0], total[1:])


@dataclass(frozen=True)
class _Bundle:
    """Directions that cross the volume fastest along one axis, and go the same way along all."""

    axes: tuple[int, int, int]
    backward: tuple[bool, bool, bool]
    direction: Array
    weight: Array
    half_step_cm: Array
    shift: tuple[Array, Array]

    def view(self, values: Array) -> Array:
        """A volume as seen by the bundle: its axis first, all axes forward."""
        steps = (slice(None, None, -1 if back else 1) for back in self.backward)
        return values.transpose(self.axes)[tuple(steps)]

    @cached_property
    def weights(self) -> tuple[list[Array], list[Array]]:
        """Weights of the cells that a path may begin in, along the other two axes."""
        rows, columns = self.shift
        return _cubic(rows), _cubic(columns)

    def across(self, face: Array) -> Array:
        """
        What comes through a face to the cells behind it, by cubic interpolation.

        Linear interpolation would spread photons sideways: a few per cent too many far from a source.

        Parameters
        ----------
        face : ndarray, shape (directions, rows + 3, columns + 3)
            With a border of two cells before and one behind.
        """
        rows, columns = self.weights
        height, width = face.shape[1] - 3, face.shape[2] - 3
        along = rows[0] * face[:, :height]
        for n in range(1, 4):
            along += rows[n] * face[:, n : n + height]
        through = columns[0] * along[:, :, :width]
        for n in range(1, 4):
            through += columns[n] * along[:, :, n : n + width]
        return through


def _bundles(cell_cm: Triple, ordinates: Ordinates) -> Iterator[_Bundle]:
    cell = np.asarray(cell_cm, np.float32)
    crossing = np.abs(ordinates.direction) / cell
    fastest, back = crossing.argmax(axis=1), ordinates.direction < 0.0
    kinds = np.concatenate([fastest[:, None], back], axis=1)
    for kind in np.unique(kinds, axis=0):
        chosen = (kinds == kind).all(axis=1)
        first = int(kind[0])
        axes = (first, *(axis for axis in range(3) if axis != first))
        step = 1.0 / crossing[chosen][:, first]
        y, x = (crossing[chosen][:, axis] * step for axis in axes[1:])
        yield _Bundle(
            axes,  # type: ignore[arg-type]
            tuple(bool(kind[1 + axis]) for axis in axes),  # type: ignore[arg-type]
            ordinates.direction[chosen],
            ordinates.weight[chosen],
            (0.5 * step)[:, None, None],
            (y[:, None, None], x[:, None, None]),
        )


def _cubic(shift: Array) -> list[Array]:
    """Weights of the cells 2 and 1 before, at, and 1 behind, for what comes from 0 to 1 before."""
    t = shift
    return [
        t * (t * t - 1.0) / 6.0,
        t * (1.0 + t) * (2.0 - t) / 2.0,
        (1.0 - t * t) * (2.0 - t) / 2.0,
        t * (t - 1.0) * (2.0 - t) / 6.0,
    ]


def _follow(
    bundle: _Bundle, attenuation_per_cm: Array, source: Array, drift: Array | None, fields: Array
) -> None:
    """Find the fluence along a bundle, and its flow along the axes, in fields (4, k, j, i)."""
    attenuation, emitted = bundle.view(attenuation_per_cm), bundle.view(source)
    moments = None if drift is None else np.stack([bundle.view(part) for part in drift])
    found = [bundle.view(field) for field in fields]
    weights = np.concatenate([bundle.weight[:, None], bundle.weight[:, None] * bundle.direction], 1)
    half_steps = bundle.half_step_cm[:, None]
    slices, rows, columns = attenuation.shape
    face = np.zeros((len(bundle.weight), rows + 3, columns + 3), np.float32)
    at_once = max(1, _AT_ONCE // (len(bundle.weight) * rows * columns))
    for first in range(0, slices, at_once):
        part = slice(first, first + at_once)
        starts = emitted[None, part]
        if moments is not None:
            starts = starts + np.tensordot(bundle.direction, moments[:, part], axes=1)
        # what half a step through a cell leaves, and adds
        kept = np.expm1(-attenuation[part] * half_steps)
        gained = kept * (starts / -attenuation[part])
        kept += np.float32(1.0)
        middle = np.empty_like(kept)
        for n in range(kept.shape[1]):
            passing = bundle.across(face)
            passing *= kept[:, n]
            passing += gained[:, n]
            middle[:, n] = passing
            passing *= kept[:, n]
            passing += gained[:, n]
            face[:, 2:-1, 2:-1] = passing
        for field, weight in zip(found, weights.T, strict=True):
            field[part] = np.tensordot(weight, middle, axes=1)


def _in_threads(task: Callable[[int], None], number: int) -> None:
    """Run a task for 0 to number - 1; numpy lets threads calculate at the same time."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(asked) if asked.isdecimal() and int(asked) else os.cpu_count() or 1
    with ThreadPoolExecutor(min(threads, _MOST_THREADS)) as pool:
        for _ in pool.map(task, range(number)):
            pass
