"""Tissue as a mixture of few, from which its photon coefficients follow."""

import numpy as np

from ..image.arrays import Array
from .compositions import read_composition

BASIS = ("soft", "adipose", "skeletal-Ca4.5", "skeletal-Ca22.5")
"""Compositions of which every tissue is a mixture; all bones of Schneider 2000 lie between two."""

_FAT_G_CM3 = 0.93
_LEAN_G_CM3 = 1.03
"""Densities of adipose and of soft tissue, between which CT shows mixtures of the two."""
_LUNG_BELOW_G_CM3 = 0.82


def basis_fractions(density_g_cm3: Array, calcium: Array) -> Array:
    """
    Mass fractions of the `BASIS` in tissue.

    Parameters
    ----------
    density_g_cm3, calcium : ndarray of float32, any shape
        Mass density, and mass fraction of calcium.

    Returns
    -------
    ndarray of float32, shape (len(BASIS), ...)
    """
    least, most = (read_composition(name).mass_fractions["Ca"] for name in BASIS[2:])
    bone = np.clip(calcium / least, 0.0, 1.0)
    dense = np.clip((calcium - least) / (most - least), 0.0, 1.0)
    fat = np.clip((_LEAN_G_CM3 - density_g_cm3) / (_LEAN_G_CM3 - _FAT_G_CM3), 0.0, 1.0)
    fat = np.where(density_g_cm3 < _LUNG_BELOW_G_CM3, 0.0, fat)
    return np.stack(
        [(1.0 - bone) * (1.0 - fat), (1.0 - bone) * fat, bone * (1.0 - dense), dense]
    ).astype(np.float32)
