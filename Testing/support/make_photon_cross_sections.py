"""
Table of photon cross sections of the elements, from xraylib.

``pip install xraylib``, and ``python Testing/support/make_photon_cross_sections.py`` writes
``Resources/Media/photon_cross_sections.csv``.
"""

from pathlib import Path

import numpy as np
import xraylib

from LuDosimetryLib.tissue.compositions import ELEMENTS

OUTPUT = Path(__file__).parents[2] / "Resources" / "Media" / "photon_cross_sections.csv"
ENERGIES_KEV = np.geomspace(10.0, 800.0, 56)
STEP, POWER = 0.9, 3.2
"""Beyond its spline, for light elements at high energies, photoelectric absorption falls by a power."""


def photoelectric(z: int, energy_keV: float) -> float:
    try:
        return float(xraylib.CS_Photo(z, energy_keV))
    except ValueError:
        return photoelectric(z, energy_keV * STEP) * STEP**POWER


def main() -> None:
    lines = [
        "# Mass coefficients of the elements for photoelectric absorption and incoherent scatter: "
        f"xraylib {xraylib.__version__} (BSD licence),",
        "# which tabulates Kissel (photoelectric) and EPDL97 (incoherent).",
        "element,energy_keV,photoelectric_cm2_g,incoherent_cm2_g",
    ]
    for symbol, (z, _) in ELEMENTS.items():
        for energy in map(float, ENERGIES_KEV):
            values = (photoelectric(z, energy), float(xraylib.CS_Compt(z, energy)))
            lines.append(f"{symbol},{energy:.5g}," + ",".join(f"{value:.5g}" for value in values))
    OUTPUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
