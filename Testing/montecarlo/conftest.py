"""A patient of a few thousand voxels: lung, soft tissue, bone and air about a hot spot."""

import numpy as np
import pytest

from LuDosimetryLib.montecarlo.patient import Patient
from LuDosimetryLib.tissue.media import read_monte_carlo_media


@pytest.fixture
def patient():
    shape = (10, 12, 11)
    density = np.full(shape, 1.04, np.float32)
    density[:, :4] = 0.26
    density[:, 9:] = 1.4
    density[:, :, :2] = 0.0012
    decays = np.ones(shape, np.float32)
    decays[3:6, 3:7, 4:8] = 20.0
    decays[:, :, 0] = 0.0
    return Patient.of((0.5, 0.4, 0.45), density, read_monte_carlo_media(), decays)


@pytest.fixture
def regions(patient):
    rho, decays = patient.density_g_cm3, patient.decays
    return {
        "hot soft": (decays > 10) & (rho == np.float32(1.04)),
        "lung": rho == np.float32(0.26),
        "bone": rho == np.float32(1.4),
        "air": rho < 0.01,
    }
