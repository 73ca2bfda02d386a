"""How far electrons get: continuous-slowing-down range in water."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["csda_range_g_cm2"]

# liquid water, ESTAR (NIST): keV, g/cm2
_ENERGY_MEV = np.array(
    [10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500,
     600, 800, 1000, 1500, 2000, 3000, 4000, 5000]
) * 1e-3  # fmt: skip
_RANGE_G_CM2 = np.array(
    [2.515e-4, 5.147e-4, 8.566e-4, 1.756e-3, 2.919e-3, 4.320e-3, 5.940e-3, 9.773e-3, 1.431e-2,
     2.817e-2, 4.488e-2, 8.421e-2, 1.288e-1, 1.766e-1,
     2.265e-1, 3.302e-1, 4.367e-1, 7.075e-1, 9.785e-1, 1.514, 2.037, 2.550]
)  # fmt: skip


def csda_range_g_cm2(energy_MeV: NDArray[np.floating]) -> NDArray[np.float64]:
    """
    Length of an electron's path until it stops [g/cm2], which no electron gets beyond.

    Parameters
    ----------
    energy_MeV : ndarray, any shape
        Kinetic energy; the table goes from 10 keV to 5 MeV, and its ends hold beyond.
    """
    return np.asarray(np.interp(energy_MeV, _ENERGY_MEV, _RANGE_G_CM2))
