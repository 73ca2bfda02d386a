"""Organ doses of the ICRP 110 adult male against S values of OpenDose (six Monte Carlo codes)."""

import json
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.photon_transport.method import photon_transport_dose
from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.tissue.calcium import calcium_of
from LuDosimetryLib.tissue.density import density_of
from LuDosimetryLib.tissue.nuclide import read_nuclide

ADULT_MALE = Path(__file__).parents[4] / "shared" / "data" / "icrp110_am"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ADULT_MALE.is_dir(), reason="needs the ICRP phantom of shared/data"),
]

MGY_PER_MBQ_S = 1e3 / 3600.0
"""Of a dose [Gy] by a time-integrated activity of one MBq h."""
OTHER_MASS = ("Muscle, trunk", "spongiosa")
"""Organs that are not the same there: cut off with the trunk, or of a density revised since."""


@pytest.fixture(scope="module")
def phantom():
    ct = read_volume(ADULT_MALE / "ct.nii.gz", "CT")
    labels = read_volume(ADULT_MALE / "labels.nii.gz", "labels").values
    published = json.loads((ADULT_MALE / "opendose.json").read_text(encoding="utf-8"))
    vois = {name: labels == int(label) for label, name in published["labels"].items()}
    return ct, vois, published["sources"]


@pytest.mark.parametrize("source", ["liver", "spleen", "left kidney"])
def test_s_values(phantom, source):
    ct, vois, published = phantom
    density = density_of(ct.values)
    tia = vois[source].astype(np.float32)
    tia /= tia.sum() * ct.grid.voxel_volume_mL
    problem = DoseProblem(
        ct.grid,
        tia,
        density,
        density > 0.05,
        read_nuclide("Lu-177"),
        calcium_shown=calcium_of(ct.values),
    )
    dose = photon_transport_dose(problem, Log()).dose
    off = {}
    for name, s_value in published[source].items():
        if not any(word in name for word in OTHER_MASS):
            voi = vois[name]
            mean = np.average(dose[voi], weights=density[voi]) * MGY_PER_MBQ_S
            mass_g = density[voi].sum(dtype=float) * ct.grid.voxel_volume_mL
            off[name] = 100.0 * (mean * mass_g / (s_value["S"] * s_value["mass_g"]) - 1.0)
    assert abs(off.pop(source)) < 0.3
    lungs = [off.pop(name) for name in list(off) if "lung" in name]
    cortical = [off.pop(name) for name in list(off) if "cortical" in name]
    assert np.abs(lungs).max() < 4.0
    assert np.abs(cortical).max() < 8.0
    assert np.abs(list(off.values())).mean() < 1.5
    assert np.abs(list(off.values())).max() < 4.0
