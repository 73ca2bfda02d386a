"""Calcium of tissue: what tells bone from soft tissue of the same density."""

import numpy as np

from ..image.arrays import Array

# Schneider et al. 2000 (Phys Med Biol 45:459), as tabulated by GATE: CT number from which each of
# the skeletal tissues begins, and its calcium in mass per cent. Schneider goes on to 22.5 per cent
# above 1500 HU; but cortical bone as ICRP has it, 1.92 g/cm3 and so of 1525 HU, has 21.
_FROM_HU = (120, *range(200, 1301, 100))
_PERCENT = (4.5, 6.4, 8.3, 10.1, 11.7, 13.2, 14.6, 15.9, 17.0, 18.1, 19.2, 20.1, 21.0)
_SKELETAL_FROM_G_CM3 = 1.0875
"""Density of Schneider's lightest bone, at 120 HU."""
_HU_PER_G_CM3 = 1499.0 / (1.9642 - 1.0762)


def calcium_of(hu: Array) -> Array:
    """
    Mass fraction of calcium in tissue of CT numbers [HU], by the steps of Schneider 2000; any shape.

    There is none below 120 HU: soft tissue of 72 to 119 HU, as a liver with contrast medium, is as
    dense as spongy bone, but is none.
    """
    steps = np.array((0.0, *_PERCENT), np.float32) / np.float32(100.0)
    return steps[np.digitize(hu, _FROM_HU)]


def calcium_of_density(density_g_cm3: Array) -> Array:
    """
    Mass fraction of calcium where only the density [g/cm3] is known; any shape.

    All that is denser than 1.0875 g/cm3 counts as bone then.
    """
    hu = 120.0 + (density_g_cm3 - _SKELETAL_FROM_G_CM3) * _HU_PER_G_CM3
    return np.asarray(calcium_of(np.where(density_g_cm3 < _SKELETAL_FROM_G_CM3, -1000.0, hu)))
