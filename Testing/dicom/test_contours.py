import numpy as np
import pytest
from pydicom.dataset import Dataset

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.contours import contours_of
from LuDosimetryLib.dicom_files.header import Header
from LuDosimetryLib.image.grid import Grid

GRID = Grid.axial((9, 30, 40), (2.0, 1.0, 1.0))
FROM_CENTRE = np.hypot(*np.ogrid[-15:15, -20:20])


def structures(planes: dict[float, list[np.ndarray]], kind: str = "CLOSED_PLANAR") -> Header:
    """One structure of contours (i, j) by index k."""
    roi, structure, ds = Dataset(), Dataset(), Dataset()
    roi.ROINumber, roi.ROIName = 1, "liver"
    structure.ReferencedROINumber, structure.ContourSequence = 1, []
    for k, contours in planes.items():
        for corners in contours:
            index = np.column_stack([corners, np.full(len(corners), k)]).T
            contour = Dataset()
            contour.ContourGeometricType = kind
            contour.ContourData = [f"{x:.8g}" for x in GRID.positions(index).T.reshape(-1)]
            structure.ContourSequence.append(contour)
    ds.StructureSetROISequence, ds.ROIContourSequence = [roi], [structure]
    return Header("rt.dcm", ds)


def ring(radius: float, points: int = 200) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.column_stack([20 + radius * np.cos(angle), 15 + radius * np.sin(angle)])


def test_a_disc_has_its_area():
    mask = contours_of(structures({4: [ring(10.4)]}), GRID, Log())["liver"]
    assert not mask[[0, 1, 2, 3, 5, 6, 7, 8]].any()
    np.testing.assert_array_equal(mask[4], FROM_CENTRE < 10.35)


def test_an_inner_contour_is_a_hole():
    mask = contours_of(structures({4: [ring(10.4), ring(4.1)]}), GRID, Log())["liver"]
    assert not mask[4, 15, 20]
    np.testing.assert_array_equal(mask[4], (FROM_CENTRE < 10.35) & (FROM_CENTRE > 4.05))


def test_slices_between_contours_are_filled_and_gaps_stay():
    mask = contours_of(structures({0: [ring(5.2)], 2: [ring(7.2)], 4: [ring(5.2)]}), GRID, Log())
    areas = mask["liver"].sum(axis=(1, 2))
    assert (areas[:5] > 0).all()
    assert not areas[6:].any()
    two = contours_of(structures({k: [ring(5.2)] for k in (0, 1, 2, 7, 8)}), GRID, Log())["liver"]
    assert two.any(axis=(1, 2)).tolist() == [True] * 3 + [False] * 4 + [True] * 2


def test_points_and_tilted_contours():
    log = Log()
    assert contours_of(structures({4: [ring(5.0)]}, "POINT"), GRID, log) == {}
    assert "no closed contour" in log.remarks[0]
    header = structures({4: [ring(5.0)]})
    contour = header.dataset.ROIContourSequence[0].ContourSequence[0]
    data = list(contour.ContourData)
    contour.ContourData = [*data[:2], data[2] + 3.0, *data[3:]]
    with pytest.raises(InvalidInput, match=r"ContourData \(3006,0050\).*lies across the slices"):
        contours_of(header, GRID, Log())
    contour.ContourData = data[:-1]
    with pytest.raises(InvalidInput, match="expected triples"):
        contours_of(header, GRID, Log())


def test_open_contours_beside_closed_ones_are_said():
    header = structures({3: [ring(5.0)], 4: [ring(5.0)]})
    contour = header.dataset.ROIContourSequence[0].ContourSequence[0]
    contour.ContourGeometricType = "OPEN_PLANAR"
    log = Log()
    assert contours_of(header, GRID, log)["liver"][4].any()
    assert "points or open contours (1), which were left out" in log.remarks[0]
    contour.ContourGeometricType = "CLOSED"
    with pytest.raises(InvalidInput, match=r"ContourGeometricType \(3006,0042\).*is 'CLOSED'"):
        contours_of(header, GRID, Log())
