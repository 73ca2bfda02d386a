"""Volumes of contours as programs draw and store them: right, or a remark with the millilitres."""

import numpy as np
import pytest
from scipy import ndimage

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.contours import contours_of

from .test_contours import GRID, ring, structures
from .tiny_study import BALL_MM, circle, remedies

VOXEL_mL = GRID.voxel_volume_mL
RADIUS = 8.4
"""Of the ring that most tests draw: the 221 voxels that have their centre within it are its area."""
AREA = np.pi * RADIUS**2
RING = ring(RADIUS)


def moved(points, columns):
    """A contour some voxels to the right."""
    return points + np.array([columns, 0.0])


BESIDE = moved(RING, 9.0)


def two(points):
    """A contour that goes round twice."""
    return np.concatenate([points, points])


def planes(heights, points=RING):
    return {k: [points] for k in heights}


def union_area():
    """Area of two such circles, the centres 9 apart."""
    lens = 2 * RADIUS**2 * np.arccos(4.5 / RADIUS) - 4.5 * np.sqrt(4 * RADIUS**2 - 81)
    return 2 * AREA - lens


FLAT = np.array([(10.0, 10.0), (20.0, 10.0), (15.0, 10.0)])
PAIR = np.array([(10.0, 10.0), (14.0, 10.0)])
POINT = np.array([(10.0, 10.0)])
WHOLE = planes(range(2, 7))


def with_more(k, *more):
    return {**WHOLE, k: [RING, *more]}


@pytest.mark.parametrize(
    ("contours", "voxels", "said"),
    [
        # contours that enclose nothing
        ({**WHOLE, 7: [PAIR]}, 5 * AREA, "has contours without area (1)"),
        (with_more(4, PAIR, POINT, FLAT), 5 * AREA, "has contours without area (3)"),
        # stored more than once
        (with_more(4, RING), 5 * AREA, "has contours twice (1)"),
        ({k: [RING, RING[::-1]] for k in range(2, 7)}, 5 * AREA, "has contours twice (5)"),
        (with_more(4, np.roll(RING, 57, axis=0)), 5 * AREA, "has contours twice (1)"),
        (with_more(4, RING + 0.03), 5 * AREA, "has contours twice (1)"),
        (with_more(4, RING, RING), 5 * AREA, "has contours twice (2)"),
        ({**WHOLE, 4: [two(RING)]}, 5 * AREA, ""),
        # overlapping, nested, side by side
        (
            {k: [RING, BESIDE] for k in range(2, 7)},
            5 * union_area(),
            "has contours that overlap another in part (5)",
        ),
        (with_more(3, ring(3.0)), 5 * AREA - 9 * np.pi, ""),
        (with_more(3, ring(6.0), ring(3.0)), 5 * AREA - 27 * np.pi, ""),
        (
            {k: [RING, BESIDE, moved(ring(2.2), -4.5)] for k in [3]},
            union_area() - 2.2**2 * np.pi,
            "has contours that overlap another in part (1)",
        ),
        ({k: [RING, moved(ring(3.0), 13.0)] for k in [3]}, AREA + 9 * np.pi, ""),
        # planes: every second slice, every third, uneven, missing, doubled
        (planes([1, 3, 5, 7]), 8 * AREA, ""),
        (planes([0.5, 2.5, 4.5]), 6 * AREA, ""),
        (planes([1, 4, 7]), 9 * AREA, ""),
        (planes([1, 2, 4, 6]), 6 * AREA, ""),
        (
            planes([1, 2, 4, 5]),
            5 * AREA,
            "lacks planes over 4 mm; the 0.443 mL between them were filled",
        ),
        (
            planes([1, 2, 3, 7]),
            4 * AREA,
            "lacks planes over 8 mm; the 1.33 mL between them were left out",
        ),
        (
            {**planes([1, 2]), 7: [moved(ring(2.0), 12.0)], 8: [moved(ring(2.0), 12.0)]},
            2 * AREA + 8 * np.pi,
            "",
        ),
        (
            planes([2, 3, 4, 4.05, 5, 6]),
            5 * AREA,
            "has planes of contours twice but for rounding (1)",
        ),
        (
            planes([k + d for k in range(2, 7) for d in (0.0, 0.01)]),
            5 * AREA,
            "has planes of contours twice but for rounding (5)",
        ),
        (planes(np.arange(1.625, 6.4, 0.25)), 5 * AREA, ""),
        # beyond the CT, above, below, aside
        (planes(range(5, 13)), 4 * AREA, "reaches beyond the CT: 1.77 of 3.5"),
        (planes(range(-3, 3)), 3 * AREA, "reaches beyond the CT: 1.33 of 2.6"),
        (planes(range(2, 7), moved(RING, -20.0)), 5 * (AREA / 2 + RADIUS), "reaches beyond the CT"),
        (planes([-4, -3]), 0, "reaches beyond the CT: 0.886 of 0.88"),
        # smaller than voxels
        (planes([4], ring(0.45) + 0.5), 0, ""),
    ],
)
def test_volumes(contours, voxels, said):
    log = Log()
    mask = contours_of(structures(contours), GRID, log)["liver"]
    assert float(mask.sum()) == pytest.approx(voxels, rel=0.02, abs=8)
    assert said in " ".join(log.remarks)
    if not said:
        assert log.remarks == []


def test_volume_is_that_of_the_contours_on_any_grid():
    """Slices of a third of a plane's distance and as far apart, planes off the slices."""
    from LuDosimetryLib.image.grid import Grid

    for thickness in (0.7, 2.1):
        grid = Grid.axial((round(42 / thickness), 60, 80), (thickness, 0.5, 0.5))
        log = Log()
        header = structures(planes(np.arange(0.35, 7.0, 1.05)))  # by the coarser grid, 2.1 mm apart
        mask = contours_of(header, grid, log)["liver"]
        drawn = 7 * 2.1 * AREA * 1e-3
        assert float(mask.sum()) * grid.voxel_volume_mL == pytest.approx(drawn, rel=0.07)


def test_xor_is_xor():
    log = Log()
    header = structures({4: [RING, BESIDE]}, "CLOSEDPLANAR_XOR")
    mask = contours_of(header, GRID, log)["liver"]
    assert mask.sum() == pytest.approx(2 * (union_area() - AREA), rel=0.04)
    assert log.remarks == []


def outline(mask):
    """Corners (i, j) of the outline of a disc-like mask through the centres of its outermost voxels."""
    j, i = np.nonzero(mask & ~ndimage.binary_erosion(mask))
    order = np.argsort(np.arctan2(j - j.mean(), i - i.mean()))
    return np.column_stack([i, j])[order].astype(float)


def test_outlines_through_voxels_give_the_mask_back():
    """As rt-utils and with it TotalSegmentator trace masks: all voxels that they run through belong to it."""
    i, j = np.meshgrid(np.arange(40), np.arange(30))
    disc = (i - 20) ** 2 + (j - 15) ** 2 <= 81
    hole = (i - 20) ** 2 + (j - 15) ** 2 <= 9
    rim = (
        hole
        | np.roll(hole, 1, 0)
        | np.roll(hole, -1, 0)
        | np.roll(hole, 1, 1)
        | np.roll(hole, -1, 1)
    )
    log = Log()
    header = structures({k: [outline(disc), outline(rim)] for k in (3, 4, 5)})
    mask = contours_of(header, GRID, log)["liver"]
    assert "as where the outline of a mask was traced" in log.remarks[0]
    found = mask[4]
    assert np.array_equal(found, disc & ~hole)


def test_a_box_by_hand_is_no_outline():
    box = np.array([(10, 10), (20, 10), (20, 20), (10, 20)], float)
    log = Log()
    mask = contours_of(structures({4: [box]}), GRID, log)["liver"]
    assert mask.sum() == 100
    assert log.remarks == []


def test_structures_without_contours_and_their_set():
    header = structures({4: [RING]})
    del header.dataset.ROIContourSequence
    log = Log()
    assert contours_of(header, GRID, log) == {}
    assert (
        "An RTSTRUCT without structures (ROIContourSequence is missing or empty)" in log.remarks[0]
    )


@pytest.mark.parametrize("fault", ["kind", "triples", "count", "across"])
def test_one_structure_that_cannot_be_read_is_left_out_by_name(tiny, took, refused, fault):
    tiny.spect(4)
    tiny.tomogram(4)

    def spoil(ds):
        contour = ds.ROIContourSequence[0].ContourSequence[0]
        if fault == "kind":
            contour.ContourGeometricType = "CLOSED"
        elif fault == "triples":
            contour.ContourData = list(contour.ContourData)[:-1]
        elif fault == "count":
            contour.NumberOfContourPoints = 5
        else:
            data = list(contour.ContourData)
            contour.ContourData = [*data[:2], data[2] + 30.0, *data[3:]]

    ring = np.column_stack([circle(BALL_MM[:2], 24.0), np.full(60, -9.0)])
    tiny.structures({"sagittal": [ring], "kidney": [ring]}, change=spoil)
    message = refused(tiny)
    assert "rs.dcm" in message
    found = took(tiny, remedies(message)[0])
    assert list(found.case["segmentation"]["labels"]) == ["kidney"]


def test_a_remark_that_the_ct_cuts_an_organ(tiny, took):
    tiny.spect(4)
    tiny.tomogram(4)
    ring = circle(BALL_MM[:2], 24.0)
    tiny.structures(
        {"kidney": [np.column_stack([ring, np.full(60, z)]) for z in np.arange(45, 85, 6.0)]}
    )
    found = took(tiny)
    assert (
        "The structure 'kidney' reaches beyond the CT: 43.4 of 75.88 mL lie outside"
        in found.remarks
    )
    assert found.organ_mL() == pytest.approx(33.7, rel=0.03)


def test_the_frame_of_reference_of_a_structure_set(tiny, took, refused):
    """Told wrongly, as some writers make one up; the series that was contoured tells it then."""
    tiny.spect(4)
    tiny.tomogram(4)
    tiny.new_visit()
    tiny.spect(24)
    tiny.tomogram(24, "ct2")

    def made_up(ds):
        ds.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = "1.2.3.4"

    tiny.organ(change=made_up)
    assert took(tiny).case["reference_time_point"] == 1

    def unknown(ds):
        made_up(ds)
        ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence = []

    tiny.organ(change=unknown)
    message = refused(tiny)
    assert "is not that of any scan or its CT" in message
    first, second = remedies(message)
    assert took(tiny, first).case["reference_time_point"] == 0
    assert took(tiny, second).case["segmentation"] is None
