"""Interaction coefficients of photons in tissues, from those of the elements."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import InvalidInput
from ..base.resources import resource

_TABLE = ("Media", "photon_cross_sections.csv")


@dataclass(frozen=True)
class PhotonCoefficients:
    """
    Mass coefficients of a tissue [cm2/g], at the energies that were asked for.

    Coherent scatter is left out: it takes no energy, and hardly changes the direction.

    Attributes
    ----------
    photoelectric, incoherent : ndarray, shape (n,)
    """

    photoelectric: NDArray[np.float64]
    incoherent: NDArray[np.float64]

    @property
    def attenuation(self) -> NDArray[np.float64]:
        """Sum of both [cm2/g]."""
        return self.photoelectric + self.incoherent


def energy_range_keV() -> tuple[float, float]:
    """Least and greatest energy of the table [keV]."""
    energies = next(iter(_elements().values()))[0]
    return float(energies[0]), float(energies[-1])


def photon_coefficients(
    mass_fractions: Mapping[str, float], energy_keV: ArrayLike
) -> PhotonCoefficients:
    """
    Add up the coefficients of the elements, interpolated between logarithms.

    Parameters
    ----------
    mass_fractions : mapping of str to float
        Element symbol to mass fraction.
    energy_keV : array_like, shape (n,)

    Raises
    ------
    InvalidInput
        For an element or an energy that the table does not have.
    """
    energy = np.atleast_1d(np.asarray(energy_keV, np.float64))
    low, high = energy_range_keV()
    if energy.size and (energy.min() < low or energy.max() > high):
        raise InvalidInput(
            f"photon coefficients are tabulated from {low:g} to {high:g} keV, not at "
            f"{energy.min():g} to {energy.max():g} keV."
        )
    total = np.zeros((2, energy.size))
    for element, fraction in mass_fractions.items():
        table = _elements().get(element)
        if table is None:
            raise InvalidInput(f"there are no photon coefficients of the element {element!r}.")
        nodes, *kinds = table
        for n, values in enumerate(kinds):
            total[n] += fraction * np.exp(np.interp(np.log(energy), np.log(nodes), np.log(values)))
    return PhotonCoefficients(*total)


@cache
def _elements() -> dict[str, NDArray[np.float64]]:
    """Energies [keV], photoelectric and incoherent coefficients [cm2/g] of each element, (3, n)."""
    rows: dict[str, list[list[float]]] = {}
    with resource(*_TABLE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            values = [row["energy_keV"], row["photoelectric_cm2_g"], row["incoherent_cm2_g"]]
            rows.setdefault(row["element"], []).append([float(value) for value in values])
    return {element: np.array(values).T for element, values in rows.items()}
