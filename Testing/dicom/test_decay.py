"""Decay factors that slices tell, against the correction that the series names."""

import numpy as np
import pydicom
import pytest

from .conftest import remarks_of
from .study_writer import decayed


@pytest.mark.parametrize(
    ("decay", "lazy"), [("NONE", False), ("START", False), ("ADMIN", False), ("ADMIN", True)]
)
def test_decay_factors(study, imported, same_doses, decay, lazy):
    """Told as they are, or as 1 by a writer that always does."""

    def change(ds):
        hours = (
            pydicom.valuerep.DT(ds.AcquisitionDate + ds.AcquisitionTime) - study.injected
        ).total_seconds() / 3600.0
        factor = decayed(decay, hours, 600.0) / decayed("NONE", hours, 600.0)
        ds.DecayFactor = "1" if lazy else f"{factor:.8g}"

    study.pt_scans(decay=decay, change=change)
    study.anatomy()
    case = imported(study.folder)
    doubted = lazy and decay == "ADMIN"
    assert ("the correction was believed" in remarks_of(case)) == doubted
    same_doses(case)


@pytest.mark.parametrize(("told", "true"), [("START", "ADMIN"), ("NONE", "ADMIN")])
def test_a_decay_factor_that_tells_of_another_correction(
    study, imported, refused_import, same_doses, told, true
):
    hours = iter(np.repeat(study.hours, 24))

    def change(ds):
        factor = decayed(true, float(next(hours)), 600.0)
        ds.DecayCorrection, ds.DecayFactor = told, f"{factor:.8g}"

    study.pt_scans(decay=true, change=change)
    study.anatomy()
    message = refused_import(study.folder)
    assert (
        "DecayFactor (0054,1321) is 1.0" in message or "DecayFactor (0054,1321) is 1.1" in message
    )
    assert f"but DecayCorrection (0054,1102) {told} makes 1" in message
    same_doses(imported(study.folder, {"time_points": [{"decay_correction": true}] * 3}))
