"""Kernels of many media on one voxel grid, ready to be convolved: their spectra, few for many."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..image.arrays import Shape, Triple
from ..kernels.media import combine, few_for_many
from ..kernels.point import RadialDeposit
from ..kernels.voxel import energy_kernels
from .convolution import Convolver

SHORT_TOLERANCE = 1e-4
"""Sum of the errors of a medium's short-range kernel, relative to the kernel's sum."""
LONG_TOLERANCE = 5e-4
"""Greatest error of a medium's long-range kernel at any one distance, relative to the kernel there."""


@dataclass(frozen=True)
class KernelSet:
    """
    Kernels of several media as combinations of few.

    Attributes
    ----------
    convolver : Convolver
    spectra : list
        Spectra of the few kernels.
    table : array, shape (media, few)
        Coefficients that make each medium's kernel [keV per decay and voxel], on the device.
    """

    convolver: Convolver
    spectra: list[Any]
    table: Any

    def at_targets(self, spectrum: Any, medium: Any, after_each: Callable[[], object]) -> Any:
        """
        Energy absorbed, each target voxel by the kernel of its medium [keV/decay times the map].

        Parameters
        ----------
        spectrum : array
            Spectrum of the activity map, by this convolver.
        medium : array of int, the map's shape
        after_each : callable
            Called after each transform.
        """
        total = None
        for kernel, column in zip(self.spectra, self.table.T, strict=True):
            part = self.convolver.inverse(self.convolver.product(spectrum, kernel))
            part = column[medium] * part
            total = part if total is None else total + part
            after_each()
        return total

    def from_sources(self, activity: Any, medium: Any, after_each: Callable[[], object]) -> Any:
        """
        Energy absorbed, each source voxel by the kernel of its own medium.

        Parameters as for `at_targets`, but of the activity map itself.
        """
        total = None
        for kernel, column in zip(self.spectra, self.table.T, strict=True):
            spectrum = self.convolver.spectrum(column[medium] * activity)
            part = self.convolver.product(spectrum, kernel)
            total = part if total is None else total + part
            after_each()
        return self.convolver.inverse(total)


def short_range_kernels(
    deposits: list[RadialDeposit], voxel_cm: Triple, shape: Shape, device: str
) -> KernelSet:
    """Kernels of what electrons leave within their range, for maps of a shape (k, j, i)."""
    range_cm = max(float(deposit.radius[-1]) for deposit in deposits)
    reach = tuple(ceil(range_cm / v) for v in voxel_cm)
    convolver = Convolver(shape, reach, device)  # type: ignore[arg-type]
    kernels = energy_kernels(deposits, voxel_cm, convolver.kernel_shape)
    # every value counts as often as it occurs about the source
    occurs = np.ones(convolver.kernel_shape)
    for axis in range(3):
        np.moveaxis(occurs, axis, 0)[1:] *= 2.0
    flat = kernels.reshape(len(deposits), -1) * occurs.reshape(-1)

    def error(approximate: NDArray[np.float64], exact: NDArray[np.float64]) -> float:
        return float((np.abs(approximate - exact).sum(axis=1) / exact.sum(axis=1)).max())

    expand, reduce = few_for_many(flat, error, SHORT_TOLERANCE)
    few = np.tensordot(reduce, kernels, axes=1)
    spectra = [convolver.kernel_spectrum(kernel) for kernel in few]
    return KernelSet(convolver, spectra, _table(convolver, expand))


def long_range_kernels(
    deposits: list[RadialDeposit], voxel_cm: Triple, shape: Shape, device: str
) -> KernelSet:
    """Kernels of what photons leave at any distance within maps of a shape (k, j, i)."""
    convolver = convolver_for(shape, device)
    diagonal = float(np.linalg.norm(np.multiply(shape, voxel_cm)))
    expand, few = combine(deposits, min(voxel_cm), diagonal, LONG_TOLERANCE)
    return KernelSet(convolver, kernel_spectra(convolver, few, voxel_cm), _table(convolver, expand))


def convolver_for(shape: Shape, device: str) -> Convolver:
    """A convolver for kernels that reach from end to end of maps of a shape (k, j, i)."""
    return Convolver(shape, shape, device)


def kernel_spectra(
    convolver: Convolver, deposits: list[RadialDeposit], voxel_cm: Triple
) -> list[Any]:
    """Spectra of the kernels of point kernels over [cm]."""
    kernels = energy_kernels(deposits, voxel_cm, convolver.kernel_shape)
    return [convolver.kernel_spectrum(kernel) for kernel in kernels]


def _table(convolver: Convolver, expand: NDArray[np.float64]) -> Any:
    return convolver.to_device(expand.astype(np.float32))
