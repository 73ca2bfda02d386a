"""A radionuclide: half-life and emissions per decay (ICRP Publication 107)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..base.resources import resource

__all__ = ["SCHEMA", "Lines", "Nuclide", "read_nuclide"]

SCHEMA = "ludosimetry-nuclide/1"

_SPECTRUM_POINTS = 4001
_ONE_BETA = 0.01
"""Deviation of the number of beta particles per decay from 1 that counts as none."""

_TEXTS = ("schema", "name", "source")
_TABLES = (
    *("beta_minus_branches", "beta_spectrum"),
    *("conversion_electrons", "auger_electrons", "gamma_rays", "x_rays"),
)
_OPTIONAL = ("units", "haenscheid_window_h")

Lines = NDArray[np.float64]
"""Emission lines, shape (n, 2): energy [MeV] and yield per decay."""


@dataclass(frozen=True)
class Nuclide:
    """
    Half-life and radiations of one radionuclide.

    Attributes
    ----------
    name : str
        Name as in ICRP 107, for example ``"Lu-177"``.
    half_life_h : float
        Physical half-life [h].
    source : str
        Where the data come from; recorded in every result.
    beta_mean_MeV : float
        Mean beta energy per decay [MeV], the sum over the branches.
    beta_spectrum : ndarray, shape (n, 2)
        Energy [MeV], evenly spaced, and probability density [1/MeV] of the beta particles, one
        per decay. Linear interpolation between the tabulated points overstates integral (0.2 %)
        and mean (0.4 %); both are normalised here, the mean to that of the branches.
    electron_lines, photon_lines : ndarray, shape (n, 2)
        Conversion and Auger electrons; gamma and X rays.
    haenscheid_window_h : tuple of float or None
        Times after administration [h] between which a single scan suits Hänscheid's method, by
        the effective half-lives that radiopharmaceuticals of the nuclide have in organs and
        tumours; None where they are not known. 177Lu-DOTATATE: 40 to 100 h (Hänscheid et al.
        2018).
    """

    name: str
    half_life_h: float
    source: str
    beta_mean_MeV: float
    beta_spectrum: Lines
    electron_lines: Lines
    photon_lines: Lines
    haenscheid_window_h: tuple[float, float] | None = None

    @property
    def decay_constant_per_h(self) -> float:
        """Natural logarithm of 2 over the half-life [1/h]."""
        return log(2.0) / self.half_life_h

    @cached_property
    def electron_keV(self) -> float:
        """Energy emitted as electrons per decay [keV]: beta, conversion and Auger electrons."""
        return 1e3 * (self.beta_mean_MeV + float(self.electron_lines.prod(axis=1).sum()))

    @cached_property
    def photon_keV(self) -> float:
        """Energy emitted as photons per decay [keV]: gamma and X rays."""
        return 1e3 * float(self.photon_lines.prod(axis=1).sum())

    @property
    def greatest_electron_MeV(self) -> float:
        """Greatest energy of an emitted electron [MeV]."""
        lines = self.electron_lines[:, 0]
        return max(float(self.beta_spectrum[-1, 0]), float(lines.max(initial=0.0)))


@cache
def read_nuclide(name: str) -> Nuclide:
    """
    Read a nuclide from ``Resources/Nuclides``.

    Raises
    ------
    InvalidInput
        If there is no file of the nuclide, or it is not one that can be calculated with: the
        nuclide must emit one beta particle per decay, and nothing but beta particles, electrons
        and photons.
    """
    files = {path.stem: path for path in sorted(resource("Nuclides").glob("*.json"))}
    if name not in files:
        raise InvalidInput(f"nuclide is {name!r}; known nuclides: {', '.join(files)}.")
    data = _checked(files[name])
    branches = _table(data, "beta_minus_branches")
    beta_mean = float(branches.prod(axis=1).sum())
    tabulated = _table(data, "beta_spectrum")
    energy = np.linspace(0.0, tabulated[-1, 0], _SPECTRUM_POINTS)
    spectrum = np.stack([energy, np.interp(energy, *tabulated.T)], axis=1)
    spectrum[:, 1] /= np.trapezoid(spectrum[:, 1], spectrum[:, 0])
    stretch = beta_mean / float(np.trapezoid(spectrum[:, 0] * spectrum[:, 1], spectrum[:, 0]))
    spectrum *= (stretch, 1.0 / stretch)
    window = data.get("haenscheid_window_h")
    return Nuclide(
        name=data["name"],
        half_life_h=float(data["half_life_h"]),
        source=data["source"],
        beta_mean_MeV=beta_mean,
        beta_spectrum=spectrum,
        electron_lines=_table(data, "conversion_electrons", "auger_electrons"),
        photon_lines=_table(data, "gamma_rays", "x_rays"),
        haenscheid_window_h=None if window is None else (float(window[0]), float(window[1])),
    )


def _checked(path: Path) -> dict[str, Any]:
    """The content of a nuclide's file; refused unless it is complete and understood in full."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        fault = next(_faults(data, path.stem), None)
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        fault = " ".join(f"{type(error).__name__}: {error}".split())
    if fault is not None:
        raise InvalidInput(
            f"the nuclide file {path} cannot be used: {fault}; see Lu-177.json for the format."
        )
    return dict(data)


def _faults(data: Any, name: str) -> Iterator[str]:
    """What is wrong with the content of a nuclide's file; each rests on those before."""
    if not isinstance(data, dict):
        yield "it is not a JSON object"
    required = (*_TEXTS, "half_life_h", *_TABLES)
    if missing := [key for key in required if key not in data]:
        yield f"{missing[0]} is missing"
    # alpha particles or positrons left out in silence would be a dose too low
    if unknown := [key for key in data if key not in (*required, *_OPTIONAL)]:
        yield f"{unknown[0]} is not a key that is understood"
    if data["schema"] != SCHEMA:
        yield f"schema is {data['schema']!r}, expected {SCHEMA!r}"
    if data["name"] != name:
        yield f"it is named {name} but holds {data['name']!r}"
    if not float(data["half_life_h"]) > 0.0:
        yield f"half_life_h is {data['half_life_h']}, expected a number above 0"
    for key in _TABLES:
        values = _table(data, key)
        if not np.isfinite(values).all() or (values < 0.0).any():
            yield f"{key} has values that are negative or not finite"
    if not (np.diff(_table(data, "beta_spectrum")[:, 0]) > 0.0).all():
        yield "beta_spectrum is not in order of energy"
    betas = float(_table(data, "beta_minus_branches")[:, 1].sum())
    if abs(betas - 1.0) > _ONE_BETA:
        yield f"there are {betas:.3g} beta particles per decay, expected 1"
    window = data.get("haenscheid_window_h", [1.0, 1.0])
    if not 0.0 < float(window[0]) <= float(window[1]):
        yield f"haenscheid_window_h is {window}, expected two times [h] in order"


def _table(data: dict[str, Any], *keys: str) -> Lines:
    """The rows of tables of two columns, one table after the other, shape (n, 2)."""
    rows = [row for key in keys for row in data[key]]
    return np.asarray(rows, float).reshape(-1, 2)
