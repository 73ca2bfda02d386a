"""Where a voxel of an NM image lies: by hand, and as GDCM finds it."""

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.decay import Decay
from LuDosimetryLib.dicom.study_files import scan_of
from LuDosimetryLib.dicom_files.folder import read_header
from LuDosimetryLib.image.grid import Grid

GRID = Grid.axial((9, 8, 7), (4.4, 3.9, 3.1))
HOT = (6, 2, 5)
FIRST = np.array([-101.0, -87.5, 640.25])
TURNED = np.array([0.8, 0.6, 0.0, -0.36, 0.48, 0.8])
ORIENTATIONS = {
    "head first supine": (1, 0, 0, 0, 1, 0),
    "feet first supine": (-1, 0, 0, 0, 1, 0),
    "head first prone": (-1, 0, 0, 0, -1, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "oblique": tuple(TURNED),
}


@pytest.mark.parametrize("spacing", [4.4, -4.4])
@pytest.mark.parametrize("name", ORIENTATIONS)
def test_a_hot_voxel(study, name, spacing):
    orientation = np.array(ORIENTATIONS[name], float)
    row, column = orientation[:3], orientation[3:]

    def change(ds):
        detector = ds.DetectorInformationSequence[0]
        detector.ImagePositionPatient = [f"{x:.10g}" for x in FIRST]
        detector.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
        ds.SpacingBetweenSlices = spacing

    values = np.zeros(GRID.shape)
    values[HOT] = 1e6
    path = study.nm("nm.dcm", values, GRID, 4.0, decay="START", change=change)
    # DICOM PS3.3, C.7.6.2.1 and C.8.4.15; PixelSpacing is between rows, then between columns
    by_hand = (
        FIRST
        + HOT[0] * spacing * np.cross(row, column)
        + HOT[1] * 3.9 * column
        + HOT[2] * 3.1 * row
    )
    header = read_header(path)
    assert header is not None
    scan = scan_of([header], Log())
    volume = scan.read(Decay("START", 0.0, scan.start, 4.0), None, Log())
    at = np.array(np.unravel_index(int(volume.values.argmax()), volume.grid.shape), float)
    found = volume.grid.positions(at[::-1, None])[:, 0]
    np.testing.assert_allclose(found, by_hand, atol=1e-4)
    image = sitk.ReadImage(str(path))
    brightest = np.unravel_index(int(sitk.GetArrayFromImage(image).argmax()), image.GetSize()[::-1])
    there = image.TransformIndexToPhysicalPoint([int(n) for n in brightest[::-1]])
    np.testing.assert_allclose(there, by_hand, atol=1e-3)
