"""Point kernels of media of given densities, and few kernels that make up many."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..tissue.media import Medium
from .point import PointKernels, RadialDeposit


def electron_reach_cm(kernels: PointKernels, media: list[Medium]) -> float:
    """Distance within which the electrons of every medium stop [cm]."""
    return kernels.electron_reach_g_cm2 / min(medium.density_g_cm3 for medium in media)


def short_range(kernels: PointKernels, medium: Medium, reach_cm: float) -> RadialDeposit:
    """
    Energy of electrons absorbed within a distance [keV per decay], over cm.

    Parameters
    ----------
    kernels : PointKernels
    medium : Medium
    reach_cm : float
        At least the range of the medium's electrons; one distance for all media of a case, so
        that their long-range kernels have their small step, where bremsstrahlung is cut in two,
        in one place.
    """
    kernel = kernels.by_composition[medium.composition].electrons
    radius = kernel.radius / medium.density_g_cm3
    radius = np.append(radius[radius < reach_cm], reach_cm)
    return RadialDeposit(radius, kernel(radius * medium.density_g_cm3))


def long_range(kernels: PointKernels, medium: Medium, reach_cm: float) -> RadialDeposit:
    """
    Energy that photons, and bremsstrahlung beyond a distance, leave [keV per decay], over cm.

    With `short_range` of the same distance this makes up the whole point kernel of a medium.
    """
    kernel = kernels.by_composition[medium.composition]
    radius = kernel.photons.radius / medium.density_g_cm3
    beyond = kernel.electrons(np.maximum(radius, reach_cm) * medium.density_g_cm3)
    return RadialDeposit(radius, kernel.photons.within + beyond - beyond[0])


def whole_kernel(kernels: PointKernels, medium: Medium) -> list[RadialDeposit]:
    """`short_range` and `long_range` of one medium."""
    reach = electron_reach_cm(kernels, [medium])
    return [short_range(kernels, medium, reach), long_range(kernels, medium, reach)]


Error = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
"""Error of approximate kernels against exact ones, both of shape (kernels, values)."""


def few_for_many(
    kernels: NDArray[np.float64], error: Error, tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Few kernels whose linear combinations make up many (truncated singular values).

    Kernels of neighbouring densities have nearly one shape, so far fewer transforms than kernels
    are needed.

    Parameters
    ----------
    kernels : ndarray, shape (m, n)
        Scaled so that all values count alike.
    error : callable
    tolerance : float
        Greatest `error` allowed.

    Returns
    -------
    expand : ndarray, shape (m, rank)
        Coefficients of each kernel.
    reduce : ndarray, shape (rank, m)
        The few are ``reduce @ kernels``, and the many about ``expand @ reduce @ kernels``.
    """
    size = np.sqrt((kernels**2).mean(axis=1, keepdims=True))
    left, _, _ = np.linalg.svd(kernels / size, full_matrices=False)
    rank = 1
    while True:
        expand, reduce = size * left[:, :rank], left[:, :rank].T / size.T
        if rank == len(kernels) or error(expand @ (reduce @ kernels), kernels) <= tolerance:
            return expand, reduce
        rank += 1


_NEGLIGIBLE = 1e-3
_NEAR_NODES = 200


def combine(
    deposits: list[RadialDeposit], cell_cm: float, reach_cm: float, tolerance: float
) -> tuple[NDArray[np.float64], list[RadialDeposit]]:
    """
    Point kernels represented by few.

    Parameters
    ----------
    deposits : list of RadialDeposit
        Smooth ones, over cm.
    cell_cm : float
        Detail that matters, about a voxel's side.
    reach_cm : float
        Greatest distance that matters.
    tolerance : float
        Greatest error of the energy in a shell of `cell_cm`, relative to that kernel there, or to
        a thousandth of its greatest where it is less.

    Returns
    -------
    ndarray, shape (kernels, few)
        Coefficients that make the many of the few.
    list of RadialDeposit
        The few.
    """
    edges = np.arange(0.0, reach_cm + cell_cm, cell_cm)
    shells = np.diff([deposit(edges) for deposit in deposits], axis=1)
    typical = np.exp(np.log(np.maximum(shells, 1e-12)).mean(axis=0))
    negligible = _NEGLIGIBLE * shells.max(axis=1, keepdims=True)

    def error(approximate: NDArray[np.float64], exact: NDArray[np.float64]) -> float:
        wrong = np.abs(approximate - exact) * typical
        return float((wrong / np.maximum(exact * typical, negligible)).max())

    expand, reduce = few_for_many(shells / typical, error, tolerance)
    least = min(float(d.radius[1]) for d in deposits)
    near = np.geomspace(least, cell_cm, _NEAR_NODES, endpoint=False)
    nodes = np.concatenate([[0.0], near, np.arange(cell_cm, edges[-1] + cell_cm, 0.5 * cell_cm)])
    within = np.array([deposit(nodes) for deposit in deposits])
    return expand, [RadialDeposit(nodes, w @ within) for w in reduce]
