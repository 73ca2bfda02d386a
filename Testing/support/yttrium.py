"""A second nuclide, 90Y, in a copy of the resources; it has no point kernels."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.special import loggamma

from LuDosimetryLib.base import resources
from LuDosimetryLib.kernels.point import read_point_kernels
from LuDosimetryLib.tissue.nuclide import read_nuclide

HALF_LIFE_H = 64.10
ELECTRON_KEV = 933.6
"""Mean energy of the beta particles of 90Y, which has next to no other radiation (ICRP 107)."""

_END_MEV, _DAUGHTER_Z = 2.2801, 40
_ELECTRON_MEV, _ALPHA = 0.510999, 1.0 / 137.036
_NEAR = 1e-4


def beta_spectrum() -> np.ndarray:
    """Spectrum of the unique first-forbidden decay of 90Y, rows of MeV and 1/MeV."""
    kinetic = np.linspace(0.0, _END_MEV, 101)
    energy = np.maximum(kinetic, _NEAR) + _ELECTRON_MEV
    momentum = np.sqrt(energy**2 - _ELECTRON_MEV**2)
    neutrino = _END_MEV - kinetic
    strength = _ALPHA * _DAUGHTER_Z
    gamma, eta = np.sqrt(1.0 - strength**2), strength * energy / momentum
    fermi = momentum ** (2.0 * (gamma - 1.0)) * np.exp(
        np.pi * eta + 2.0 * loggamma(gamma + 1j * eta).real
    )
    density = fermi * momentum * energy * neutrino**2 * (momentum**2 + neutrino**2)
    return np.stack([kinetic, density / np.trapezoid(density, kinetic)], axis=1)


def content() -> dict:
    """The file of 90Y."""
    return {
        "schema": "ludosimetry-nuclide/1",
        "name": "Y-90",
        "half_life_h": HALF_LIFE_H,
        "source": "half-life and mean energy of ICRP Publication 107, spectrum by Fermi's theory",
        "beta_minus_branches": [[1e-3 * ELECTRON_KEV, 1.0]],
        "beta_spectrum": beta_spectrum().tolist(),
        "conversion_electrons": [],
        "auger_electrons": [[0.0020, 1e-5]],
        "gamma_rays": [[2.186, 1.4e-8]],
        "x_rays": [[0.0158, 4e-5], [0.0177, 8e-6]],
    }


@pytest.fixture
def yttrium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Resources with 90Y beside 177Lu; the folder of the nuclides."""
    shipped = resources.resource("Nuclides").parent
    copy = tmp_path / "installation" / "Resources"
    copy.mkdir(parents=True)
    for folder in shipped.iterdir():
        if folder.is_dir() and folder.name not in ("Nuclides", "Kernels"):
            (copy / folder.name).symlink_to(folder)
    for name in ("Nuclides", "Kernels"):
        (copy / name).mkdir()
        for file in (shipped / name).iterdir():
            (copy / name / file.name).symlink_to(file)
    (copy / "Nuclides" / "Y-90.json").write_text(json.dumps(content()), encoding="utf-8")
    library = copy.parent / "LuDosimetryLib" / "base" / "resources.py"
    monkeypatch.setattr(resources, "__file__", str(library))
    read_nuclide.cache_clear()
    read_point_kernels.cache_clear()
    yield copy / "Nuclides"
    read_nuclide.cache_clear()
    read_point_kernels.cache_clear()
